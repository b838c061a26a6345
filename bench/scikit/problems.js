// The problems for the comparison with scikit-learn: data sets with a network, an optimizer and a number of epochs.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Dataset, Matrix, moons, scale, split, standardize } from '../../dist/node/index.js'
import { readDataset } from '../../dist/node/files.js'

/**
 * @typedef {object} Problem
 * @property {string} data a key of `sources`
 * @property {number[]} hidden sizes of the hidden layers
 * @property {'relu' | 'tanh' | 'sigmoid'} activation of the hidden layers
 * @property {'adam' | 'sgd' | 'momentum' | 'nesterov'} optimizer
 * @property {number} learningRate
 * @property {number} batchSize
 * @property {number} epochs
 * @property {number} seeds number of runs, each with a different split, initialization and order
 */

/** @type {Record<string, Problem>} */
export const problems = {
  'digits, adam': { data: 'digits', hidden: [64], activation: 'relu', optimizer: 'adam', learningRate: 0.001, batchSize: 32, epochs: 30, seeds: 10 }, // prettier-ignore
  'digits, momentum': { data: 'digits', hidden: [64], activation: 'relu', optimizer: 'momentum', learningRate: 0.02, batchSize: 32, epochs: 30, seeds: 10 }, // prettier-ignore
  'digits, nesterov': { data: 'digits', hidden: [32, 32], activation: 'tanh', optimizer: 'nesterov', learningRate: 0.02, batchSize: 32, epochs: 30, seeds: 10 }, // prettier-ignore
  'wine, momentum': { data: 'wine', hidden: [16], activation: 'tanh', optimizer: 'momentum', learningRate: 0.01, batchSize: 16, epochs: 40, seeds: 20 }, // prettier-ignore
  'breast cancer, nesterov': { data: 'breast cancer', hidden: [16], activation: 'relu', optimizer: 'nesterov', learningRate: 0.01, batchSize: 32, epochs: 30, seeds: 20 }, // prettier-ignore
  'moons, adam': { data: 'moons', hidden: [16], activation: 'tanh', optimizer: 'adam', learningRate: 0.01, batchSize: 32, epochs: 60, seeds: 10 }, // prettier-ignore
  'diabetes, nesterov': { data: 'diabetes', hidden: [16], activation: 'tanh', optimizer: 'nesterov', learningRate: 0.005, batchSize: 32, epochs: 30, seeds: 20 }, // prettier-ignore
  'Friedman 1, adam': { data: 'Friedman 1', hidden: [32], activation: 'tanh', optimizer: 'adam', learningRate: 0.01, batchSize: 32, epochs: 60, seeds: 5 }, // prettier-ignore
  'MNIST-9k, adam': { data: 'MNIST-9k', hidden: [64], activation: 'relu', optimizer: 'adam', learningRate: 0.001, batchSize: 64, epochs: 10, seeds: 3 }, // prettier-ignore
}

/** Further settings for the proof only. `alpha` is the penalty of scikit-learn. */
export const proofsOnly = {
  'digits, adam, sigmoid': { ...problems['digits, adam'], activation: 'sigmoid' },
  'digits, sgd, alpha 1': { ...problems['digits, adam'], optimizer: 'sgd', learningRate: 0.1, alpha: 1 },
  'wine, adam, alpha 1': { ...problems['wine, momentum'], optimizer: 'adam', alpha: 1 },
}

const mnist = fileURLToPath(new URL('../../../shared/data/mnist-9k', import.meta.url))

/** The reason why the data of a problem are missing, or undefined. */
export const missingData = ({ data }) =>
  data === 'MNIST-9k' && !existsSync(mnist) ? '../shared/data/mnist-9k does not exist' : undefined

/** The data sets, independent of the seed; `bundled` reads a data set of scikit-learn. */
const sources = {
  digits: (bundled) => bundled('digits', { classes: 10 }),
  wine: (bundled) => bundled('wine', { classes: 3 }),
  'breast cancer': (bundled) => bundled('breast cancer'),
  diabetes: (bundled) => bundled('diabetes'),
  'Friedman 1': friedman,
  // One output for two classes, as in scikit-learn.
  moons: () => {
    const both = moons({ samples: 1000, noise: 0.2, seed: 1 })
    return Dataset.from(both.inputs, both.labels())
  },
}

const regressions = ['diabetes', 'Friedman 1']
const oneOutput = ['breast cancer', 'moons']

/** Score, loss and output activation for a problem. */
export function kindOf({ data }) {
  if (regressions.includes(data)) return { score: 'R²', loss: 'quadratic', output: 'linear', goal: 0.01 }
  const [loss, output] = oneOutput.includes(data) ? ['binaryCrossEntropy', 'sigmoid'] : ['crossEntropy', 'softmax']
  return { score: 'accuracy', loss, output, goal: 0.01 }
}

/**
 * The scaled training and test data of a problem for one seed. The test data are a third of the samples, half of small
 * data sets, or the test part of MNIST.
 * @param {{ folder: string, shapes: Record<string, [number, number]> }} files of the data sets of scikit-learn
 * @returns {Promise<{ train: Dataset, test: Dataset }>}
 */
export async function makeParts({ data }, seed, { folder, shapes }) {
  if (data === 'MNIST-9k') {
    const { train, validation } = await readDataset(mnist)
    return { train, test: validation }
  }
  const whole = sources[data]((name, { classes } = {}) => {
    const [rows, columns] = shapes[name]
    const read = (part) => new Float32Array(Uint8Array.from(readFileSync(join(folder, `${name} ${part}`))).buffer)
    const y = read('y')
    const names = classes && { classes: Array.from({ length: classes }, (_, i) => String(i)) }
    return Dataset.from(new Matrix(rows, columns, read('x')), y, names)
  })
  const stratify = !regressions.includes(data)
  const parts = split(whole, { test: whole.length < 1000 ? 1 / 2 : 1 / 3, seed, stratify })
  const inputs = standardize(parts.train)
  if (stratify) return { train: scale(parts.train, inputs), test: scale(parts.test, inputs) }
  // Regression targets are standardized like the inputs, with the statistics of the training data.
  const targets = standardize(Dataset.from(parts.train.targets, parts.train.targets))
  const scaled = (part) => Dataset.from(inputs.apply(part.inputs), targets.apply(part.targets))
  return { train: scaled(parts.train), test: scaled(parts.test) }
}

/** Friedman's first problem, as in examples/regression.js: five of ten columns are relevant; noise of deviation 1. */
function friedman() {
  let state = 7
  const uniform = () => {
    for (const shift of [13, -17, 5]) state ^= shift > 0 ? state << shift : state >>> -shift
    return (state >>> 0) / 2 ** 32
  }
  const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform())
  const x = Array.from({ length: 2000 }, () => Array.from({ length: 10 }, uniform))
  const y = x.map(([a, b, c, d, e]) => 10 * Math.sin(Math.PI * a * b) + 20 * (c - 0.5) ** 2 + 10 * d + 5 * e + normal())
  return Dataset.from(x, y)
}
