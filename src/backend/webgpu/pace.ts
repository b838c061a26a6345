/**
 * How many steps go into one submit: so many that the device works about `target` milliseconds on it. Longer, and a
 * page stutters, a driver's watchdog fires and an abort waits; shorter, and the submits themselves cost. Learned from
 * what the submits took.
 */
export class Pace {
  readonly #target: number
  readonly #most: number
  #steps = 2

  constructor(target: number, most: number) {
    this.#target = target
    this.#most = most
  }

  /** Steps for the next submit. */
  get steps(): number {
    return this.#steps
  }

  /** Takes in that a submit of `steps` took `milliseconds`. */
  learn(steps: number, milliseconds: number): void {
    const fitting = (steps * this.#target) / Math.max(milliseconds, 0.01)
    // At most fourfold at a time: the first measurements are of a device that was just waking up.
    this.#steps = Math.max(1, Math.min(this.#most, Math.floor(Math.min(fitting, this.#steps * 4))))
  }
}
