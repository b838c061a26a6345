/** A stretch of time that runs from when it is made. Parts of it are taken one after another; what one leaves over, the next has. */
export class Budget {
  #end

  constructor(seconds) {
    this.#end = performance.now() / 1000 + seconds
  }

  /** Seconds that are left, at least 0. */
  get left() {
    return Math.max(0, this.#end - performance.now() / 1000)
  }

  /** A part of what is left. */
  part(fraction) {
    return new Budget(this.left * fraction)
  }
}
