/** Milliseconds. If the shortest call takes less, the overhead of a call is small enough for one epoch per call. */
const SHORT = 8

/** Milliseconds between the ticks of a browser that reports finished GPU work late. A call may wait for one of them. */
const TICK = 100

/** The largest factor by which one call can increase the estimated time per epoch. */
const MAX_RISE = 1.05

/** The factor by which the estimate falls in a call of one epoch, whose time does not show what a second one would add. */
const DECAY = 0.9

/**
 * Chooses the number of epochs to train in one call. The number is 1 unless calls have a large fixed overhead, for example
 * in a browser that reports finished GPU work only ten times a second. Then it is the number of epochs that add
 * `milliseconds` to the overhead.
 */
export class EpochsPerCall {
  readonly #milliseconds: number
  /** Milliseconds of the shortest call. */
  #shortestCall = Infinity
  /** Milliseconds that an epoch adds to a call. */
  #epochTime = Infinity
  #value = 1

  constructor(milliseconds: number) {
    this.#milliseconds = milliseconds
  }

  get value(): number {
    return this.#value
  }

  /** Updates the estimates after a call that trained `count` epochs. */
  observe(count: number, milliseconds: number): void {
    this.#shortestCall = Math.min(this.#shortestCall, milliseconds)
    if (this.#shortestCall < SHORT) {
      this.#value = 1
      return
    }
    this.#epochTime = this.#estimate(count, milliseconds)
    const fitting = Math.floor(this.#milliseconds / this.#epochTime)
    this.#value = Math.max(1, Math.min(2 * Math.max(count, this.#value), fitting))
  }

  #estimate(count: number, milliseconds: number): number {
    const added = Math.max(0.01, milliseconds - this.#shortestCall)
    if (count === 1) return this.#epochTime === Infinity ? 0.01 : DECAY * this.#epochTime
    // A longer call may only have waited for a tick, so the estimate rises slowly; but the epochs took what exceeds a tick.
    const certain = (added - TICK) / count
    return Math.max(certain, Math.min(added / count, MAX_RISE * this.#epochTime))
  }
}
