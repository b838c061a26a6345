import { type I32, type V128 } from '../assembler/expression.ts'
import { i32, int } from '../assembler/scalars.ts'
import { f32x4, v128 } from '../assembler/vectors.ts'
import type { Body, Local } from '../assembler/function.ts'
import { type Kit, loadLanes, storeLanes } from '../kit.ts'

/**
 * Register tiles of matrix products: the sums of a few rows and columns of the result stay in registers while the terms
 * are added one after another. V8 keeps them there only in loops of this form, which test their condition first and
 * contain one term, with at most 16 registers in use; other forms are half as fast (figures in bench/NOTES.md).
 */

/** The most rows of a tile with 8 columns: with a fused multiply-add one register more is free. */
export const tileRows = ({ isRelaxed }: Kit): number => (isRelaxed ? 6 : 5)

/** The columns of a panel of tiles. */
export const PANEL = 8

/** Where an operand is: term t of row r is at `address + t · step + r · row`, in bytes. */
interface Operand {
  readonly address: Local<'i32'>
  readonly step: number
}

/** The sums of a tile, [row][vector]. */
export type Sums = readonly (readonly Local<'v128'>[])[]

/**
 * C[r][v] = Σ_t A(t, r) · B(t, v): A one value, B a vector of four columns. The addresses of both operands are changed.
 * @param count the number of terms: a constant or a local
 */
export function outerTile(
  kit: Kit,
  body: Body,
  size: { readonly rows: number; readonly vectors: number },
  left: Operand & { readonly row: number },
  right: Operand,
  count: I32,
): Sums {
  const sums = makeSums(body, size.rows, size.vectors)
  const term = body.local('i32')
  body.while(
    () => i32.gtS(count, term),
    () => {
      const b = sums[0]!.map((_, v) => body.keep(v128.load(right.address, 16 * v)))
      sums.forEach((row, r) => {
        const a = body.keep(v128.loadSplat(left.address, r * left.row))
        row.forEach((sum, v) => body.set(sum, kit.madd(a, b[v]!, sum)))
      })
      body.increase(left.address, left.step)
      body.increase(right.address, right.step)
      body.increase(term, 1)
    },
  )
  return sums
}

/**
 * C[r][c] = Σ_t A(r, t) · B(c, t), where the terms of both operands are consecutive: each sum is a vector of four partial
 * sums. The addresses of both operands are changed; values after `terms` are not read.
 * @param terms the number of terms, known when the code is written
 */
export function dotTile(
  kit: Kit,
  body: Body,
  size: { readonly rows: number; readonly columns: number },
  left: { readonly address: Local<'i32'>; readonly row: number },
  right: { readonly address: Local<'i32'>; readonly row: number },
  terms: number,
): Sums {
  const sums = makeSums(body, size.rows, size.columns)
  const addTerms = (load: (address: Local<'i32'>, offset: number) => V128) => {
    const b = sums[0]!.map((_, c) => body.keep(load(right.address, c * right.row)))
    sums.forEach((row, r) => {
      const a = body.keep(load(left.address, r * left.row))
      row.forEach((sum, c) => body.set(sum, kit.madd(a, b[c]!, sum)))
    })
  }
  const whole = Math.floor(terms / 4)
  if (whole > 0) {
    const term = body.local('i32')
    body.while(
      () => i32.ltS(term, int(whole)),
      () => {
        addTerms((address, offset) => v128.load(address, offset))
        body.increase(left.address, 16)
        body.increase(right.address, 16)
        body.increase(term, 1)
      },
    )
  }
  const rest = terms % 4
  if (rest > 0) addTerms((address, offset) => loadLanes(address, rest, offset))
  return sums
}

const makeSums = (body: Body, rows: number, columns: number) =>
  Array.from({ length: rows }, () => Array.from({ length: columns }, () => body.local('v128')))

/**
 * Stores the sums of a tile, whose columns are `columns`. Nothing else may be computed while the sums are in registers: V8
 * would move some of them to memory, and would do so in the loop.
 */
export function storeSums(body: Body, sums: Sums, address: I32, columns: number, rowBytes: number): void {
  sums.forEach((row, r) => {
    row.forEach((sum, v) => storeLanes(body, address, sum, Math.min(4, columns - 4 * v), rowBytes * r + 16 * v))
  })
}

/**
 * Writes a loop over the rows of a tile that was stored: `use` writes the code for one vector, at `offset` bytes from the
 * `place` of the row.
 */
export function eachStored(
  body: Body,
  rows: number,
  columns: number,
  rowBytes: number,
  use: (place: Local<'i32'>, lanes: number, offset: number) => void,
): void {
  const place = body.local('i32')
  body.for(place, int(0), int(rows * rowBytes), rowBytes, () => {
    for (let offset = 0; offset < 4 * columns; offset += 16) use(place, Math.min(4, columns - offset / 4), offset)
  })
}

/** The sums of the four lanes of two vectors, in the first two lanes. */
export function sumLanesOfTwo(body: Body, a: Local<'v128'>, b: Local<'v128'>): V128 {
  const low = v128.shuffle(a, b, [0, 4, 1, 5])
  const high = v128.shuffle(a, b, [2, 6, 3, 7])
  const half = body.keep(f32x4.add(low, high))
  return f32x4.add(half, v128.shuffle(half, half, [2, 3, 2, 3]))
}
