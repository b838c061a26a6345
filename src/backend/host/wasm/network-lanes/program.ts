import { countParameters } from '../../../../model/layout.ts'
import { f32, i32, int } from '../assembler/scalars.ts'
import { f32x4, floats, v128 } from '../assembler/vectors.ts'
import type { Body, Local } from '../assembler/function.ts'
import { ModuleWriter } from '../assembler/module.ts'
import { at } from '../products/layer.ts'
import { SamplePass, type Vector } from '../straight-pass.ts'
import type { LaneSettings } from './addresses.ts'
import { defineOrders } from './orders.ts'
import { PartialSums, SUM_BYTES, sumFields } from './partial-sums.ts'
import { writeSteps } from './steps.ts'

/** Four vectors for each step: stepSize, decay, correction, gradientStep. */
export const SCALAR_BYTES = 64

/** The exported function. All are whole numbers, and addresses where nothing else is said. */
export interface LaneProgram {
  train(
    /** The number of the first epoch, from 1 on, and how many. */
    epoch: number,
    epochs: number,
    samples: number,
    inputs: number,
    targets: number,
    /** A vector for each sample, which is overwritten. */
    order: number,
    scalars: number,
    /** Bytes from the scalars of one step to the next, and from one epoch to the next. */
    stepStride: number,
    epochStride: number,
    /** {@link SUM_BYTES} (partial-sums.ts) for each epoch. */
    sums: number,
    countsLabels: number,
  ): void
}

/**
 * The training of four small networks of one shape at the same time: each has a lane of all vectors, with its own parameters,
 * orders and learning rate. Whole epochs are one call.
 *
 * The bits are those of a network that is trained alone (../straight.ts), whose samples are in the lanes: the sum over a
 * minibatch is (p₀ + p₂) + (p₁ + p₃), where pₖ is the sum over the samples k, k + 4, k + 8 …
 */
export function writeLaneProgram(program: LaneSettings): Uint8Array<ArrayBuffer> {
  const { addresses, settings } = program
  const module = new ModuleWriter({ isShared: true })
  const makeOrders = defineOrders(module, addresses.words)
  const parameters = Array.from({ length: 11 }, () => 'i32' as const)
  module.procedure('train', parameters, (body, given) => {
    const [epoch, epochs, samples, inputs, targets, order, scalars, stepStride, epochStride, sums, countsLabels] = given as unknown as Eleven // prettier-ignore
    const parameter = (index: number) => v128.load(int(0), addresses.parameters + 16 * index)
    const pass = new SamplePass(body, program, { inputs, targets, weights: undefined, countsLabels, parameter })
    const partial = new PartialSums(body, program, pass)
    const last = body.keep(i32.add(epoch, epochs))
    const place = body.local('i32')
    body.while(
      () => i32.ltS(epoch, last),
      () => {
        body.call(makeOrders, epoch, samples, order)
        partial.beginEpoch()
        const stepScalars = body.keep(scalars)
        body.for(place, int(0), samples, settings.batchSize, () => {
          const left = body.keep(i32.sub(samples, place))
          const isWhole = i32.ltS(int(settings.batchSize), left)
          const rows = body.keep(i32.select(int(settings.batchSize), left, isWhole))
          sumMinibatch(body, pass, partial, { place, rows, order })
          const share = body.keep(f32x4.splat(f32.div(f32.constant(1), f32.fromI32(rows))))
          writeSteps(body, program, partial, share, stepScalars)
          body.increase(stepScalars, stepStride)
        })
        partial.storeEpoch(sums)
        body.do(v128.store(sums, brokenLanes(body, program), sumFields.broken))
        body.increase(epoch, 1)
        body.increase(sums, SUM_BYTES)
        body.increase(scalars, epochStride)
      },
    )
  })
  return module.finish()
}

type I = Local<'i32'>
type Eleven = readonly [I, I, I, I, I, I, I, I, I, I, I]

/** The samples of a minibatch: those of each partial sum one after another. */
function sumMinibatch(
  body: Body,
  pass: SamplePass,
  partial: PartialSums,
  { place, rows, order }: { readonly place: I; readonly rows: I; readonly order: I },
): void {
  const end = body.keep(i32.add(place, rows))
  partial.each((first) => {
    const row = body.keep(i32.add(place, first))
    body.while(
      () => i32.ltS(row, end),
      () => {
        const named = at(body, order, row, 16)
        const numbers = [0, 1, 2, 3].map((lane) => body.keep(i32.load(named, 4 * lane)))
        pass.four(numbers, partial.gradients)
        body.increase(row, 4)
      },
    )
  })
}

/** Ones in the lanes of the networks of which a parameter is infinite or NaN. */
function brokenLanes(body: Body, { layers, addresses }: LaneSettings): Vector {
  const broken = body.keep(floats(0))
  const place = body.local('i32')
  body.for(place, int(0), int(16 * countParameters(layers)), 16, () => {
    const value = body.keep(v128.load(place, addresses.parameters))
    body.set(broken, v128.or(broken, f32x4.ne(f32x4.sub(value, value), floats(0))))
  })
  return broken
}
