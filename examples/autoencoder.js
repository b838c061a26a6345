// An autoencoder: a network that reproduces its inputs through a bottleneck of 16 neurons, a compressed representation.
// Run: npm run build && node examples/autoencoder.js
import { adam, Dataset, digits, fit, Network, regressionReport, Trainer } from 'webgpu-mlp'

const pictures = ({ samples, seed }) => {
  const { inputs } = digits({ samples, seed })
  return Dataset.from(inputs, inputs)
}
const [train, test] = [pictures({ samples: 1500, seed: 1 }), pictures({ samples: 300, seed: 2 })]

const activations = ['relu', 'linear', 'relu', 'sigmoid']
const network = Network.create({ sizes: [784, 64, 16, 64, 784], activations, seed: 1 })
const { backend, seconds } = await fit(network, train, {
  loss: 'meanSquaredError',
  optimizer: adam({ learningRate: 0.003 }),
  batchSize: 32,
  epochs: 15,
  seed: 1,
  onEpoch: ({ epoch, loss }) => {
    if (epoch % 5 === 0) console.log(`epoch ${epoch}  loss ${loss.toFixed(4)}`)
  },
})

const trainer = await Trainer.create(network, { loss: 'meanSquaredError' })
const reconstructions = await trainer.predict(test.inputs)
trainer.dispose()

/** Every second row of a picture, as text. */
const draw = (row) =>
  Array.from({ length: 14 }, (_, y) =>
    Array.from(row.subarray(56 * y, 56 * y + 28), (value) => ' .:*#'[Math.round(4 * value)]).join(''),
  )
const [before, after] = [draw(test.inputs.row(0)), draw(reconstructions.row(0))]
before.forEach((line, y) => console.log(`${line}  |${after[y]}`))

const { meanAbsoluteError } = regressionReport(reconstructions, test)
let squares = 0
reconstructions.data.forEach((value, i) => (squares += (value - test.inputs.data[i]) ** 2))
const mse = squares / reconstructions.data.length
console.log(`mean squared error ${mse.toFixed(4)}, absolute ${meanAbsoluteError.toFixed(4)} after 15 epochs`)
console.log(`${seconds.toFixed(1)} s on ${backend.description}`)
