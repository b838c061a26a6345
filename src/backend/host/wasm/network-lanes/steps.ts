import { countParameters } from '../../../../model/layout.ts'
import { stateSlots } from '../../../../optimizer/optimizer.ts'
import { f32x4, floats, v128 } from '../assembler/vectors.ts'
import type { Body, Local } from '../assembler/function.ts'
import { sign } from '../formulas/elementary.ts'
import { type ScalarVectors, scalarOrder, step } from '../formulas/optimizers.ts'
import type { Vector } from '../straight-pass.ts'
import type { PartialSums } from './partial-sums.ts'
import type { LaneSettings } from './addresses.ts'

/**
 * Writes the optimizer's step of four networks from the sums of their gradients, penalty included.
 * @param share 1 / the samples of the minibatch
 * @param address of the scalars of the step: vectors, in the order of `scalarOrder`
 */
export function writeSteps(
  body: Body,
  { layers, settings, addresses, kit }: LaneSettings,
  partial: PartialSums,
  share: Vector,
  address: Local<'i32'>,
): void {
  const { optimizer, l1 = 0, l2 = 0 } = settings
  const entries = scalarOrder.map((name, i) => [name, body.keep(v128.load(address, 16 * i))] as const)
  const scalars = Object.fromEntries(entries) as ScalarVectors
  const bases = Array.from({ length: stateSlots(optimizer) }, (_, slot) => addresses.state + 16 * slot * countParameters(layers)) // prettier-ignore
  partial.eachParameter(({ address, sum }, isWeight) => {
    const [place, offset] = address(addresses.parameters)
    const parameter = body.keep(v128.load(place, offset))
    const gradient = body.keep(f32x4.mul(sum, share))
    if (isWeight && (l1 > 0 || l2 > 0)) {
      // As ../formulas/penalty.ts.
      const twice = Math.fround(l2) + Math.fround(l2)
      const added = kit.madd(floats(l1), sign(parameter), f32x4.mul(floats(twice), parameter))
      body.set(gradient, f32x4.add(gradient, added))
    }
    const state = bases.map((base) => body.keep(v128.load(...address(base))))
    const moved = step(kit, body, { optimizer, scalars, parameter, gradient, state })
    body.do(v128.store(place, moved.parameter, offset))
    moved.state.forEach((value, slot) => {
      const [place, offset] = address(bases[slot]!)
      body.do(v128.store(place, value, offset))
    })
  })
}
