/** How fast a run trains: the chosen speed, when the next epoch is due, and the rates that are reached. */
export class Pace {
  /** Epochs per second; 0 for no limit. */
  #speed: number
  /** Since training began or its speed changed: start time, epochs, and the milliseconds spent in these epochs. */
  #began = performance.now()
  #epochs = 0
  #busy = 0

  constructor(speed: number) {
    this.#speed = speed
  }

  /** Counts from now on. */
  restart(speed = this.#speed): void {
    this.#speed = speed
    this.#began = performance.now()
    this.#epochs = 0
    this.#busy = 0
  }

  /** Counts epochs that took this many milliseconds together. */
  count(epochs: number, milliseconds: number): void {
    this.#epochs += epochs
    this.#busy += milliseconds
  }

  /** Milliseconds until the next epoch is due; zero or negative if it is due now. */
  get untilNext(): number {
    return this.#speed === 0 ? 0 : this.#began + (1000 * this.#epochs) / this.#speed - performance.now()
  }

  /** The number of epochs that are due now. */
  get due(): number {
    return this.#speed === 0 ? Infinity : 1 + Math.floor((-this.untilNext * this.#speed) / 1000)
  }

  get epochsPerSecond(): number {
    const seconds = (performance.now() - this.#began) / 1000
    return seconds > 0 ? this.#epochs / seconds : 0
  }

  /** Samples per second of training, without pauses between epochs. */
  samplesPerSecond(samples: number): number {
    return this.#busy > 0 ? (1000 * this.#epochs * samples) / this.#busy : 0
  }
}
