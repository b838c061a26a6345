import { type I32, type Statement, type V128 } from './assembler/expression.ts'
import { f32x4, v128 } from './assembler/vectors.ts'
import type { Body } from './assembler/function.ts'

/**
 * What depends on the engine that runs the code: whether a product and a sum are one instruction. With relaxed SIMD the
 * processor may round a · b + c once, which is faster; the bits differ from those without it.
 */
export interface Kit {
  readonly isRelaxed: boolean
  /** a · b + c */
  madd(a: V128, b: V128, c: V128): V128
  /** c − a · b */
  nmadd(a: V128, b: V128, c: V128): V128
}

export const makeKit = (isRelaxed: boolean): Kit =>
  isRelaxed
    ? { isRelaxed, madd: f32x4.relaxedMadd, nmadd: f32x4.relaxedNmadd }
    : {
        isRelaxed,
        madd: (a, b, c) => f32x4.add(c, f32x4.mul(a, b)),
        nmadd: (a, b, c) => f32x4.sub(c, f32x4.mul(a, b)),
      }

/** Stores the first `lanes` values of a vector, 1 to 4. The value is computed once for each store: keep it in a local. */
export function storeLanes(body: Body, address: I32, vector: V128, lanes: number, offset = 0): void {
  const store = (statement: Statement) => body.do(statement)
  if (lanes >= 4) store(v128.store(address, vector, offset))
  else {
    if (lanes >= 2) store(v128.store64Lane(address, vector, 0, offset))
    if (lanes % 2 === 1) store(v128.store32Lane(address, vector, lanes - 1, offset + 4 * (lanes - 1)))
  }
}

/** Loads the first `lanes` values of a vector, 1 to 4; the others are 0. */
export function loadLanes(address: I32, lanes: number, offset = 0): V128 {
  if (lanes >= 4) return v128.load(address, offset)
  if (lanes === 1) return v128.load32(address, offset)
  const two = v128.load64(address, offset)
  return lanes === 2 ? two : v128.load32Lane(address, two, 2, offset + 8)
}
