import type { ActivationName } from '../../../model/activation.ts'
import type { Layer } from '../../../model/layout.ts'
import { activate, timesDerivative } from '../reference/stages.ts'
import { type Descent, storeOrStep } from '../update.ts'

/**
 * The stages with matrix products for layers that are smaller than a register tile or two: plain loops, without
 * packing and without tails. Arguments and results are those of tiled.ts, to the bit: each sum is computed in float64 in the
 * same order and rounded once.
 */

/** For layers narrower than a tile and with at most this many weights, plain loops are faster (bench/NOTES.md). */
const TILE = 4
const MOST_WEIGHTS = 32

export const isSmall = ({ inputs, outputs }: Layer) =>
  Math.min(inputs, outputs) < TILE && inputs * outputs <= MOST_WEIGHTS

/** As {@link file://../reference/stages.ts} forward. */
export function forward(
  layer: Layer,
  parameters: Float32Array,
  inputs: Float32Array,
  rows: number,
  z: Float32Array,
  a: Float32Array,
): void {
  const { inputs: count, outputs, weightOffset, biasOffset } = layer
  for (let m = 0, place = 0; m < rows; m++) {
    const start = m * count
    for (let i = 0, w = weightOffset; i < outputs; i++, place++) {
      let sum = 0
      for (let j = 0; j < count; j++, w++) sum += inputs[start + j]! * parameters[w]!
      z[place] = sum + parameters[biasOffset + i]!
    }
  }
  activate(layer.activation, outputs, rows, z, a)
}

/** As {@link file://../reference/stages.ts} hiddenDelta. */
export function hiddenDelta(
  next: Layer,
  parameters: Float32Array,
  nextDeltas: Float32Array,
  rows: number,
  activation: ActivationName,
  z: Float32Array,
  a: Float32Array,
  deltas: Float32Array,
): void {
  const { inputs: count, outputs, weightOffset } = next
  for (let m = 0, place = 0; m < rows; m++) {
    const start = m * outputs
    for (let j = 0; j < count; j++, place++) {
      let sum = 0
      for (let i = 0, w = weightOffset + j; i < outputs; i++, w += count) sum += nextDeltas[start + i]! * parameters[w]!
      deltas[place] = sum
    }
  }
  timesDerivative(activation, rows * count, z, a, deltas)
}

/**
 * As {@link file://../reference/stages.ts} gradient.
 * @param target the gradients, written; with a `descent` the parameters, which take the step
 */
export function gradient(
  layer: Layer,
  deltas: Float32Array,
  inputs: Float32Array,
  rows: number,
  target: Float32Array,
  descent: Descent | undefined,
): void {
  const { inputs: count, outputs, weightOffset, biasOffset } = layer
  const deltasEnd = rows * outputs
  const share = 1 / rows
  for (let i = 0, w = weightOffset; i < outputs; i++) {
    for (let j = 0; j < count; j++, w++) {
      let sum = 0
      for (let d = i, x = j; d < deltasEnd; d += outputs, x += count) sum += deltas[d]! * inputs[x]!
      storeOrStep(target, w, sum * share, descent)
    }
    let sum = 0
    for (let d = i; d < deltasEnd; d += outputs) sum += deltas[d]!
    storeOrStep(target, biasOffset + i, sum * share, descent)
  }
}
