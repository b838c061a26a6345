import { gate, linear, Network } from '../../src/index.ts'

/** The formulas of the lesson, computed in float64. The page shows the results of these functions. */

export type Pair = readonly [number, number]
/** Rows of two: row i holds the weights into neuron i. */
export type Square = readonly [Pair, Pair]

export const sigmoid = (z: number) => 1 / (1 + Math.exp(-z))
const both = (f: (i: 0 | 1) => number): Pair => [f(0), f(1)]
const bothRows = (f: (i: 0 | 1, j: 0 | 1) => number): Square => [both((j) => f(0, j)), both((j) => f(1, j))]

/** A single neuron with two inputs, or the gradient of its parameters, which has the same shape. */
export interface SingleNeuron {
  readonly weights: Pair
  readonly bias: number
}

export interface Point {
  readonly x: Pair
  /** The class, 0 or 1. */
  readonly y: number
}

/** The initial parameters of the library's `Neuron`. */
export const initialNeuron: SingleNeuron = { weights: [0.1, 0.1], bias: 0.1 }

/** Points on two sides of a line, from the library's generator. */
export function pointsOf(samples: number, seed: number): Point[] {
  const { inputs, targets } = linear({ samples, seed })
  return Array.from({ length: samples }, (_, i) => ({
    x: both((j) => inputs.data[2 * i + j]!),
    y: targets.data[i]!,
  }))
}

/** z = w·x + b and a = σ(z). */
export function evaluateNeuron({ weights, bias }: SingleNeuron, x: Pair): { z: number; a: number } {
  const z = bias + weights[0] * x[0] + weights[1] * x[1]
  return { z, a: sigmoid(z) }
}

/** The gradient of one sample's cost (y − a)²: δ = ∂C/∂z = −2 (y − a) a (1 − a), and δ x for the weights. */
export function sampleGradient(neuron: SingleNeuron, { x, y }: Point): { delta: number; gradient: SingleNeuron } {
  const { a } = evaluateNeuron(neuron, x)
  const delta = -2 * (y - a) * a * (1 - a)
  return { delta, gradient: { weights: both((j) => delta * x[j]), bias: delta } }
}

/** The gradient of C = (1/n) Σ(y − a)²: the mean of the gradients of all samples. */
export function gradientOf(neuron: SingleNeuron, points: readonly Point[]): SingleNeuron {
  const sum = points.reduce<SingleNeuron>(
    (sum, point) => {
      const { gradient } = sampleGradient(neuron, point)
      return { weights: both((j) => sum.weights[j] + gradient.weights[j]), bias: sum.bias + gradient.bias }
    },
    { weights: [0, 0], bias: 0 },
  )
  return { weights: both((j) => sum.weights[j] / points.length), bias: sum.bias / points.length }
}

/** One step of full-batch gradient descent, w ← w − η ∂C/∂w, as in the library's `Neuron`. */
export function descend(neuron: SingleNeuron, points: readonly Point[], learningRate: number): SingleNeuron {
  const { weights, bias } = gradientOf(neuron, points)
  return {
    weights: both((j) => neuron.weights[j] - learningRate * weights[j]),
    bias: neuron.bias - learningRate * bias,
  }
}

/** C = (1/n) Σ(y − a)², and the fraction of the points on the correct side of the line. */
export function scoreOf(neuron: SingleNeuron, points: readonly Point[]): { cost: number; accuracy: number } {
  let [cost, correct] = [0, 0]
  for (const { x, y } of points) {
    const { a } = evaluateNeuron(neuron, x)
    cost += (y - a) ** 2
    if (a > 0.5 === (y === 1)) correct++
  }
  return { cost: cost / points.length, accuracy: correct / points.length }
}

/** A layer of two neurons, or the gradient of its parameters. */
export interface Layer {
  readonly weights: Square
  readonly biases: Pair
}

/** The hidden layer and the output layer of a 2-2-2 network. */
export type Layers = readonly [Layer, Layer]

export interface Sample {
  readonly x: Pair
  /** One-hot: the first output represents false, the second true. */
  readonly y: Pair
}

/** The truth table of XOR. */
export const xorSamples: readonly Sample[] = (() => {
  const { inputs, targets } = gate('xor')
  return Array.from({ length: inputs.rows }, (_, i) => ({
    x: both((j) => inputs.data[2 * i + j]!),
    y: both((j) => Number(targets.data[i] === j)),
  }))
})()

/** The initial parameters for a seed, rounded to tenths to make the first sums easy to check by hand. */
export function initialLayers(seed: number): Layers {
  const { weights, biases } = Network.create({
    sizes: [2, 2, 2],
    activation: 'sigmoid',
    init: 'standardNormal',
    seed,
  })
  const layer = (l: number): Layer => ({
    weights: bothRows((i, j) => Math.round(10 * weights[l]![2 * i + j]!) / 10),
    biases: both((i) => Math.round(10 * biases[l]![i]!) / 10),
  })
  return [layer(0), layer(1)]
}

/** Weighted inputs and activations of one layer. */
export interface LayerValues {
  readonly z: Pair
  readonly a: Pair
}

/** z = W x + b and a = σ(z). */
function forwardLayer({ weights, biases }: Layer, x: Pair): LayerValues {
  const z = both((i) => weights[i][0] * x[0] + weights[i][1] * x[1] + biases[i])
  return { z, a: both((i) => sigmoid(z[i])) }
}

export function forward([hidden, output]: Layers, x: Pair): readonly [LayerValues, LayerValues] {
  const first = forwardLayer(hidden, x)
  return [first, forwardLayer(output, first.a)]
}

/** C = ½ Σ(a − y)² of one sample. */
export const costOf = (a: Pair, y: Pair) => ((a[0] - y[0]) ** 2 + (a[1] - y[1]) ** 2) / 2

/** σ′(z), which is a (1 − a). */
export const slopeOf = ({ a }: LayerValues): Pair => both((i) => a[i] * (1 - a[i]))

/** Wᵀδ: the error of a layer, propagated back through its weights. */
export const propagateBack = ({ weights }: Layer, delta: Pair): Pair =>
  both((j) => weights[0][j] * delta[0] + weights[1][j] * delta[1])

/** The Hadamard product: entry by entry. */
const hadamard = (u: Pair, v: Pair): Pair => both((i) => u[i] * v[i])

/** δ = ∂C/∂z of the hidden and of the output layer. */
export function deltasOf(layers: Layers, [hidden, output]: readonly [LayerValues, LayerValues], y: Pair): Square {
  const error = both((i) => output.a[i] - y[i])
  const second = hadamard(error, slopeOf(output))
  return [hadamard(propagateBack(layers[1], second), slopeOf(hidden)), second]
}

/** ∂C/∂W = δ aᵀ and ∂C/∂b = δ, where a is the input of the layer. */
const layerGradient = (delta: Pair, given: Pair): Layer => ({
  weights: bothRows((i, j) => delta[i] * given[j]),
  biases: delta,
})

export const gradientsOf = (x: Pair, hidden: LayerValues, [first, second]: Square): Layers => [
  layerGradient(first, x),
  layerGradient(second, hidden.a),
]

/** W ← W − η ∂C/∂W, and the same for b. */
export function applyUpdate(layers: Layers, gradients: Layers, learningRate: number): Layers {
  const layer = (l: 0 | 1): Layer => ({
    weights: bothRows((i, j) => layers[l].weights[i][j] - learningRate * gradients[l].weights[i][j]),
    biases: both((i) => layers[l].biases[i] - learningRate * gradients[l].biases[i]),
  })
  return [layer(0), layer(1)]
}

/** All results of one training step on one sample, from the forward pass to the update. */
export interface TrainingStep {
  readonly sample: Sample
  readonly layers: Layers
  readonly outputs: readonly [LayerValues, LayerValues]
  readonly cost: number
  readonly deltas: Square
  readonly gradients: Layers
  readonly learningRate: number
  readonly after: Layers
  /** The cost of the same sample after the update. */
  readonly costAfter: number
}

export function computeStep(layers: Layers, sample: Sample, learningRate: number): TrainingStep {
  const outputs = forward(layers, sample.x)
  const deltas = deltasOf(layers, outputs, sample.y)
  const gradients = gradientsOf(sample.x, outputs[0], deltas)
  const after = applyUpdate(layers, gradients, learningRate)
  return {
    sample,
    layers,
    outputs,
    cost: costOf(outputs[1].a, sample.y),
    deltas,
    gradients,
    learningRate,
    after,
    costAfter: costOf(forward(after, sample.x)[1].a, sample.y),
  }
}

/** The cost summed over the truth table, which training minimizes. */
export const totalCost = (layers: Layers) =>
  xorSamples.reduce((sum, { x, y }) => sum + costOf(forward(layers, x)[1].a, y), 0)

/** Whether the larger output is that of the target class. */
export function isCorrect(layers: Layers, { x, y }: Sample): boolean {
  const { a } = forward(layers, x)[1]
  return a[1] > a[0] === y[1] > y[0]
}

/** The initial settings of the page. A 2-2-2 network does not learn XOR from every seed; it does from these values. */
export const defaults = {
  neuron: { samples: 40, seed: 7, learningRate: 4 },
  // The first sample is 01. With 00, the gradients of the hidden weights would be zero.
  layers: { seed: 37, learningRate: 2, first: 1 },
} as const
