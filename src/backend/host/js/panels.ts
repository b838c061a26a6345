/**
 * The inner loops of the matrix products of the float32 CPU path: 3 × 2 sums at a time over panels of float64. They are
 * fast in V8 for these reasons (measurements in bench/NOTES.md):
 *
 * - The panels are constants, so the machine code contains their addresses and lengths, and an index that is masked to a
 *   panel's length needs no bounds check. They are constants of a function, because bundlers turn those of a module into
 *   variables.
 * - Each row of a tile has its own panel, so one index serves all rows of a tile.
 * - Six sums and six products fit into a processor's 16 registers. V8 computes all products before it adds the first; with
 *   more of them, every addition would wait for memory.
 * - Values are converted to float64 once, when they are copied into a panel.
 *
 * Every sum is added up in the order of its terms, from 0, so the results do not depend on any of this. Panels are filled
 * and used within one call of a stage.
 */

/** Rows of equal length: consecutive, or those that an order names. */
export interface Rows {
  values: Float32Array
  /** The row at each place of the order; undefined for consecutive rows. */
  order: Uint32Array | undefined
  /** The first place. */
  first: number
}

/** Values that a right panel holds; a power of 2. */
const CAPACITY = 1 << 15
const MASK = CAPACITY - 1
/** Values that a left panel holds. */
const LENGTH = 1 << 10

/** The length of the pieces, about equal, into which `count` values are divided so that a left panel can hold each. */
export const pieceLength = (count: number) => Math.ceil(count / Math.ceil(count / LENGTH))
/** How many rows of `length` values the right panels can hold: an even number. */
export const rowsHeld = (length: number) => 2 * Math.floor(CAPACITY / length)

function makePanels() {
  // Right: many pairs of rows, one after another. Left: three rows.
  const right0 = new Float64Array(CAPACITY)
  const right1 = new Float64Array(CAPACITY)
  const left0 = new Float64Array(LENGTH)
  const left1 = new Float64Array(LENGTH)
  const left2 = new Float64Array(LENGTH)

  /**
   * Copies a piece of each of `height` rows into the right panels, rows 2t and 2t + 1 to t · length; an odd last row is
   * paired with zeros.
   * @param skipped rows before the first
   * @param offset of the piece in the first row
   * @param count values from row to row
   */
  function loadRight(rows: Rows, skipped: number, height: number, offset: number, count: number, length: number): void {
    const { values, order } = rows
    const first = rows.first + skipped
    for (let m = 0, at = 0; m < height; m += 2, at += length) {
      const upper = offset + (order ? order[first + m]! : first + m) * count
      for (let k = 0; k < length; k++) right0[(at + k) & MASK] = values[upper + k]!
      if (m + 1 === height) {
        right1.fill(0, at, at + length)
        break
      }
      const lower = offset + (order ? order[first + m + 1]! : first + m + 1) * count
      for (let k = 0; k < length; k++) right1[(at + k) & MASK] = values[lower + k]!
    }
  }

  /** Copies three rows of `length` values, which begin at a, b and c, into the left panels. */
  function loadLeft(values: Float32Array, a: number, b: number, c: number, length: number): void {
    const end = Math.min(length, LENGTH)
    for (let k = 0; k < end; k++) {
      left0[k] = values[a + k]!
      left1[k] = values[b + k]!
      left2[k] = values[c + k]!
    }
  }

  /** Sets the first `length` values of the left panels to 0. */
  function clearLeft(length: number): void {
    left0.fill(0, 0, length)
    left1.fill(0, 0, length)
    left2.fill(0, 0, length)
  }

  /**
   * sums[place + r · stride + c] += Σ_k right_r[at + k] · left_c[k], of two rows r on the right and three rows c on the
   * left. Two terms are written out per iteration, which makes the function too long for V8 to inline (460 bytes
   * of its code): there the panels would no longer be constants, which is a third slower in some runs.
   */
  function multiply(at: number, length: number, sums: Float64Array, place: number, stride: number): void {
    const end = Math.min(length, LENGTH)
    const next = place + stride
    // prettier-ignore
    let c00 = sums[place]!, c01 = sums[place + 1]!, c02 = sums[place + 2]!,
        c10 = sums[next]!, c11 = sums[next + 1]!, c12 = sums[next + 2]!
    // prettier-ignore
    let k = 0
    // prettier-ignore
    for (; k < end - 1; k += 2) {
      const p = (at + k) & MASK, q = (at + k + 1) & MASK
      const x0 = right0[p]!, x1 = right1[p]!
      const y0 = left0[k]!, y1 = left1[k]!, y2 = left2[k]!
      c00 += x0 * y0; c01 += x0 * y1; c02 += x0 * y2
      c10 += x1 * y0; c11 += x1 * y1; c12 += x1 * y2
      const v0 = right0[q]!, v1 = right1[q]!
      const w0 = left0[k + 1]!, w1 = left1[k + 1]!, w2 = left2[k + 1]!
      c00 += v0 * w0; c01 += v0 * w1; c02 += v0 * w2
      c10 += v1 * w0; c11 += v1 * w1; c12 += v1 * w2
    }
    // prettier-ignore
    if (k < end) {
      const p = (at + k) & MASK
      const x0 = right0[p]!, x1 = right1[p]!
      const y0 = left0[k]!, y1 = left1[k]!, y2 = left2[k]!
      c00 += x0 * y0; c01 += x0 * y1; c02 += x0 * y2
      c10 += x1 * y0; c11 += x1 * y1; c12 += x1 * y2
    }
    // prettier-ignore
    {
      sums[place] = c00; sums[place + 1] = c01; sums[place + 2] = c02
      sums[next] = c10; sums[next + 1] = c11; sums[next + 2] = c12
    }
  }

  /** left_c[k] += u_c · right0[at + k] + v_c · right1[at + k], for three rows c on the left. */
  // prettier-ignore
  function addRows(
    at: number, length: number, u0: number, u1: number, u2: number, v0: number, v1: number, v2: number,
  ): void {
    const end = Math.min(length, LENGTH)
    for (let k = 0; k < end; k++) {
      const p = (at + k) & MASK
      const x = right0[p]!, y = right1[p]!
      left0[k] = left0[k]! + u0 * x + v0 * y
      left1[k] = left1[k]! + u1 * x + v1 * y
      left2[k] = left2[k]! + u2 * x + v2 * y
    }
  }

  /** Writes the left panels, each value times `factor`, to where a, b and c begin. Two of these may be the same. */
  function storeLeft(target: Float32Array, a: number, b: number, c: number, length: number, factor: number): void {
    const end = Math.min(length, LENGTH)
    for (let k = 0; k < end; k++) {
      target[a + k] = factor * left0[k]!
      target[b + k] = factor * left1[k]!
      target[c + k] = factor * left2[k]!
    }
  }

  /** Stores the left panels; {@link resumeLeft} loads them again. */
  function keepLeft(sums: Float64Array, a: number, b: number, c: number, length: number): void {
    const end = Math.min(length, LENGTH)
    for (let k = 0; k < end; k++) {
      sums[a + k] = left0[k]!
      sums[b + k] = left1[k]!
      sums[c + k] = left2[k]!
    }
  }

  /** As {@link loadLeft}, for values that were kept. A separate function, because V8 is slow where array types change. */
  function resumeLeft(sums: Float64Array, a: number, b: number, c: number, length: number): void {
    const end = Math.min(length, LENGTH)
    for (let k = 0; k < end; k++) {
      left0[k] = sums[a + k]!
      left1[k] = sums[b + k]!
      left2[k] = sums[c + k]!
    }
  }

  /**
   * A step of plain sgd for the parameters from a, b and c on, with the left panels times `share` as the gradient. The
   * result has the same bits as storing the gradient and then calling update.ts.
   */
  // prettier-ignore
  function descend(
    parameters: Float32Array, a: number, b: number, c: number, length: number, share: number, stepSize: number,
    weightDecay: number,
  ): void {
    const end = Math.min(length, LENGTH)
    for (let k = 0; k < end; k++) {
      // All are read before one is written: two of the places may be the same.
      const p0 = parameters[a + k]!, p1 = parameters[b + k]!, p2 = parameters[c + k]!
      parameters[a + k] = p0 - stepSize * (Math.fround(share * left0[k]!) + weightDecay * p0)
      parameters[b + k] = p1 - stepSize * (Math.fround(share * left1[k]!) + weightDecay * p1)
      parameters[c + k] = p2 - stepSize * (Math.fround(share * left2[k]!) + weightDecay * p2)
    }
  }

  return { loadRight, loadLeft, clearLeft, keepLeft, resumeLeft, multiply, addRows, storeLeft, descend }
}

export const { loadRight, loadLeft, clearLeft, keepLeft, resumeLeft, multiply, addRows, storeLeft, descend } =
  makePanels()
