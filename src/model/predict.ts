import { InputError } from '../core/errors.ts'
import { Matrix } from '../core/matrix.ts'
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
export function forward({ layers, weights, biases }: Forward, inputs: Matrix): Matrix {
  const outputs = new Matrix(inputs.rows, layers.at(-1)!.outputs)
  const values = layers.map((layer) => new Float64Array(layer.outputs))
  for (let i = 0; i < inputs.rows; i++) {
    let below: ArrayLike<number> = inputs.data.subarray(i * inputs.cols, (i + 1) * inputs.cols)
    layers.forEach((layer, l) => {
      const sums = values[l]!
      multiply(weights[l]!, biases[l]!, below, sums)
      activate(layer, sums)
      below = sums
    })
    outputs.data.set(below, i * outputs.cols)
  }
  return outputs
}

/** sums = weights · below + biases; weights are out × in, row-major. */
function multiply(weights: Float32Array, biases: Float32Array, below: ArrayLike<number>, sums: Float64Array): void {
  const inputs = below.length
  const whole = inputs - (inputs % 4)
  for (let i = 0, at = 0; i < sums.length; i++) {
    // Four sums at once: one would wait for itself at every step.
    let [a, b, c, d] = [0, 0, 0, 0]
    let j = 0
    for (; j < whole; j += 4, at += 4) {
      a += weights[at]! * below[j]!
      b += weights[at + 1]! * below[j + 1]!
      c += weights[at + 2]! * below[j + 2]!
      d += weights[at + 3]! * below[j + 3]!
    }
    for (; j < inputs; j++, at++) a += weights[at]! * below[j]!
    sums[i] = a + b + (c + d) + biases[i]!
  }
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

/** The classes that outputs name. @param outputs rows × outputs */
export function classesOf(outputs: Matrix, classes: readonly string[] | undefined, output: Layer): ClassPrediction[] {
  const { rows, cols, data } = outputs
  const nameOf = (label: number) => classes?.[label] ?? String(label)
  return Array.from({ length: rows }, (_, i) => {
    if (cols === 1) {
      const boundary = outputBoundary(output.activation)
      const value = data[i]!
      // The range of tanh is −1 to 1.
      const share = boundary === 0 ? (value + 1) / 2 : value
      const label = Number(value > boundary)
      return { class: nameOf(label), probability: label === 1 ? share : 1 - share }
    }
    let best = 0
    for (let j = 1; j < cols; j++) if (data[i * cols + j]! > data[i * cols + best]!) best = j
    return { class: nameOf(best), probability: data[i * cols + best]! }
  })
}

/** @throws InputError for a network whose outputs are not one class per sample */
export function checkClassifies(task: string | undefined): void {
  if (task === 'regression') throw new InputError('classify: the network predicts regression targets; use predict')
  if (task === 'multilabel')
    throw new InputError('classify: the network predicts several labels per sample; use predict')
}
