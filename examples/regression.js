// Regression on ten columns, of which five are relevant: Friedman's first problem, a common benchmark, with
// y = 10 sin(π·x₀·x₁) + 20 (x₂ − ½)² + 10 x₃ + 5 x₄ + noise. Run: npm run build && node examples/regression.js
import { adam, Dataset, fit, Network, regressionReport, split, Trainer } from 'webgpu-mlp'

/** Seeded random numbers from 0 to 1 (a 32-bit xorshift). */
let state = 7
const uniform = () => {
  for (const shift of [13, -17, 5]) state ^= shift > 0 ? state << shift : state >>> -shift
  return (state >>> 0) / 2 ** 32
}
const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform())

const x = Array.from({ length: 2000 }, () => Array.from({ length: 10 }, uniform))
const y = x.map(([a, b, c, d, e]) => 10 * Math.sin(Math.PI * a * b) + 20 * (c - 0.5) ** 2 + 10 * d + 5 * e + normal())
const { train, test } = split(Dataset.from(x, y), { test: 0.25, seed: 1 })

const network = Network.create({ sizes: [10, 32, 1], hidden: 'tanh', output: 'linear', seed: 1 })
const { backend, seconds } = await fit(network, train, {
  loss: 'meanSquaredError',
  optimizer: adam({ learningRate: 0.01 }),
  batchSize: 32,
  epochs: 120,
  seed: 1,
  onEpoch: ({ epoch, loss }) => {
    if (epoch % 40 === 0) console.log(`epoch ${epoch}  loss ${loss.toFixed(3)}`)
  },
})

const trainer = await Trainer.create(network, { loss: 'meanSquaredError' })
const { r2, meanAbsoluteError } = regressionReport(await trainer.predict(test.inputs), test)
trainer.dispose()
// The noise has standard deviation 1, so the mean absolute error cannot be below √(2/π) ≈ 0.80.
console.log(`R² ${r2.toFixed(3)}, mean absolute error ${meanAbsoluteError.toFixed(2)} after 120 epochs`)
console.log(`${seconds.toFixed(1)} s on ${backend.description}`)
