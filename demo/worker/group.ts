/** Milliseconds; a call that takes no longer is made for a single epoch. */
const SHORT = 8

/** The factor by which the estimate of an epoch's time may rise with one call. */
const MOST_RISE = 1.05

/**
 * How many epochs it is good to train in one call: one, unless a call takes long for another reason than the epoch itself,
 * as where a browser tells only ten times a second what the GPU has done. Then as many as take `milliseconds` beyond that.
 */
export class Group {
  readonly #milliseconds: number
  /** Of the shortest call. */
  #least = Infinity
  /** Milliseconds that an epoch adds to a call. */
  #perEpoch = Infinity
  #atOnce = 1

  constructor(milliseconds: number) {
    this.#milliseconds = milliseconds
  }

  get atOnce(): number {
    return this.#atOnce
  }

  /** Takes in that a call with `count` epochs took so long. */
  learn(count: number, milliseconds: number): void {
    this.#least = Math.min(this.#least, milliseconds)
    if (this.#least < SHORT) {
      this.#atOnce = 1
      return
    }
    // A call that took longer than the last may only have waited for another beat of the browser's timer.
    this.#perEpoch = Math.min(Math.max(0.01, milliseconds - this.#least) / count, MOST_RISE * this.#perEpoch)
    const fitting = Math.floor(this.#milliseconds / this.#perEpoch)
    this.#atOnce = Math.max(1, Math.min(2 * Math.max(count, this.#atOnce), fitting))
  }
}
