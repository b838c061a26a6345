import { InputError } from '../core/errors.ts'
import type { Score } from './score.ts'

/** The result of one epoch. */
export interface Epoch extends Score {
  /** Counted from 1 over the trainer's life. */
  epoch: number
  /** The score of the validation data; null without validation data. */
  validation: Score | null
  /** Steps made in this epoch. */
  steps: number
  /** The learning rate at the end of the epoch. */
  learningRate: number
  /** Time spent training and scoring. */
  seconds: number
  /** Samples trained per second. */
  samplesPerSecond: number
}

/** An epoch of a training that was given validation data. */
export interface ValidatedEpoch extends Epoch {
  validation: Score
}

/** How a loop over epochs ended. */
export interface Outcome {
  /** What ended the training: its number of epochs, or early stopping. */
  readonly stopped: 'epochs' | 'earlyStopping'
  /** The epoch whose parameters were kept by early stopping, counted from 1; null without it. */
  readonly bestEpoch: number | null
}

/** The result of a call of `fit`, with everything that is needed to repeat it. */
export interface History<E extends Epoch = Epoch> {
  /** The epochs, in order. */
  epochs: E[]
  /**
   * The last of `epochs`; not part of the history's JSON, which has it there.
   * @throws InputError where no epoch was trained, because early stopping had ended the run that was resumed
   */
  readonly last: E
  /** The seed of the run. */
  seed: number
  /** What it ran on. */
  backend: {
    /** `webgpu`, `wasm` or `cpu`. */
    name: string
    /** The device and its kind, for people. */
    description: string
  }
  /** The number of optimizer steps. */
  steps: number
  /** The duration of the training in seconds. */
  seconds: number
  /** Samples trained per second. */
  samplesPerSecond: number
  /** Why it ended: its epochs were over, or early stopping saw no more of an improvement. */
  stopped: Outcome['stopped']
  /**
   * How often a GPU device was lost during it, and another one, or the CPU, went on. 0 for the networks of a sweep: they share
   * devices, and a network may be trained again on another device with others, so `recoveries` of a round counts for all.
   */
  recoveries: number
  /** The epoch whose parameters it ended with, where early stopping looked for it. */
  bestEpoch: number | null
}

/** Adds `last`, which is computed when it is read. */
export function makeHistory(history: Omit<History, 'last'>): History {
  const { epochs } = history
  const last = () => {
    const epoch = epochs.at(-1)
    if (!epoch)
      throw new InputError('history.last: no epoch was trained, because early stopping had ended this run before')
    return epoch
  }
  return Object.defineProperty(history, 'last', { get: last, enumerable: false }) as History
}
