// Classifies three kinds of flowers by four lengths: random samples with the means and deviations of Fisher's iris data.
// Run: npm run build && node examples/iris.js
import { adam, classificationReport, Dataset, fit, Network, scale, split, standardize, Trainer } from 'webgpu-mlp'

/** Mean and deviation of sepal length and width, petal length and width, in cm. */
const kinds = {
  setosa: [[5.01, 0.35], [3.43, 0.38], [1.46, 0.17], [0.25, 0.11]], // prettier-ignore
  versicolor: [[5.94, 0.52], [2.77, 0.31], [4.26, 0.47], [1.33, 0.2]], // prettier-ignore
  virginica: [[6.59, 0.64], [2.97, 0.32], [5.55, 0.55], [2.03, 0.27]], // prettier-ignore
}

/** Seeded random numbers from 0 to 1 (a 32-bit xorshift). */
let state = 7
const uniform = () => {
  for (const shift of [13, -17, 5]) state ^= shift > 0 ? state << shift : state >>> -shift
  return (state >>> 0) / 2 ** 32
}
const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform())

const names = Object.keys(kinds).flatMap((kind) => Array.from({ length: 100 }, () => kind))
const flowers = names.map((kind) => kinds[kind].map(([mean, deviation]) => mean + deviation * normal()))
const parts = split(Dataset.from(flowers, names), { test: 0.3, seed: 1, stratify: true })
const scaling = standardize(parts.train)
const [train, test] = [scale(parts.train, scaling), scale(parts.test, scaling)]

const network = Network.create({ sizes: [4, 8, 3], hidden: 'tanh', output: 'softmax', seed: 1 })
const { backend, seconds } = await fit(network, train, {
  loss: 'crossEntropy',
  optimizer: adam({ learningRate: 0.02 }),
  batchSize: 16,
  epochs: 30,
  seed: 1,
})

const trainer = await Trainer.create(network, { loss: 'crossEntropy' })
const { accuracy, macro, classes } = classificationReport(await trainer.predict(test.inputs), test)
trainer.dispose()
test.classes.forEach((name, i) => {
  const { precision, recall, f1, support } = classes[i]
  const [p, r, f] = [precision, recall, f1].map((value) => value.toFixed(3))
  console.log(`${name.padEnd(10)}  precision ${p}  recall ${r}  F1 ${f}  of ${support}`)
})
console.log(`accuracy ${accuracy.toFixed(3)}, macro F1 ${macro.f1.toFixed(3)} after 30 epochs`)
console.log(`${seconds.toFixed(1)} s on ${backend.description}`)
