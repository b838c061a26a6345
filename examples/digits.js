// Digits of 28 × 28 pixels from the library's generator. Run: npm run build && node examples/digits.js
import { adam, classificationReport, digits, fit, Network, split, Trainer } from 'webgpu-mlp'

const { train, test } = split(digits({ samples: 3000, seed: 1 }), { test: 1 / 3, seed: 1, stratify: true })
const network = Network.create({ sizes: [784, 64, 10], hidden: 'relu', output: 'softmax', init: 'heUniform', seed: 1 })
const { backend, seconds } = await fit(network, train, {
  loss: 'crossEntropy',
  optimizer: adam({ learningRate: 0.003 }),
  batchSize: 32,
  epochs: 12,
  seed: 1,
  onEpoch: ({ epoch, loss, accuracy }) => {
    if (epoch % 4 === 0)
      console.log(`epoch ${epoch}  loss ${loss.toFixed(4)}  training accuracy ${accuracy.toFixed(3)}`)
  },
})

const trainer = await Trainer.create(network, { loss: 'crossEntropy' })
const { accuracy, topK, confusionMatrix } = classificationReport(await trainer.predict(test.inputs), test, { topK: 2 })
trainer.dispose()
const mistakes = confusionMatrix.flatMap((row, i) => row.map((times, j) => ({ i, j, times: i === j ? 0 : times })))
const { i, j, times } = mistakes.reduce((a, b) => (b.times > a.times ? b : a))
console.log(`most frequent error: ${i} classified as ${j}, ${times} times`)
console.log(`accuracy ${accuracy.toFixed(3)}, top 2 ${topK.accuracy.toFixed(3)} after 12 epochs`)
console.log(`${seconds.toFixed(1)} s on ${backend.description}`)
