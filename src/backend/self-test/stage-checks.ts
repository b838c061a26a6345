import type { Values } from '../../core/values.ts'
import type { LossName } from '../../loss/loss.ts'
import { activations, type ActivationName } from '../../model/activation.ts'
import type { Layer } from '../../model/layout.ts'
import * as reference from '../host/reference/stages.ts'

/**
 * Comparisons of single stages with the float64 reference, on the inputs that the stage itself had. The bounds follow from
 * the arithmetic: 4·K·2⁻²⁴·Σ|w·a| for a sum of K terms.
 */

/** The rounding of one float32 operation, 2⁻²⁴. */
export const EPSILON = 2 ** -24

/** One stage of one layer compared with float64. */
export interface StageCheck {
  /** The largest |got − want|, relative to the size of the terms that the value is summed from. */
  error: number
  /** What float32 arithmetic may cost there at most. */
  bound: number
  /** Whether every value is within its bound. */
  ok: boolean
}

/** The largest error of a sum of `terms` terms, relative to the sum of their magnitudes. */
export const boundOf = (terms: number) => 4 * (terms + 2) * EPSILON

/**
 * Compares a tensor with float64: got − want relative to `magnitude`, the sum of the absolute terms of each value.
 * NaN and differing lengths never pass.
 * @param slack what the bound is larger by, where a value was computed from others that are not exact either
 */
export function compare(got: ArrayLike<number>, want: Values, magnitude: Values, terms: number, slack = 0): StageCheck {
  const bound = boundOf(terms) + slack
  let error = got.length === want.length ? 0 : Infinity
  for (let i = 0; i < want.length; i++) {
    const distance = Math.abs(got[i]! - want[i]!)
    // Below the smallest normal float32 a device may flush to zero.
    const relative = distance <= 2e-38 ? 0 : distance / magnitude[i]!
    if (!(relative <= error)) error = relative
  }
  return { error, bound, ok: error <= bound }
}

/** How many roundings an activation may cost: WGSL allows exp an error of 3 + 2|z| units; softmax adds up a row. */
export function activationTerms({ activation, outputs }: Layer, z: ArrayLike<number>): number {
  let largest = 0
  for (let i = 0; i < z.length; i++) largest = Math.max(largest, Math.abs(z[i]!))
  return 12 + 2 * Math.min(largest, 80) + (activation === 'softmax' ? outputs : 0)
}

/** Multiplies exact values by the factors of dropout, and the bounds on them. */
function drop(want: Float64Array, magnitude: Float64Array, factors: Float64Array | undefined): void {
  if (!factors) return
  for (const [i, factor] of factors.entries()) {
    want[i] = want[i]! * factor
    magnitude[i] = magnitude[i]! * Math.max(1, factor)
  }
}

/** z = A Wᵀ + b. `inputs` rows × layer.inputs, `got` rows × layer.outputs. */
export function checkWeightedInputs(
  layer: Layer,
  parameters: Float64Array,
  inputs: Float64Array,
  rows: number,
  got: ArrayLike<number>,
): StageCheck {
  const [z, magnitude, scrap] = [0, 0, 0].map(() => new Float64Array(rows * layer.outputs)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ]
  const linear: Layer = { ...layer, activation: 'linear' }
  reference.forward(linear, parameters, inputs, rows, z, scrap)
  reference.forward(linear, parameters.map(Math.abs), inputs.map(Math.abs), rows, magnitude, scrap)
  return compare(got, z, magnitude, layer.inputs + 1)
}

/**
 * a = f(z) from the z that was computed.
 * @param slack as in {@link compare}
 * @param factors what dropout multiplies a by
 */
export function checkActivations(
  layer: Layer,
  rows: number,
  z: Float64Array,
  got: ArrayLike<number>,
  slack = 0,
  factors?: Float64Array,
): StageCheck {
  const a = new Float64Array(rows * layer.outputs)
  reference.activate(layer.activation, layer.outputs, rows, z, a)
  const scale = a.map((value, i) => Math.max(Math.abs(value), Math.min(1, Math.abs(z[i]!))))
  drop(a, scale, factors)
  // exp may be off by 3 + 2|z| units in WGSL, and softmax sums as many of them as there are outputs.
  return compare(got, a, scale, activationTerms(layer, z), slack)
}

/** δ of the output layer from the z and a that were computed; `weights`, one a row, where samples have them. */
export function checkOutputDelta(
  layer: Layer,
  loss: LossName,
  z: Float64Array,
  a: Float64Array,
  targets: Float64Array,
  rows: number,
  got: ArrayLike<number>,
  weights?: Float64Array,
): StageCheck {
  const want = new Float64Array(z.length)
  reference.outputDelta(layer, loss, z, a, targets, rows, want, weights)
  // |a| + |y| is what the error a − y is taken from.
  const weightOf = (i: number) => weights?.[Math.floor(i / layer.outputs)] ?? 1
  const magnitude = a.map((value, i) => weightOf(i) * (Math.abs(value) + Math.abs(targets[i]!)) + Math.abs(want[i]!))
  return compare(got, want, magnitude, activationTerms(layer, z))
}

/**
 * δ of a hidden layer from the next layer's δ, `above`, and from the z and a that were computed.
 * @param factors what dropout multiplied a by afterwards
 */
export function checkHiddenDelta(
  layer: Layer,
  next: Layer,
  parameters: Float64Array,
  above: Float64Array,
  rows: number,
  z: Float64Array,
  a: Float64Array,
  got: ArrayLike<number>,
  factors?: Float64Array,
): StageCheck {
  const [want, sums] = [new Float64Array(z.length), new Float64Array(z.length)]
  const { activation } = layer
  reference.hiddenDelta(next, parameters, above, rows, activation, z, a, want)
  reference.hiddenDelta(next, parameters.map(Math.abs), above.map(Math.abs), rows, 'linear', z, a, sums)
  // f′ may be off by a few units of its largest terms, which are about 1.
  const magnitude = sums.map((sum, i) => sum * Math.max(1, Math.abs(derivative(activation, z[i]!, a[i]!))))
  drop(want, magnitude, factors)
  return compare(got, want, magnitude, next.outputs + activationTerms(layer, z))
}

const derivative = (name: ActivationName, z: number, a: number) =>
  name === 'softmax' ? 1 : activations[name].derivative(z, a)

/** By how much the gradients of a layer may differ from float64, laid out as the parameters up to the layer's last. */
export function gradientError(layer: Layer, deltas: Float64Array, inputs: Float64Array, rows: number): Float64Array {
  const magnitude = new Float64Array(layer.biasOffset + layer.outputs)
  reference.gradient(layer, deltas.map(Math.abs), inputs.map(Math.abs), rows, magnitude)
  return magnitude.map((value) => boundOf(rows + 1) * value)
}

/** ∂C/∂W and ∂C/∂b of a layer from its δ and inputs; `got` is laid out as the parameters. */
export function checkGradient(
  layer: Layer,
  deltas: Float64Array,
  inputs: Float64Array,
  rows: number,
  got: Float32Array | Float64Array,
): { weightGradient: StageCheck; biasGradient: StageCheck } {
  const { weightOffset, biasOffset, outputs } = layer
  const end = biasOffset + outputs
  const [want, magnitude] = [new Float64Array(end), new Float64Array(end)]
  reference.gradient(layer, deltas, inputs, rows, want)
  reference.gradient(layer, deltas.map(Math.abs), inputs.map(Math.abs), rows, magnitude)
  const part = (from: number, to: number) =>
    compare(got.subarray(from, to), want.subarray(from, to), magnitude.subarray(from, to), rows + 1)
  return { weightGradient: part(weightOffset, biasOffset), biasGradient: part(biasOffset, end) }
}
