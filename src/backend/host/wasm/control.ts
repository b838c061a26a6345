import { atomic } from './assembler/memory.ts'
import { i32, int } from './assembler/scalars.ts'
import type { Body, Callable } from './assembler/function.ts'
import type { ModuleWriter } from './assembler/module.ts'

/**
 * The block of memory through which the host says what the code is to do, at {@link Control.address}. Offsets in bytes;
 * what threads write to has cache lines for itself.
 */
export const fields = {
  /** The threads that have arrived at a barrier, and how many barriers were passed. */
  arrived: 0,
  passed: 64,
  /** The threads that sleep at a barrier. */
  asleep: 68,
  /** Addresses of the data set: inputs, targets, weights of samples (0: all count alike). */
  inputs: 128,
  targets: 132,
  weights: 136,
  /** The order, and its first and last place for this command. */
  order: 140,
  first: 144,
  end: 148,
  /** Samples of a minibatch. */
  batchSize: 152,
  /** The number of the first step, counted from 1. */
  step: 156,
  /** How many threads take part. */
  threads: 160,
  /** Four float32 for each step: stepSize, decay, correction, gradientStep. */
  scalars: 164,
  /** Bytes from the scalars of a step to those of the next: 0 where all have the same. */
  scalarStride: 176,
  /** Whether correct labels are counted, and not correct rows. */
  countsLabels: 168,
  /** Not 0 after a thread has failed: nobody waits for it any longer. */
  failed: 72,
  /** Whether the first thread may sleep: not on a page's main thread. */
  mayFirstSleep: 172,
  /** The sums of the epoch so far, float64. */
  loss: 192,
  right: 200,
  /** Two float64 whose sum is the loss, where samples are lanes. */
  losses: 208,
} as const

export const CONTROL_BYTES = 256

/** How often a thread looks before it sleeps: some ten microseconds. */
const MOST_LOOKS = 20_000
/** The longest sleep: a notification may come just before it begins. */
const SLEEP_NANOSECONDS = 1_000_000

/**
 * `(thread)`: waits until all threads have come here. Each reads how many barriers were passed, adds itself, and waits until
 * the last one to arrive has opened the barrier: it looks again and again for a short time, and then sleeps, because another
 * thread may have no processor.
 */
export function defineBarrier(module: ModuleWriter, control: number): Callable<readonly ['i32'], undefined> {
  const [arrivedAt, passedAt, asleepAt, failedAt] = [fields.arrived, fields.passed, fields.asleep, fields.failed].map((offset) => int(control + offset)) // prettier-ignore
  return module.procedure(undefined, ['i32'], (body, [thread]) => {
    const passed = body.keep(atomic.load(passedAt!))
    const others = body.keep(atomic.add(arrivedAt!, int(1)))
    const threads = i32.load(int(control + fields.threads))
    body.if(
      i32.eq(i32.add(others, int(1)), threads),
      () => {
        body.do(atomic.store(arrivedAt!, int(0)))
        body.do(atomic.store(passedAt!, i32.add(passed, int(1))))
        body.if(atomic.load(asleepAt!), () => body.drop(atomic.notify(passedAt!)))
      },
      () => {
        const looks = body.local('i32')
        const maySleep = i32.or(thread, i32.load(int(control + fields.mayFirstSleep)))
        body.while(
          () => i32.and(i32.eq(atomic.load(passedAt!), passed), i32.eqz(atomic.load(failedAt!))),
          () => {
            body.increase(looks, 1)
            body.if(i32.gtS(looks, int(MOST_LOOKS)), () => {
              body.if(maySleep, () => {
                body.drop(atomic.add(asleepAt!, int(1)))
                body.drop(atomic.wait(passedAt!, passed, SLEEP_NANOSECONDS))
                body.drop(atomic.add(asleepAt!, int(-1)))
              })
            })
          },
        )
      },
    )
  })
}

/** Exports `abort`, which a thread calls whose work failed: the others do not wait for it. */
export function defineAbort(module: ModuleWriter, control: number): void {
  module.procedure('abort', [], (body) => body.do(atomic.store(int(control + fields.failed), int(1))))
}

/** A field of the control block, kept in a local. */
export const field = (body: Body, control: number, name: keyof typeof fields) =>
  body.keep(i32.load(int(control + fields[name])))
