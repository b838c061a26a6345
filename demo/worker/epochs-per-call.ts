/** Milliseconds. If the shortest call takes less, the overhead of a call is small enough for one epoch per call. */
const SHORT = 8

/** The largest factor by which one call can increase the estimated time per epoch. */
const MAX_RISE = 1.05

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
    // A longer call may only have waited for the next tick of the browser's timer, so the estimate rises slowly.
    this.#epochTime = Math.min(Math.max(0.01, milliseconds - this.#shortestCall) / count, MAX_RISE * this.#epochTime)
    const fitting = Math.floor(this.#milliseconds / this.#epochTime)
    this.#value = Math.max(1, Math.min(2 * Math.max(count, this.#value), fitting))
  }
}
