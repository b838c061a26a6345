import type { I32 } from './assembler/expression.ts'
import type { Body, Local } from './assembler/function.ts'
import type { Descent } from './products/gradient.ts'
import type { Part, Target } from './products/layer.ts'
import type { ProgramSettings } from './program.ts'

/** The number of a thread, and of all. */
export interface Share {
  readonly thread: I32
  readonly threads: I32
}

/** What a minibatch needs besides its products: dropout, penalty, clipping, the optimizer's step. */
export interface Updates {
  /** Plain sgd takes its step together with the gradients. */
  readonly descent: Descent | undefined
  update(body: Body, scalars: I32, share: Share): void
  dropForward(body: Body, l: number, step: Local<'i32'>, part: Part, barrier: () => void): void
  dropBackward(body: Body, l: number, step: Local<'i32'>, part: Part, barrier: () => void): void
  finish(body: Body, scalars: Local<'i32'>, share: Share, barrier: () => void): void
}

export function defineUpdates(_target: Target, { settings }: ProgramSettings): Updates {
  const { optimizer, l1 = 0, l2 = 0 } = settings
  const { name, momentum, weightDecay, clipNorm } = optimizer
  const isPlain = name === 'sgd' && momentum === 0 && clipNorm === 0 && l1 === 0 && l2 === 0
  return {
    descent: isPlain ? { weightDecay } : undefined,
    update: () => undefined,
    dropForward: () => undefined,
    dropBackward: () => undefined,
    finish: () => undefined,
  }
}
