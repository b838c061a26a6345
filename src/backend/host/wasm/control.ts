import { atomic, i32, int } from './assembler/expression.ts'
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
  /** Whether correct labels are counted, and not correct rows. */
  countsLabels: 168,
  /** The sums of the command, float64. */
  loss: 192,
  right: 200,
} as const

export const CONTROL_BYTES = 256

/**
 * Waits until all threads have come here. Each reads how many barriers were passed, adds itself, and waits until the last
 * one to arrive has opened the barrier.
 */
export function defineBarrier(module: ModuleWriter, control: number): Callable<readonly [], undefined> {
  return module.procedure(undefined, [], (body) => {
    const passed = body.keep(atomic.load(int(control + fields.passed)))
    const others = body.keep(atomic.add(int(control + fields.arrived), int(1)))
    const threads = i32.load(int(control + fields.threads))
    body.if(
      i32.eq(i32.add(others, int(1)), threads),
      () => {
        body.do(atomic.store(int(control + fields.arrived), int(0)))
        body.do(atomic.store(int(control + fields.passed), i32.add(passed, int(1))))
      },
      () => {
        body.while(
          () => i32.eq(atomic.load(int(control + fields.passed)), passed),
          () => undefined,
        )
      },
    )
  })
}

/** A field of the control block, kept in a local. */
export const field = (body: Body, control: number, name: keyof typeof fields) =>
  body.keep(i32.load(int(control + fields[name])))
