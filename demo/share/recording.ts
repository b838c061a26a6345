/** A state of the run with its epoch. */
interface Dated {
  epoch: number
}

/** The most moments of a film: at 15 a second they take 8 seconds. */
export const MAX_MOMENTS = 120

/**
 * The moments of a run for its film. They are evenly spaced over the reports of the run; when there are too many, every
 * second one is removed, and from then on every second report is left out.
 */
export class Recording<M extends Dated> {
  #moments: M[] = []
  #stride = 1
  #reports = 0

  get moments(): readonly M[] {
    return this.#moments
  }

  /**
   * Adds the state after an epoch. Moments of the same and of later epochs are removed: they belong to an earlier run, or
   * to a part of the run from which the user went back.
   * @param make is called only if the moment is kept
   */
  add(epoch: number, make: () => M): void {
    if (this.#moments.length > 0 && this.#moments.at(-1)!.epoch >= epoch) {
      this.#moments = this.#moments.filter((moment) => moment.epoch < epoch)
    }
    if (this.#moments.length === 0) [this.#stride, this.#reports] = [1, 0]
    if (this.#reports++ % this.#stride !== 0) return
    this.#moments.push(make())
    if (this.#moments.length <= MAX_MOMENTS) return
    this.#moments = this.#moments.filter((_, i) => i % 2 === 0)
    this.#stride *= 2
  }
}
