// A network that says what it is told, through a neck of 16 neurons: what passes is what matters about a digit.
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
const answers = await trainer.predict(test.inputs)
trainer.dispose()

/** A picture in characters, every second row. */
const draw = (row) =>
  Array.from({ length: 14 }, (_, y) =>
    Array.from(row.subarray(56 * y, 56 * y + 28), (value) => ' .:*#'[Math.round(4 * value)]).join(''),
  )
const [before, after] = [draw(test.inputs.row(0)), draw(answers.row(0))]
before.forEach((line, y) => console.log(`${line}  |${after[y]}`))

const { meanAbsoluteError } = regressionReport(answers, test)
let squares = 0
answers.data.forEach((value, i) => (squares += (value - test.inputs.data[i]) ** 2))
const mse = squares / answers.data.length
console.log(`mean squared error ${mse.toFixed(4)}, absolute ${meanAbsoluteError.toFixed(4)} after 15 epochs`)
console.log(`${seconds.toFixed(1)} s on ${backend.description}`)
