import type { ActivationName } from '../../../model/activation.ts'
import type { Layer } from '../../../model/layout.ts'
import {
  addRows,
  clearLeft,
  descend,
  keepLeft,
  loadLeft,
  loadRight,
  multiply,
  pieceLength,
  resumeLeft,
  type Rows,
  rowsHeld,
  storeLeft,
} from './panels.ts'
import { activate, timesDerivative } from '../reference/stages.ts'
import { type Descent, storeOrStep } from '../update.ts'

/**
 * The stages with matrix products over float32 arrays, in tiles of 3 × 2 sums (panels.ts has the inner loops), for the
 * float32 CPU backend. Tests compare them with reference/stages.ts. Sums are computed in float64: in V8, float32 products
 * with Math.fround take twice the time, and their result is less accurate.
 */

/** Memory for sums that continue from one piece to the next. It grows as needed and never shrinks. */
export class Scratch {
  #sums = new Float64Array(0)

  sums(length: number): Float64Array {
    if (this.#sums.length < length) this.#sums = new Float64Array(length)
    return this.#sums
  }

  get bytes(): number {
    return this.#sums.byteLength
  }
}

const upTo = (count: number, tile: number) => tile * Math.ceil(count / tile)

/** As {@link file://../reference/stages.ts} forward, with the rows of the inputs that an order names. */
export function forward(
  layer: Layer,
  parameters: Float32Array,
  inputs: Rows,
  rows: number,
  z: Float32Array,
  a: Float32Array,
  scratch: Scratch,
): void {
  const { inputs: count, outputs, biasOffset } = layer
  const length = pieceLength(count)
  const held = Math.min(rows, rowsHeld(length))
  // Tiles at the edges are complete: their values beyond the last row and neuron are never read.
  const stride = upTo(outputs, 3)
  const sums = scratch.sums(upTo(held, 2) * stride)
  for (let first = 0; first < rows; first += held) {
    const height = Math.min(held, rows - first)
    sums.fill(0, 0, upTo(height, 2) * stride)
    for (let from = 0; from < count; from += length) {
      const piece = Math.min(length, count - from)
      loadRight(inputs, first, height, from, count, piece)
      multiplyPiece(layer, parameters, from, piece, height, sums, stride)
    }
    for (let m = 0; m < height; m++) {
      const place = (first + m) * outputs
      for (let i = 0; i < outputs; i++) z[place + i] = sums[m * stride + i]! + parameters[biasOffset + i]!
    }
  }
  activate(layer.activation, outputs, rows, z, a)
}

/** Adds the products of `piece` inputs from `from` on to the sums of the `height` rows in the right panels. */
function multiplyPiece(
  { inputs: count, outputs, weightOffset }: Layer,
  parameters: Float32Array,
  from: number,
  piece: number,
  height: number,
  sums: Float64Array,
  stride: number,
): void {
  const last = weightOffset + (outputs - 1) * count + from
  for (let i = 0; i < outputs; i += 3) {
    const w = weightOffset + i * count + from
    loadLeft(parameters, w, Math.min(w + count, last), Math.min(w + 2 * count, last), piece)
    for (let m = 0, at = 0; m < height; m += 2, at += piece) multiply(at, piece, sums, m * stride + i, stride)
  }
}

/** As {@link file://../reference/stages.ts} hiddenDelta, with all parameters as `Rows`. */
export function hiddenDelta(
  next: Layer,
  parameters: Rows,
  nextDeltas: Float32Array,
  rows: number,
  activation: ActivationName,
  z: Float32Array,
  a: Float32Array,
  deltas: Float32Array,
  scratch: Scratch,
): void {
  const { inputs: count, outputs, weightOffset } = next
  combine(parameters, weightOffset, outputs, count, nextDeltas, 1, outputs, rows, deltas, 0, 1, undefined, scratch)
  timesDerivative(activation, rows * count, z, a, deltas)
}

/**
 * As {@link file://../reference/stages.ts} gradient, with the rows of the inputs that an order names.
 * @param target the gradients, written; with a `descent` the parameters, which take the step (`storeOrStep` in update.ts)
 */
export function gradient(
  layer: Layer,
  deltas: Float32Array,
  inputs: Rows,
  rows: number,
  target: Float32Array,
  descent: Descent | undefined,
  scratch: Scratch,
): void {
  const { inputs: count, outputs, weightOffset, biasOffset } = layer
  const share = 1 / rows
  combine(inputs, 0, rows, count, deltas, outputs, 1, outputs, target, weightOffset, share, descent, scratch)
  for (let i = 0; i < outputs; i++) {
    let sum = 0
    for (let m = 0; m < rows; m++) sum += deltas[m * outputs + i]!
    storeOrStep(target, biasOffset + i, sum * share, descent)
  }
}

/**
 * T = share · F S: `results` rows of `target` from `targetOffset` on, each a sum of the `rows` rows of S times numbers.
 * @param source S, rows × count, from `offset` on
 * @param factors F: the factor of row m in result i is at m · rowStride + i · resultStride
 * @param descent where given, T is the gradient of a step of plain sgd on `target`
 */
// prettier-ignore
function combine(
  source: Rows, offset: number, rows: number, count: number,
  factors: Float32Array, rowStride: number, resultStride: number, results: number,
  target: Float32Array, targetOffset: number, share: number, descent: Descent | undefined, scratch: Scratch,
): void {
  const length = pieceLength(count)
  const held = Math.min(rows, rowsHeld(length))
  const sums = held < rows ? scratch.sums(results * length) : undefined
  for (let from = 0; from < count; from += length) {
    const piece = Math.min(length, count - from)
    for (let first = 0; first < rows; first += held) {
      const height = Math.min(held, rows - first)
      loadRight(source, first, height, offset + from, count, piece)
      for (let i = 0; i < results; i += 3) {
        // Tiles at the edge compute the last result again.
        const j = Math.min(i + 1, results - 1)
        const k = Math.min(i + 2, results - 1)
        if (first === 0) clearLeft(piece)
        else if (sums) resumeLeft(sums, i * length, j * length, k * length, piece)
        addHeld(factors, first * rowStride, rowStride, i * resultStride, j * resultStride, k * resultStride, height, piece)
        const start = targetOffset + from
        const a = start + i * count
        const b = start + j * count
        const c = start + k * count
        if (sums && first + held < rows) keepLeft(sums, i * length, j * length, k * length, piece)
        else if (descent) descend(target, a, b, c, piece, share, descent.stepSize, descent.weightDecay)
        else storeLeft(target, a, b, c, piece, share)
      }
    }
  }
}

/** Adds the `height` rows that the right panels hold to three sums: row m times its factors at place + i, j and k. */
// prettier-ignore
function addHeld(
  factors: Float32Array, place: number, rowStride: number, i: number, j: number, k: number, height: number, piece: number,
): void {
  for (let m = 0, at = 0; m < height; m += 2, at += piece) {
    const u = place + m * rowStride
    const [u0, u1, u2] = [factors[u + i]!, factors[u + j]!, factors[u + k]!]
    if (m + 1 === height) {
      addRows(at, piece, u0, u1, u2, 0, 0, 0)
      break
    }
    const v = u + rowStride
    addRows(at, piece, u0, u1, u2, factors[v + i]!, factors[v + j]!, factors[v + k]!)
  }
}
