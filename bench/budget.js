/** A time budget that starts when it is created. Consecutive parts share it: unused time of one is available to the next. */
export class Budget {
  #end

  constructor(seconds) {
    this.#end = performance.now() / 1000 + seconds
  }

  /** Remaining seconds, at least 0. */
  get left() {
    return Math.max(0, this.#end - performance.now() / 1000)
  }

  /** A fraction of the remaining time. */
  part(fraction) {
    return new Budget(this.left * fraction)
  }
}
