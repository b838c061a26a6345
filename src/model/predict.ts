import { InputError } from '../core/errors.ts'
import { argmax, Matrix } from '../core/matrix.ts'
import type { Values } from '../core/values.ts'
import { activations, outputBoundary } from './activation.ts'
import type { Layer } from './layout.ts'
import type { Scaling } from './scaling.ts'

/** What a forward pass needs of a network. */
interface Forward {
  readonly layers: readonly Layer[]
  readonly weights: readonly Float32Array[]
  readonly biases: readonly Float32Array[]
}

/**
 * The outputs for rows of inputs: sums in float64, parameters and outputs in float32.
 * @param inputs rows × inputs, preprocessed
 * @returns rows × outputs
 */
export function forward(network: Forward, inputs: Matrix): Matrix {
  const outputs = new Matrix(inputs.rows, network.layers.at(-1)!.outputs)
  forwardInto(network, inputs, outputs.data)
  return outputs
}

/** The same with the outputs in the precision of `outputs`: rows × outputs, row-major. */
export function forwardInto({ layers, weights, biases }: Forward, inputs: Matrix, outputs: Values): void {
  const values = layers.map((layer) => new Float64Array(layer.outputs))
  // Converted to float64 once, not once per neuron.
  const row = new Float64Array(inputs.cols)
  for (let i = 0; i < inputs.rows; i++) {
    row.set(inputs.rows === 1 ? inputs.data : inputs.data.subarray(i * inputs.cols, (i + 1) * inputs.cols))
    let below = row
    layers.forEach((layer, l) => {
      const sums = values[l]!
      multiply(weights[l]!, biases[l]!, below, sums)
      activate(layer, sums)
      below = sums
    })
    outputs.set(below, i * below.length)
  }
}

/** sums = weights · below + biases; weights are out × in, row-major. */
function multiply(weights: Float32Array, biases: Float32Array, below: Float64Array, sums: Float64Array): void {
  const inputs = below.length
  // Two neurons at once take each input once; an odd one is computed as a pair with itself.
  for (let i = 0; i < sums.length; i += 2) {
    const k = Math.min(i + 1, sums.length - 1)
    multiplyPair(weights, i * inputs, k * inputs, below, pair)
    sums[i] = pair[0]! + biases[i]!
    sums[k] = pair[1]! + biases[k]!
  }
}

const pair = new Float64Array(2)

/** The products of two rows of weights, which start at `p` and `q`, with the inputs, in four sums each. */
function multiplyPair(weights: Float32Array, p: number, q: number, below: Float64Array, results: Float64Array): void {
  const inputs = below.length
  const whole = inputs - (inputs % 4)
  // Four sums at once: one would wait for itself at every step.
  let a = 0
  let b = 0
  let c = 0
  let d = 0
  let e = 0
  let f = 0
  let g = 0
  let h = 0
  let j = 0
  for (; j < whole; j += 4) {
    const x = below[j]!
    const y = below[j + 1]!
    const z = below[j + 2]!
    const u = below[j + 3]!
    a += weights[p + j]! * x
    b += weights[p + j + 1]! * y
    c += weights[p + j + 2]! * z
    d += weights[p + j + 3]! * u
    e += weights[q + j]! * x
    f += weights[q + j + 1]! * y
    g += weights[q + j + 2]! * z
    h += weights[q + j + 3]! * u
  }
  for (; j < inputs; j++) {
    a += weights[p + j]! * below[j]!
    e += weights[q + j]! * below[j]!
  }
  results[0] = a + b + (c + d)
  results[1] = e + f + (g + h)
}

function activate({ activation }: Layer, sums: Float64Array): void {
  if (activation !== 'softmax') {
    const { value } = activations[activation]
    for (let i = 0; i < sums.length; i++) sums[i] = value(sums[i]!)
    return
  }
  let largest = -Infinity
  for (const z of sums) if (z > largest) largest = z
  let total = 0
  for (let i = 0; i < sums.length; i++) total += sums[i] = Math.exp(sums[i]! - largest)
  for (let i = 0; i < sums.length; i++) sums[i]! /= total
}

/** Outputs in the units of the regression targets, where those were scaled; else the same matrix. */
export function inTargetUnits(outputs: Matrix, targetScaling: Scaling | undefined): Matrix {
  if (!targetScaling) return outputs
  const { offset, scale } = targetScaling
  const { rows, cols, data } = outputs
  const values = new Matrix(rows, cols)
  for (let i = 0; i < data.length; i++) values.data[i] = data[i]! * scale[i % cols]! + offset[i % cols]!
  return values
}

/** One answer of {@link Network.classify}. */
export interface ClassPrediction {
  /** The name of the class; its number where the classes have no names. */
  class: string
  /** The output for that class: its probability for softmax, and for one sigmoid output p or 1 − p. */
  probability: number
}

/** The index of the class that each row of outputs names. @param outputs rows × outputs */
export function labelsOf({ rows, cols, data }: Matrix, output: Layer): Uint32Array {
  const boundary = outputBoundary(output.activation)
  return Uint32Array.from({ length: rows }, (_, i) =>
    cols === 1 ? Number(data[i]! > boundary) : argmax(data, i * cols, cols),
  )
}

/** The classes that outputs name. @param outputs rows × outputs */
export function classesOf(outputs: Matrix, classes: readonly string[] | undefined, output: Layer): ClassPrediction[] {
  const { cols, data } = outputs
  return Array.from(labelsOf(outputs, output), (label, i) => {
    const value = data[cols === 1 ? i : i * cols + label]!
    const probability = cols > 1 || label === 1 ? shareOf(value, output) : 1 - shareOf(value, output)
    return { class: classes?.[label] ?? String(label), probability }
  })
}

/** The output as a share from 0 to 1 where there is only one: the range of tanh is −1 to 1. */
function shareOf(value: number, { outputs, activation }: Layer): number {
  return outputs === 1 && outputBoundary(activation) === 0 ? (value + 1) / 2 : value
}

/** @throws InputError for a network whose outputs are not one class per sample */
export function checkClassifies(task: string | undefined): void {
  if (task === 'regression') throw new InputError('classify: the network predicts regression targets; use predict')
  if (task === 'multilabel')
    throw new InputError('classify: the network predicts several labels per sample; use predict')
}
