import type { Checkpoint, Score } from '../../src/index.ts'
import type { MomentList, Place } from '../protocol.ts'

/** A state of a run that can be restored: what it scored, and all that training needs to continue from there. */
export interface Moment extends Place {
  /** Moments are counted throughout a run; a number is never used again. */
  number: number
  train: Score
  test: Score | null
  /** Whether the user set a weight or a bias. */
  edited: boolean
  checkpoint: Checkpoint
}

/** The most moments to keep, and the most bytes that they may occupy together. */
const MAX = { moments: 240, bytes: 64 * 2 ** 20 }

/** The fewest moments to keep, however large the network is. */
const LEAST = 8

/** The number of the latest moments that are never removed, so that one can go back by single epochs and steps. */
const RECENT = 12

/**
 * The states of a run that can be restored, the earliest first. Every moment is kept until there are too many; then those
 * that are closest to their neighbours are removed, but never the first and the latest ones.
 */
export class Moments {
  #all: Moment[] = []
  #count = 0

  get latest(): Moment {
    return this.#all.at(-1)!
  }

  /** Adds a moment after all others, and numbers it. */
  keep(state: Omit<Moment, 'number'>): Moment {
    const moment = { number: this.#count++, ...state }
    const last = this.#all.at(-1)
    // Of the values of a slider, only the last one can be restored.
    if (moment.edited && last?.edited && last.step === moment.step) this.#all.pop()
    this.#all.push(moment)
    const most = mostMoments(moment.checkpoint)
    while (this.#all.length > most) this.#all.splice(this.#leastUseful(Math.min(RECENT, most / 2)), 1)
    return moment
  }

  /** The index of the moment whose neighbours are the closest to each other. */
  #leastUseful(recent: number): number {
    const all = this.#all
    let best = 1
    for (let i = 1, least = Infinity; i < all.length - recent; i++) {
      const distance = all[i + 1]!.step - all[i - 1]!.step
      if (distance < least) [best, least] = [i, distance]
    }
    return best
  }

  /** The last moment whose number is at most this one: of a moment that was removed, the one before it. */
  find(number: number): Moment {
    return this.#all.findLast((moment) => moment.number <= number) ?? this.#all[0]!
  }

  discardAfter({ number }: Moment): void {
    this.#all = this.#all.filter((moment) => moment.number <= number)
  }

  /** The numbers of the moments, and the epochs and steps after which they were kept. */
  list(): MomentList {
    return {
      numbers: Float64Array.from(this.#all, (moment) => moment.number),
      epochs: Float64Array.from(this.#all, ({ epoch }) => epoch),
      steps: Float64Array.from(this.#all, ({ step }) => step),
    }
  }
}

/** How many moments fit into the memory that is reserved for them. */
function mostMoments({ snapshot: { parameters, state } }: Checkpoint): number {
  const fitting = Math.floor(MAX.bytes / (parameters.byteLength + state.byteLength))
  return Math.max(LEAST, Math.min(MAX.moments, fitting))
}
