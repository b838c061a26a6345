import { type I32, type V128 } from '../assembler/expression.ts'
import { i32, int } from '../assembler/scalars.ts'
import { f32x4, i32x4, ints, v128 } from '../assembler/vectors.ts'
import type { Body, Local } from '../assembler/function.ts'
import type { ModuleWriter } from '../assembler/module.ts'
import { loadLanes, storeLanes } from '../kit.ts'
import { sweep } from './sweep.ts'

/** The factors of the hash in src/optimizer/dropout.ts: of the step and the unit, of the row, and of the finalizer. */
const STEP_FACTOR = 0x9e3779b1
const ROW_FACTOR = 0x85ebca77
const MIX_FACTORS = [0x85ebca6b, 0xc2b2ae35] as const

/** The finalizer of MurmurHash3: x ^ x >>> 16, times a factor, x ^ x >>> 13, times a factor, x ^ x >>> 16. */
function mix(body: Body, value: I32): I32 {
  const folded = (x: Local<'i32'>, places: number) => i32.xor(x, i32.shrU(x, int(places)))
  const first = body.keep(i32.mul(folded(body.keep(value), 16), int(MIX_FACTORS[0])))
  const second = body.keep(i32.mul(folded(first, 13), int(MIX_FACTORS[1])))
  return folded(second, 16)
}

/** The same for four integers. */
function mixVector(body: Body, value: V128): V128 {
  const folded = (x: Local<'v128'>, places: number) => v128.xor(x, i32x4.shrU(x, int(places)))
  const first = body.keep(i32x4.mul(folded(body.keep(value), 16), ints(MIX_FACTORS[0])))
  const second = body.keep(i32x4.mul(folded(first, 13), ints(MIX_FACTORS[1])))
  return folded(second, 16)
}

/**
 * Adds the procedure that drops units of one layer, with the mask of src/optimizer/dropout.ts to the bit:
 * `(values, dropped, columns, firstRow, endRow, key, step, threshold, scale)`, all i32 but `scale`, an f32.
 * - values, dropped: addresses of float32, rows × columns, row-major; they may be the same
 * - firstRow, endRow: the rows that are computed, [firstRow, endRow)
 * - key, step, threshold: dropoutKey(seed, layer), the number of the step, dropoutThreshold(share)
 * - scale: what is kept is multiplied by it, 1 / (1 − share)
 */
export function defineDropout(module: ModuleWriter, name?: string) {
  const parameters = ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'f32'] as const
  return module.procedure(
    name,
    parameters,
    (body, [values, dropped, columns, firstRow, endRow, key, step, threshold, scale]) => {
      const factor = body.keep(f32x4.splat(scale))
      const least = body.keep(i32x4.splat(threshold))
      const ofStep = body.keep(mix(body, i32.add(key, i32.mul(step, int(STEP_FACTOR)))))
      const row = body.local('i32')
      const units = body.local('v128')
      const offsets = [0, 1, 2, 3].map((unit) => Math.imul(unit, STEP_FACTOR))
      body.for(row, firstRow, endRow, 1, () => {
        const ofRow = i32x4.splat(mix(body, i32.add(ofStep, i32.mul(row, int(ROW_FACTOR)))))
        body.set(units, i32x4.add(ofRow, ints(...offsets)))
        const first = body.keep(i32.mul(row, columns))
        sweep(body, [values, dropped], first, i32.add(first, columns), (lanes, [from, to]) => {
          const isKept = i32x4.geU(mixVector(body, units), least)
          const kept = body.keep(v128.and(isKept, f32x4.mul(loadLanes(from, lanes), factor)))
          storeLanes(body, to, kept, lanes)
          body.set(units, i32x4.add(units, ints(Math.imul(lanes, STEP_FACTOR))))
        })
      })
    },
  )
}
