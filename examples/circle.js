// Trains a network in a few lines, on a GPU if one is available. Run: npm run build && node examples/circle.js
import { circle, fit, Network, sgd, split } from 'webgpu-mlp'

const { train, test } = split(circle({ samples: 500, seed: 1 }), { test: 0.2, seed: 1, stratify: true })
const network = Network.create({ sizes: [2, 3, 2], seed: 1 })
const history = await fit(network, train, {
  validation: test,
  optimizer: sgd({ learningRate: 1 }),
  batchSize: 10,
  epochs: 1000,
  seed: 1,
  onEpoch: ({ epoch, loss, validation }) => {
    if (epoch % 100 === 0) console.log(`epoch ${epoch}  loss ${loss.toFixed(4)}  score ${validation.accuracy}`)
  },
})
console.log(
  `${history.steps} steps on ${history.backend.description}, ${Math.round(history.samplesPerSecond)} samples/s`,
)
console.log('weights into the first hidden neuron:', network.weights[0].subarray(0, 2))
