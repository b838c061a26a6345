/** A call that takes no longer than so many milliseconds is worth making for a single epoch. */
const SHORT = 8

/**
 * How many epochs it is good to train in one call: one, unless a call takes long for another reason than the epoch itself,
 * as where a browser tells only ten times a second what the GPU has done. Then as many as take `milliseconds` beyond that.
 */
export class Group {
  readonly #milliseconds: number
  /** Of the shortest call. */
  #least = Infinity
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
    if (this.#least < SHORT) this.#atOnce = 1
    else {
      const perEpoch = Math.max(0, milliseconds - this.#least) / count
      this.#atOnce = Math.max(1, Math.min(2 * count, Math.floor(this.#milliseconds / Math.max(perEpoch, 0.01))))
    }
  }
}
