import { type Fields, kind, optional } from '../../../core/schema.ts'
import type { KeptResult, KeptState } from './kept.ts'

/**
 * All that a sweep needs to go on where it was: made by {@link Sweep.checkpoint}, taken by the option `resume` of
 * {@link sweep}. Plain data; {@link encodeSweepCheckpoint} makes bytes of it.
 */
export interface SweepCheckpoint {
  /** The options and the data of the sweep, each as a short text; a checkpoint of another sweep is refused. */
  readonly plan: Readonly<Record<string, string>>
  /** How many combinations with a seed the whole sweep has. */
  readonly combinations: number
  /** How many shards there are, and which of them, counted from 1, this checkpoint has. */
  readonly shards: {
    /** The number of shards. */
    readonly count: number
    /** The shards of this checkpoint, counted from 1. */
    readonly own: readonly number[]
  }
  /** The round of halving that is running, counted from 0; the number of rounds where all are over. */
  readonly stage: number
  /** The networks that are finished, by the round after which they were. @internal */
  readonly finished: readonly (readonly KeptResult[])[]
  /** Those that train on after the last round, as they were at its end. @internal */
  readonly kept: readonly KeptResult[]
  /** Trainings that reached the end of the running round. @internal */
  readonly current: readonly KeptResult[]
  /** Where trainings are that go on. @internal */
  readonly states: readonly KeptState[]
  /** Epochs of all networks together so far. */
  readonly epochs: number
  /** Time spent so far. */
  readonly seconds: number
  /** Whatever the program that trains wants to find again, as JSON has it. */
  readonly notes?: unknown
}

/** What {@link Sweep.checkpoint} takes. */
export interface SweepCheckpointOptions {
  /** Kept with it: anything that JSON can hold. */
  notes?: unknown
}

export const sweepCheckpointSchema = {
  name: 'sweep.checkpoint',
  fields: { notes: optional(kind<unknown>((_, value) => value)) } satisfies Fields<SweepCheckpointOptions>,
}
