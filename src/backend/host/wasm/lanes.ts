import { type V128 } from './assembler/expression.ts'
import { f32x4, floats, v128 } from './assembler/vectors.ts'
import type { Body, Local } from './assembler/function.ts'

/** From four rows in memory to one vector a column, and from four vectors to the sums of their lanes. */

type Four<T> = readonly T[]

/** Interleaves the lower or the upper lanes of two vectors. */
const interleave = (a: V128, b: V128, isUpper: boolean) => v128.shuffle(a, b, isUpper ? [2, 6, 3, 7] : [0, 4, 1, 5])

/**
 * Loads `count` columns of four rows: each vector holds one column.
 * @param rows the addresses of the rows
 */
export function loadColumns(body: Body, rows: Four<Local<'i32'>>, count: number): Local<'v128'>[] {
  const columns: Local<'v128'>[] = []
  for (let first = 0; first < count;) {
    const left = count - first
    const part =
      left >= 3 ? fourColumns(body, rows, 4 * first, Math.min(4, left)) : pairOfColumns(body, rows, 4 * first, left)
    columns.push(...part)
    first += part.length
  }
  return columns
}

/** Three or four columns: whole vectors are loaded and transposed. */
function fourColumns(body: Body, rows: Four<Local<'i32'>>, offset: number, count: number): Local<'v128'>[] {
  const [a, b, c, d] = rows.map((row) => body.keep(v128.load(row, offset)))
  const [ab, abUpper] = [false, true].map((isUpper) => body.keep(interleave(a!, b!, isUpper)))
  const [cd, cdUpper] = [false, true].map((isUpper) => body.keep(interleave(c!, d!, isUpper)))
  const columns = [
    v128.shuffle(ab!, cd!, [0, 1, 4, 5]),
    v128.shuffle(ab!, cd!, [2, 3, 6, 7]),
    v128.shuffle(abUpper!, cdUpper!, [0, 1, 4, 5]),
    v128.shuffle(abUpper!, cdUpper!, [2, 3, 6, 7]),
  ]
  return columns.slice(0, count).map((column) => body.keep(column))
}

/** One or two columns. */
function pairOfColumns(body: Body, rows: Four<Local<'i32'>>, offset: number, count: number): Local<'v128'>[] {
  const [a, b, c, d] = rows
  if (count === 1) {
    let column = v128.load32(a!, offset)
    ;[b!, c!, d!].forEach((row, k) => {
      column = v128.load32Lane(row, column, k + 1, offset)
    })
    return [body.keep(column)]
  }
  const first = body.keep(v128.load64Lane(b!, v128.load64(a!, offset), 1, offset))
  const second = body.keep(v128.load64Lane(d!, v128.load64(c!, offset), 1, offset))
  return [body.keep(v128.shuffle(first, second, [0, 2, 4, 6])), body.keep(v128.shuffle(first, second, [1, 3, 5, 7]))]
}

/** The sums of the lanes of up to four vectors, one in each lane; 0 for a vector that is missing. */
export function sumsOfFour(body: Body, vectors: Four<Local<'v128'> | undefined>): V128 {
  const [a, b, c, d] = vectors.map((vector) => vector ?? floats(0))
  const ab = body.keep(f32x4.add(interleave(a!, b!, false), interleave(a!, b!, true)))
  const cd = body.keep(f32x4.add(interleave(c!, d!, false), interleave(c!, d!, true)))
  return f32x4.add(v128.shuffle(ab, cd, [0, 1, 4, 5]), v128.shuffle(ab, cd, [2, 3, 6, 7]))
}
