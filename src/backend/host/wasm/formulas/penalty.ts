import { f32x4 } from '../assembler/vectors.ts'
import type { ModuleWriter } from '../assembler/module.ts'
import { type Kit, loadLanes, storeLanes } from '../kit.ts'
import { sign } from './elementary.ts'
import { sweep } from './sweep.ts'

/**
 * Adds the procedure that adds the gradient of the penalty l1·Σ|w| + l2·Σw², which is l1·sign(w) + 2·l2·w, to the gradients
 * of a range of weights: `(weights, gradients, first, end, l1, l2)`.
 * - weights, gradients: addresses of float32, i32
 * - first, end: the range [first, end), i32; where threads share the work, any division gives the same bits
 * - l1, l2: f32
 */
export function definePenalty(module: ModuleWriter, kit: Kit, name?: string) {
  const parameters = ['i32', 'i32', 'i32', 'i32', 'f32', 'f32'] as const
  return module.procedure(name, parameters, (body, [weights, gradients, first, end, l1, l2]) => {
    const factor1 = body.keep(f32x4.splat(l1))
    const factor2 = body.keep(f32x4.add(f32x4.splat(l2), f32x4.splat(l2)))
    sweep(body, [weights, gradients], first, end, (lanes, [weightPlace, gradientPlace]) => {
      const weight = body.keep(loadLanes(weightPlace, lanes))
      const added = kit.madd(factor1, sign(weight), f32x4.mul(factor2, weight))
      const sum = body.keep(f32x4.add(loadLanes(gradientPlace, lanes), added))
      storeLanes(body, gradientPlace, sum, lanes)
    })
  })
}
