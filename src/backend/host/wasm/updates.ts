import { dropoutKey, dropoutThreshold } from '../../../optimizer/dropout.ts'
import { countParameters } from '../../../model/layout.ts'
import { type I32 } from './assembler/expression.ts'
import { f32, f64, i32, int } from './assembler/scalars.ts'
import type { Body } from './assembler/function.ts'
import { defineScale, defineSpanSums, defineSumOfSquares, SQUARES_SPAN } from './formulas/clip.ts'
import { defineDropout } from './formulas/dropout.ts'
import { defineUpdate } from './formulas/optimizers.ts'
import { definePenalty } from './formulas/penalty.ts'
import type { Descent } from './products/gradient.ts'
import { type Part, partOf, type Target } from './products/layer.ts'
import type { ProgramSettings } from './addresses.ts'

/** Which thread of how many. */
export interface Share {
  readonly thread: I32
  readonly threads: I32
}

/** Writes the wait for all threads. */
type Barrier = () => void

/** What a training step does besides its products: dropout, penalty, clipping, and the optimizer's step. */
export interface Updates {
  /** Plain sgd takes its step together with the gradients; the other optimizers in `finish`. */
  readonly descent: Descent | undefined
  /** Drops units of the activations of hidden layer l, in the rows of a part; the layer above reads the result. */
  dropActivations(body: Body, l: number, step: I32, part: Part, barrier: Barrier): void
  /** Drops the same units of δ of hidden layer l. */
  dropDeltas(body: Body, l: number, step: I32, part: Part, barrier: Barrier): void
  /** Penalty, clipping and the step, after the gradients of all layers. */
  finish(body: Body, scalars: I32, share: Share, barrier: Barrier): void
  /** The step alone, from the stored gradients. */
  update(body: Body, scalars: I32, share: Share): void
}

/** Without clipping, threads share the parameters in multiples of this many. */
const UNIT = 16

export function defineUpdates(target: Target, program: ProgramSettings): Updates {
  const { l1 = 0, l2 = 0, optimizer } = program.settings
  const { name, momentum, weightDecay, clipNorm } = optimizer
  const count = countParameters(program.layers)
  const { parameters, gradients, state } = program.addresses
  const move = defineUpdate(target.module, target.kit, optimizer)
  const step = (body: Body, scalars: I32, { first, end }: Part) => {
    body.call(move, int(parameters), int(gradients), int(state), int(count), scalars, first, end)
  }
  const update: Updates['update'] = (body, scalars, share) => step(body, scalars, rangeOf(body, count, UNIT, share))
  const drop = makeDropout(target, program)
  if (name === 'sgd' && momentum === 0 && clipNorm === 0 && l1 === 0 && l2 === 0) {
    return { descent: { weightDecay }, ...drop, update, finish: () => undefined }
  }
  const penalise = l1 > 0 || l2 > 0 ? makePenalty(target, program) : undefined
  const clip = clipNorm > 0 ? makeClipping(target, program, count) : undefined
  return {
    descent: undefined,
    ...drop,
    update,
    finish(body, scalars, share, barrier) {
      barrier()
      const range = rangeOf(body, count, clip ? SQUARES_SPAN : UNIT, share)
      penalise?.(body, range)
      clip?.(body, range, share, barrier)
      step(body, scalars, range)
    },
  }
}

/** The values that a thread works on, in whole units but for the last. */
function rangeOf(body: Body, count: number, unit: number, { thread, threads }: Share): Part {
  const { first, end } = partOf(body, int(Math.ceil(count / unit)), thread, threads)
  const value = (units: I32) => {
    const place = body.keep(i32.mul(units, int(unit)))
    return body.keep(i32.select(place, int(count), i32.ltS(place, int(count))))
  }
  return { first: value(first), end: value(end) }
}

function makePenalty({ module, kit }: Target, { layers, addresses, settings }: ProgramSettings) {
  const { l1 = 0, l2 = 0 } = settings
  const add = definePenalty(module, kit)
  return (body: Body, { first, end }: Part) => {
    for (const { inputs, outputs, weightOffset } of layers) {
      const stop = weightOffset + inputs * outputs
      const from = i32.select(first, int(weightOffset), i32.gtS(first, int(weightOffset)))
      const to = i32.select(end, int(stop), i32.ltS(end, int(stop)))
      const { parameters, gradients } = addresses
      body.call(add, int(parameters), int(gradients), from, to, f32.constant(l1), f32.constant(l2))
    }
  }
}

/** Gradients that are longer, all together, than clipNorm: × clipNorm / (length + 1e-6), as ../update.ts. */
function makeClipping({ module }: Target, { addresses, settings }: ProgramSettings, count: number) {
  const { gradients, squares } = addresses
  const spans = Math.ceil(count / SQUARES_SPAN)
  const sum = defineSpanSums(module, defineSumOfSquares(module))
  const scale = defineScale(module)
  return (body: Body, { first, end }: Part, { thread, threads }: Share, barrier: Barrier) => {
    const part = partOf(body, int(spans), thread, threads)
    body.call(sum, int(gradients), int(count), int(squares), part.first, part.end)
    barrier()
    const total = body.keep(f64.constant(0))
    const place = body.local('i32')
    body.for(place, int(squares), int(squares + 8 * spans), 8, () => body.set(total, f64.add(total, f64.load(place))))
    const length = f64.add(f64.sqrt(total), f64.constant(1e-6))
    const factor = body.keep(f64.div(f64.constant(settings.optimizer.clipNorm), length))
    body.if(f64.lt(factor, f64.constant(1)), () => {
      body.call(scale, int(gradients), first, end, f32.fromF64(factor))
    })
  }
}

function makeDropout({ module }: Target, { layers, settings, addresses }: ProgramSettings) {
  const { dropout = [], seed = 0 } = settings
  if (!dropout.some((share) => share > 0)) {
    return { dropActivations: () => undefined, dropDeltas: () => undefined }
  }
  const procedure = defineDropout(module)
  const drop =
    (from: number, to: number, l: number) =>
    (body: Body, step: I32, { first, end }: Part) => {
      const share = dropout[l] ?? 0
      const [key, threshold] = [int(dropoutKey(seed, l)), int(dropoutThreshold(share))]
      const scale = f32.constant(1 / (1 - share))
      body.call(procedure, int(from), int(to), int(layers[l]!.outputs), first, end, key, step, threshold, scale)
    }
  const { a, below, deltas } = addresses
  return {
    dropActivations(body: Body, l: number, step: I32, part: Part, barrier: Barrier) {
      drop(a[l]!, below[l + 1]!, l)(body, step, part)
      barrier()
    },
    dropDeltas(body: Body, l: number, step: I32, part: Part, barrier: Barrier) {
      drop(deltas[l]!, deltas[l]!, l)(body, step, part)
      barrier()
    },
  }
}
