import { countParameters, type Layer } from '../../../model/layout.ts'
import type { PlacementSettings } from '../../backend.ts'
import type { ProgramSettings } from './addresses.ts'
import { type V128 } from './assembler/expression.ts'
import { f32, f64, i32, int } from './assembler/scalars.ts'
import { f32x4, f64x2, floats, v128 } from './assembler/vectors.ts'
import type { Body, Local } from './assembler/function.ts'
import type { ModuleWriter } from './assembler/module.ts'
import { field, fields } from './control.ts'
import { storeLanes } from './kit.ts'
import { sumsOfFour } from './lanes.ts'
import { at } from './products/layer.ts'
import { MOST_STRAIGHT_PARAMETERS } from './straight-limit.ts'
import { type GradientSums, SamplePass, type Vector } from './straight-pass.ts'
import type { Updates } from './updates.ts'

/**
 * The training loop of a small network as straight-line code for its very shape: four samples side by side in the lanes of
 * a vector, each neuron in its own variable. Over layers of two or three neurons, loops cost more than what they compute.
 */

/** Up to this many parameters, the sums of the gradients are variables; else they are in memory. */
export const MOST_VARIABLES = 40

export function isStraight(layers: readonly Layer[], { dropout = [] }: PlacementSettings): boolean {
  return countParameters(layers) <= MOST_STRAIGHT_PARAMETERS && !dropout.some((share) => share > 0)
}

/** Bytes of scratch memory: a vector for each parameter of a small network. */
export function straightScratch(layers: readonly Layer[]): number {
  const count = countParameters(layers)
  return count <= MOST_STRAIGHT_PARAMETERS ? 16 * count : 0
}

/** @param scratch the address of the sums in memory: a vector for each parameter */
export function makeSums(body: Body, count: number, scratch: number): GradientSums {
  if (count > MOST_VARIABLES) {
    return {
      clear() {
        const place = body.local('i32')
        body.for(place, int(scratch), int(scratch + 16 * count), 16, () => body.do(v128.store(place, floats(0))))
      },
      add: (i, value) => {
        body.do(v128.store(int(scratch), f32x4.add(v128.load(int(scratch), 16 * i), value), 16 * i))
      },
      get: (i) => v128.load(int(scratch), 16 * i),
    }
  }
  const sums = Array.from({ length: count }, () => body.local('v128'))
  return {
    clear: () => sums.forEach((sum) => body.set(sum, floats(0))),
    add: (i, value) => body.set(sums[i]!, f32x4.add(sums[i]!, value)),
    get: (i) => sums[i]!,
  }
}

/** Writes `work`, as program.ts does for other networks. */
export function defineStraightWork(module: ModuleWriter, program: ProgramSettings, updates: Updates): void {
  const { layers, addresses } = program
  const { control } = addresses
  const count = countParameters(layers)
  module.procedure('work', ['i32'], (body) => {
    const read = (name: keyof typeof fields) => field(body, control, name)
    const [place, end, batchSize, order, scalars] = [read('first'), read('end'), read('batchSize'), read('order'), read('scalars')] // prettier-ignore
    const stride = read('scalarStride')
    const pass = new SamplePass(body, program, {
      inputs: read('inputs'),
      targets: read('targets'),
      weights: read('weights'),
      countsLabels: read('countsLabels'),
      parameter: (index) => v128.loadSplat(int(addresses.parameters), 4 * index),
    })
    const sums = makeSums(body, count, addresses.scratch)
    const total = body.keep(v128.load(int(control + fields.losses)))
    body.while(
      () => i32.ltS(place, end),
      () => {
        const left = i32.sub(end, place)
        const rows = body.keep(i32.select(batchSize, left, i32.ltS(batchSize, left)))
        sums.clear()
        pass.begin()
        const row = body.keep(place)
        const last = body.keep(i32.add(place, rows))
        body.while(
          () => i32.leS(i32.add(row, int(4)), last),
          () => {
            pass.samples(at(body, order, row, 4), sums)
            body.increase(row, 4)
          },
        )
        body.if(i32.ltS(row, last), () => pass.samples(at(body, order, row, 4), sums, body.keep(i32.sub(last, row))))
        pass.addLoss(total)
        const share = body.keep(f32x4.splat(f32.div(f32.constant(1), f32.fromI32(rows))))
        storeGradients(body, program, updates, sums, share, scalars)
        body.increase(place, batchSize)
        body.increase(scalars, stride)
      },
    )
    body.do(f64.store(int(control + fields.loss), f64.add(f64x2.lane(total, 0), f64x2.lane(total, 1))))
    body.do(v128.store(int(control + fields.losses), total))
    const right = int(control + fields.right)
    body.do(f64.store(right, f64.add(f64.load(right), f64.fromI32(pass.right()))))
  })
}

/** Adds up the lanes of the gradients, and takes the optimizer's step. */
function storeGradients(
  body: Body,
  { layers, addresses, kit }: ProgramSettings,
  updates: Updates,
  sums: GradientSums,
  share: Vector,
  scalars: Local<'i32'>,
): void {
  const count = countParameters(layers)
  const { descent } = updates
  const base = int(descent ? addresses.parameters : addresses.gradients)
  const stepSize = descent && body.keep(v128.loadSplat(scalars))
  for (let i = 0; i < count; i += 4) {
    const lanes = Math.min(4, count - i)
    const four = [0, 1, 2, 3].map((k) => (k < lanes ? body.keep(sums.get(i + k)) : undefined))
    let value: V128 = f32x4.mul(sumsOfFour(body, four), share)
    if (descent && stepSize) {
      const parameter = body.keep(v128.load(base, 4 * i))
      if (descent.weightDecay !== 0) value = kit.madd(floats(descent.weightDecay), parameter, value)
      value = kit.nmadd(stepSize, value, parameter)
    }
    storeLanes(body, base, body.keep(value), lanes, 4 * i)
  }
  updates.finish(body, scalars, { thread: int(0), threads: int(1) }, () => undefined)
}
