/** How often each number of threads is tried before one is preferred. */
const TRIALS = 4
/** After this many calls the other number is tried again, because the load of a machine changes. */
const CALLS_BETWEEN_TRIALS = 64

/**
 * Chooses between one thread and all of them by their measured time per step: small steps are faster on one thread. The
 * results have the same bits either way.
 */
export class ThreadChoice {
  readonly #options: readonly number[]
  /** The least time per step of each option, in milliseconds, and the number of measurements. */
  readonly #times: number[]
  readonly #trials: number[]
  #calls = 0

  constructor(threads: number) {
    this.#options = threads > 1 ? [threads, 1] : [1]
    this.#times = this.#options.map(() => Infinity)
    this.#trials = this.#options.map(() => 0)
  }

  /** The number of threads for the next call. */
  next(): number {
    return this.#options[this.#pick()]!
  }

  #pick(): number {
    if (this.#options.length === 1) return 0
    this.#calls++
    if (this.#trials.some((trials) => trials < TRIALS)) return this.#trials[0]! <= this.#trials[1]! ? 0 : 1
    const faster = this.#times[0]! <= this.#times[1]! ? 0 : 1
    if (this.#calls % CALLS_BETWEEN_TRIALS > 0) return faster
    // Both are measured anew: the least times may be of a machine that was idle then.
    this.#times.fill(Infinity)
    this.#trials.fill(TRIALS - 1)
    return faster
  }

  record(threads: number, millisecondsPerStep: number): void {
    const index = this.#options.indexOf(threads)
    // The first calls run code that is not optimized yet.
    if (this.#trials[index]! > 0) this.#times[index] = Math.min(this.#times[index]!, millisecondsPerStep)
    this.#trials[index]!++
  }
}
