import { type I32, type V128 } from '../assembler/expression.ts'
import { f64, i32, int } from '../assembler/scalars.ts'
import { f32x4, f64x2, v128 } from '../assembler/vectors.ts'
import { call } from '../assembler/function.ts'
import type { ModuleWriter } from '../assembler/module.ts'
import { loadLanes, storeLanes } from '../kit.ts'
import { sweep } from './sweep.ts'

/**
 * How many values one sum of squares spans. Threads share the work by whole spans, of which the caller adds the sums in
 * order, so that the total does not depend on the number of threads.
 */
export const SQUARES_SPAN = 4096

/**
 * Adds the function that sums the squares of float32 in float64, where a square is exact and does not overflow:
 * `(values, first, end)` → f64.
 * - values: the address of the array; first, end: the range [first, end), all i32
 */
export function defineSumOfSquares(module: ModuleWriter, name?: string) {
  return module.define(name, ['i32', 'i32', 'i32'], 'f64', (body, [values, first, end]) => {
    const sums = [body.local('v128'), body.local('v128')] as const
    sweep(body, [values], first, end, (lanes, [place]) => {
      const vector = body.keep(loadLanes(place, lanes))
      const add = (sum: (typeof sums)[number], pair: V128) => {
        const wide = body.keep(f64x2.fromF32x4(pair))
        body.set(sum, f64x2.add(sum, f64x2.mul(wide, wide)))
      }
      add(sums[0], vector)
      if (lanes === 4) add(sums[1], v128.shuffle(vector, vector, [2, 3, 2, 3]))
    })
    const total = body.keep(f64x2.add(...sums))
    return f64.add(f64x2.lane(total, 0), f64x2.lane(total, 1))
  })
}

/**
 * Adds the procedure that writes the sums of squares of whole spans: `(values, count, sums, firstSpan, endSpan)`, all i32.
 * - values: the address of `count` float32
 * - sums: the address of one float64 a span of SQUARES_SPAN values, the last of which may be shorter
 * - firstSpan, endSpan: the spans that are summed, [firstSpan, endSpan)
 */
export function defineSpanSums(
  module: ModuleWriter,
  sumOfSquares: ReturnType<typeof defineSumOfSquares>,
  name?: string,
) {
  return module.procedure(
    name,
    ['i32', 'i32', 'i32', 'i32', 'i32'],
    (body, [values, count, sums, firstSpan, endSpan]) => {
      const span = body.local('i32')
      const smaller = (a: I32, b: I32) => i32.select(a, b, i32.ltS(a, b))
      body.for(span, firstSpan, endSpan, 1, () => {
        const start = body.keep(i32.mul(span, int(SQUARES_SPAN)))
        const end = body.keep(i32.add(start, int(SQUARES_SPAN)))
        const sum = call(sumOfSquares, values, start, smaller(end, count))
        body.do(f64.store(i32.add(sums, i32.shl(span, int(3))), sum))
      })
    },
  )
}

/** Adds the procedure that multiplies a range of float32 by a factor: `(values, first, end, factor)`, i32 and f32. */
export function defineScale(module: ModuleWriter, name?: string) {
  return module.procedure(name, ['i32', 'i32', 'i32', 'f32'], (body, [values, first, end, factor]) => {
    const factors = body.keep(f32x4.splat(factor))
    sweep(body, [values], first, end, (lanes, [place]) => {
      storeLanes(body, place, body.keep(f32x4.mul(loadLanes(place, lanes), factors)), lanes)
    })
  })
}
