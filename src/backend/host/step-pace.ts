/** Milliseconds of work of one call of a set's `steps`, about. */
const CALL_MILLISECONDS = 10
/** The most steps of one call. */
export const MOST_STEPS = 4096
/** The most epochs that are handed over together: their cost apart from the steps is considerable for small networks. */
const MOST_EPOCHS = 16

/** How many steps a set makes in one call, learned from the time that the last call took. */
export class StepPace {
  #steps = 16

  get steps(): number {
    return this.#steps
  }

  record(count: number, milliseconds: number): void {
    const wanted = Math.floor((count * CALL_MILLISECONDS) / Math.max(0.01, milliseconds))
    this.#steps = Math.max(1, Math.min(MOST_STEPS, 2 * this.#steps, wanted))
  }

  epochsTogether(steps: number): number {
    return Math.max(1, Math.min(MOST_EPOCHS, Math.floor(this.#steps / steps)))
  }
}
