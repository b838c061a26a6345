import type { ActivationName } from '../../model/activation.ts'
import type { Layer } from '../../model/layout.ts'
import { activate, timesDerivative } from './stages.ts'

/**
 * The stages with matrix products, in 4 × 4 register tiles over float32 arrays: what the float32 CPU backend runs. Same
 * arguments and results as stages.ts, which they are held against. Sums are gathered in float64: V8 turns a float32
 * product with Math.fround into half the speed, and the result is the better one.
 */

/** The 16 sums of a tile, row by row. */
const tile = new Float64Array(16)

/** Grows as needed, never shrinks: the panels of the layer with the largest ones. */
export class Scratch {
  #left = new Float32Array(0)
  #right = new Float32Array(0)

  left(length: number): Float32Array {
    if (this.#left.length < length) this.#left = new Float32Array(length)
    return this.#left
  }

  right(length: number): Float32Array {
    if (this.#right.length < length) this.#right = new Float32Array(length)
    return this.#right
  }

  get bytes(): number {
    return this.#left.byteLength + this.#right.byteLength
  }
}

/** tile[r, c] = Σ_k x[m + r, k] · w[i + c, k], of `rows` × `count` inputs and `outputs` × `count` weights. */
function multiplyRows(
  x: Float32Array,
  m: number,
  rows: number,
  w: Float32Array,
  weightOffset: number,
  i: number,
  outputs: number,
  count: number,
): void {
  // Rows past the last repeat it, and their sums are not stored.
  const lastRow = (rows - 1) * count
  const a0 = m * count
  const a1 = Math.min(a0 + count, lastRow)
  const a2 = Math.min(a0 + 2 * count, lastRow)
  const a3 = Math.min(a0 + 3 * count, lastRow)
  const lastColumn = weightOffset + (outputs - 1) * count
  const b0 = weightOffset + i * count
  const b1 = Math.min(b0 + count, lastColumn)
  const b2 = Math.min(b0 + 2 * count, lastColumn)
  const b3 = Math.min(b0 + 3 * count, lastColumn)
  // prettier-ignore
  let c00 = 0, c01 = 0, c02 = 0, c03 = 0, c10 = 0, c11 = 0, c12 = 0, c13 = 0,
      c20 = 0, c21 = 0, c22 = 0, c23 = 0, c30 = 0, c31 = 0, c32 = 0, c33 = 0
  // prettier-ignore
  for (let k = 0; k < count; k++) {
    const x0 = x[a0 + k]!, x1 = x[a1 + k]!, x2 = x[a2 + k]!, x3 = x[a3 + k]!
    const y0 = w[b0 + k]!, y1 = w[b1 + k]!, y2 = w[b2 + k]!, y3 = w[b3 + k]!
    c00 += x0 * y0; c01 += x0 * y1; c02 += x0 * y2; c03 += x0 * y3
    c10 += x1 * y0; c11 += x1 * y1; c12 += x1 * y2; c13 += x1 * y3
    c20 += x2 * y0; c21 += x2 * y1; c22 += x2 * y2; c23 += x2 * y3
    c30 += x3 * y0; c31 += x3 * y1; c32 += x3 * y2; c33 += x3 * y3
  }
  // prettier-ignore
  {
    tile[0] = c00; tile[1] = c01; tile[2] = c02; tile[3] = c03
    tile[4] = c10; tile[5] = c11; tile[6] = c12; tile[7] = c13
    tile[8] = c20; tile[9] = c21; tile[10] = c22; tile[11] = c23
    tile[12] = c30; tile[13] = c31; tile[14] = c32; tile[15] = c33
  }
}

/** tile[r, c] = Σ_k left[p + 4k + r] · right[q + 4k + c]: both packed into panels four wide. */
function multiplyPanels(left: Float32Array, p: number, right: Float32Array, q: number, count: number): void {
  // prettier-ignore
  let c00 = 0, c01 = 0, c02 = 0, c03 = 0, c10 = 0, c11 = 0, c12 = 0, c13 = 0,
      c20 = 0, c21 = 0, c22 = 0, c23 = 0, c30 = 0, c31 = 0, c32 = 0, c33 = 0
  // prettier-ignore
  for (const end = p + 4 * count; p < end; p += 4, q += 4) {
    const x0 = left[p]!, x1 = left[p + 1]!, x2 = left[p + 2]!, x3 = left[p + 3]!
    const y0 = right[q]!, y1 = right[q + 1]!, y2 = right[q + 2]!, y3 = right[q + 3]!
    c00 += x0 * y0; c01 += x0 * y1; c02 += x0 * y2; c03 += x0 * y3
    c10 += x1 * y0; c11 += x1 * y1; c12 += x1 * y2; c13 += x1 * y3
    c20 += x2 * y0; c21 += x2 * y1; c22 += x2 * y2; c23 += x2 * y3
    c30 += x3 * y0; c31 += x3 * y1; c32 += x3 * y2; c33 += x3 * y3
  }
  // prettier-ignore
  {
    tile[0] = c00; tile[1] = c01; tile[2] = c02; tile[3] = c03
    tile[4] = c10; tile[5] = c11; tile[6] = c12; tile[7] = c13
    tile[8] = c20; tile[9] = c21; tile[10] = c22; tile[11] = c23
    tile[12] = c30; tile[13] = c31; tile[14] = c32; tile[15] = c33
  }
}

/** Columns of a row-major matrix as panels four wide, one after another; columns past the last are 0. */
function packColumns(
  source: Float32Array,
  offset: number,
  rows: number,
  cols: number,
  firstColumn: number,
  lastColumn: number,
  panels: Float32Array,
): void {
  let place = 0
  for (let column = firstColumn; column < lastColumn; column += 4) {
    const width = Math.min(4, cols - column)
    for (let k = 0; k < rows; k++, place += 4) {
      const start = offset + k * cols + column
      for (let c = 0; c < 4; c++) panels[place + c] = c < width ? source[start + c]! : 0
    }
  }
}

/** Rows of a row-major matrix as panels four rows wide; rows past the last are 0. */
function packRows(source: Float32Array, rows: number, cols: number, panels: Float32Array): void {
  let place = 0
  for (let row = 0; row < rows; row += 4) {
    for (let k = 0; k < cols; k++) {
      for (let r = 0; r < 4; r++) panels[place++] = row + r < rows ? source[(row + r) * cols + k]! : 0
    }
  }
}

/** As {@link file://./stages.ts} forward. */
export function forward(
  layer: Layer,
  parameters: Float32Array,
  inputs: Float32Array,
  rows: number,
  z: Float32Array,
  a: Float32Array,
): void {
  const { inputs: count, outputs, weightOffset, biasOffset } = layer
  for (let i = 0; i < outputs; i += 4) {
    const width = Math.min(4, outputs - i)
    for (let m = 0; m < rows; m += 4) {
      multiplyRows(inputs, m, rows, parameters, weightOffset, i, outputs, count)
      const height = Math.min(4, rows - m)
      for (let r = 0; r < height; r++) {
        for (let c = 0; c < width; c++)
          z[(m + r) * outputs + i + c] = tile[4 * r + c]! + parameters[biasOffset + i + c]!
      }
    }
  }
  activate(layer.activation, outputs, rows, z, a)
}

/** As {@link file://./stages.ts} hiddenDelta. */
export function hiddenDelta(
  next: Layer,
  parameters: Float32Array,
  nextDeltas: Float32Array,
  rows: number,
  activation: ActivationName,
  z: Float32Array,
  a: Float32Array,
  deltas: Float32Array,
  scratch: Scratch,
): void {
  const { inputs: count, outputs, weightOffset } = next
  const left = scratch.left(Math.ceil(rows / 4) * 4 * outputs)
  const right = scratch.right(4 * outputs)
  packRows(nextDeltas, rows, outputs, left)
  for (let j = 0; j < count; j += 4) {
    packColumns(parameters, weightOffset, outputs, count, j, j + 1, right)
    const width = Math.min(4, count - j)
    for (let m = 0; m < rows; m += 4) {
      multiplyPanels(left, m * outputs, right, 0, outputs)
      const height = Math.min(4, rows - m)
      for (let r = 0; r < height; r++) {
        for (let c = 0; c < width; c++) deltas[(m + r) * count + j + c] = tile[4 * r + c]!
      }
    }
  }
  timesDerivative(activation, rows * count, z, a, deltas)
}

/** As {@link file://./stages.ts} gradient. */
export function gradient(
  layer: Layer,
  deltas: Float32Array,
  inputs: Float32Array,
  rows: number,
  gradients: Float32Array,
  scratch: Scratch,
): void {
  const { inputs: count, outputs, weightOffset, biasOffset } = layer
  const left = scratch.left(Math.ceil(outputs / 4) * 4 * rows)
  const right = scratch.right(4 * rows)
  packColumns(deltas, 0, rows, outputs, 0, outputs, left)
  for (let j = 0; j < count; j += 4) {
    packColumns(inputs, 0, rows, count, j, j + 1, right)
    const width = Math.min(4, count - j)
    for (let i = 0; i < outputs; i += 4) {
      multiplyPanels(left, i * rows, right, 0, rows)
      const height = Math.min(4, outputs - i)
      for (let r = 0; r < height; r++) {
        const start = weightOffset + (i + r) * count + j
        for (let c = 0; c < width; c++) gradients[start + c] = tile[4 * r + c]! / rows
      }
    }
  }
  for (let i = 0; i < outputs; i++) {
    let sum = 0
    for (let m = 0; m < rows; m++) sum += deltas[m * outputs + i]!
    gradients[biasOffset + i] = sum / rows
  }
}
