import { circle, type Dataset, Network, split } from '../../../src/index.ts'
import { sigmoid } from '../lesson.ts'

/**
 * The 2-3-2 network of the page about the chain rule, computed in float64. Layers are numbered as in the formulas: layer 1
 * is the hidden layer, layer 2 the output layer; `layers[0]` is layer 1. Neurons are counted from 0.
 */

export interface Layer {
  /** Row i holds the weights into neuron i. */
  readonly weights: readonly (readonly number[])[]
  readonly biases: readonly number[]
}
export type Layers = readonly Layer[]

export interface Sample {
  readonly x: readonly number[]
  /** One-hot: 1 for the output of the sample's class, 0 for the others. */
  readonly y: readonly number[]
}

/** Weighted inputs and activations of one layer. */
export interface LayerValues {
  readonly z: readonly number[]
  readonly a: readonly number[]
}

/** What the page trains. The button that opens the other tab uses the same settings. */
export const chainSettings = {
  problem: 'circle',
  samples: 500,
  noise: 0,
  test: 0.2,
  seed: 1,
  hidden: [3],
  activations: ['sigmoid', 'sigmoid'],
  init: 'glorotUniform',
  loss: 'quadratic',
  optimizer: 'sgd',
  learningRate: 3,
  batch: 10,
} as const

export function initialLayers(): Layers {
  const { activations, init, seed, hidden } = chainSettings
  const { sizes, weights, biases } = Network.create({ sizes: [2, ...hidden, 2], activations, init, seed })
  return weights.map((values, l) => ({
    weights: Array.from({ length: sizes[l + 1]! }, (_, i) => [...values.subarray(i * sizes[l]!, (i + 1) * sizes[l]!)]),
    biases: [...biases[l]!],
  }))
}

const samplesOf = ({ inputs, targets, length }: Dataset): Sample[] =>
  Array.from({ length }, (_, i) => ({
    x: [...inputs.data.subarray(2 * i, 2 * i + 2)],
    y: [...targets.data.subarray(2 * i, 2 * i + 2)],
  }))

/** The training and the test points that the other tab uses with these settings. */
export function chainData(): { train: readonly Sample[]; test: readonly Sample[] } {
  const { samples, seed, noise, test: share } = chainSettings
  const { train, test } = split(circle({ samples, seed, noise }), { test: share, seed })
  return { train: samplesOf(train), test: samplesOf(test) }
}

/** z = W a + b and a = σ(z), layer by layer. */
export function forward(layers: Layers, x: readonly number[]): LayerValues[] {
  let given = x
  return layers.map(({ weights, biases }) => {
    const z = weights.map((row, i) => row.reduce((sum, weight, j) => sum + weight * given[j]!, biases[i]!))
    given = z.map(sigmoid)
    return { z, a: given }
  })
}

/** C = ½ Σ(a − y)² of one sample. */
export const costOf = (a: readonly number[], y: readonly number[]) =>
  a.reduce((sum, value, i) => sum + (value - y[i]!) ** 2, 0) / 2

/** σ′(z) = a (1 − a). */
export const slope = (a: number) => a * (1 - a)

/** δ = ∂C/∂z of each layer: of the output layer from the cost, of a layer before it from the δ of the next layer. */
export function deltasOf(layers: Layers, values: readonly LayerValues[], y: readonly number[]): number[][] {
  const deltas: number[][] = []
  for (let l = layers.length - 1; l >= 0; l--) {
    const next = layers[l + 1]
    deltas[l] = values[l]!.a.map((a, j) => {
      const error = next ? deltas[l + 1]!.reduce((sum, delta, i) => sum + next.weights[i]![j]! * delta, 0) : a - y[j]!
      return error * slope(a)
    })
  }
  return deltas
}

/** Every value of one sample: forward, cost, δ, and the gradient ∂C/∂w = δ a, ∂C/∂b = δ. */
export interface SamplePass {
  readonly sample: Sample
  readonly values: readonly LayerValues[]
  readonly cost: number
  readonly deltas: readonly (readonly number[])[]
  readonly gradient: Layers
}

export function computePass(layers: Layers, sample: Sample): SamplePass {
  const values = forward(layers, sample.x)
  const deltas = deltasOf(layers, values, sample.y)
  const gradient = deltas.map((delta, l) => {
    const given = l === 0 ? sample.x : values[l - 1]!.a
    return { weights: delta.map((d) => given.map((a) => d * a)), biases: delta }
  })
  return { sample, values, cost: costOf(values.at(-1)!.a, sample.y), deltas, gradient }
}

/** Combines the parameters of two networks of the same sizes. */
const combine = (one: Layers, other: Layers, f: (a: number, b: number) => number): Layers =>
  one.map(({ weights, biases }, l) => ({
    weights: weights.map((row, i) => row.map((value, j) => f(value, other[l]!.weights[i]![j]!))),
    biases: biases.map((value, i) => f(value, other[l]!.biases[i]!)),
  }))

/** The gradient of a minibatch: the mean of the gradients of its samples. */
export function meanGradient(layers: Layers, minibatch: readonly Sample[]): Layers {
  const gradients = minibatch.map((sample) => computePass(layers, sample).gradient)
  return gradients.reduce(
    (sum, gradient) => combine(sum, gradient, (a, b) => a + b / minibatch.length),
    combine(layers, layers, () => 0),
  )
}

/** One step of gradient descent on a minibatch: w ← w − η ∂C/∂w. */
export const descend = (layers: Layers, minibatch: readonly Sample[], learningRate: number): Layers =>
  combine(layers, meanGradient(layers, minibatch), (value, slope) => value - learningRate * slope)

/** The minibatches of an epoch, in the order of the samples. */
export const minibatchesOf = (samples: readonly Sample[], size: number = chainSettings.batch): Sample[][] =>
  Array.from({ length: Math.ceil(samples.length / size) }, (_, i) => samples.slice(i * size, (i + 1) * size))

/** The fraction of the samples whose largest output is that of their class, 0 to 1. */
export function scoreOf(layers: Layers, samples: readonly Sample[]): number {
  const correct = samples.filter(({ x, y }) => {
    const { a } = forward(layers, x).at(-1)!
    return a[0]! > a[1]! === y[0]! > y[1]!
  })
  return correct.length / samples.length
}
