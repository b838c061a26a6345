import type { Backend } from '../../src/index.ts'

/** What trains on a GPU that can be lost, and replaces it. */
interface Recovering {
  readonly backend: Backend
  /** How often it was replaced. */
  readonly recoveries: number
}

/** Watches the GPU that something trains on. A loss is noticed at once, also while nothing is computed. */
export class Losses {
  readonly #trainer: Recovering
  readonly #onLoss: () => void
  #watched: Promise<void> | undefined
  #recoveries: number
  #isStopped = false

  constructor(trainer: Recovering, onLoss: () => void) {
    this.#trainer = trainer
    this.#onLoss = onLoss
    this.#recoveries = trainer.recoveries
    this.#watch()
  }

  /** Whether a lost GPU was replaced since the last time that this was asked. */
  takeRecovery(): boolean {
    const { recoveries } = this.#trainer
    if (recoveries === this.#recoveries) return false
    this.#recoveries = recoveries
    this.#watch()
    return true
  }

  stop(): void {
    this.#isStopped = true
  }

  /** The device that replaced another one can be lost, too. */
  #watch(): void {
    const { lost } = this.#trainer.backend
    if (!lost || lost === this.#watched) return
    this.#watched = lost
    void lost.then(() => {
      if (!this.#isStopped) this.#onLoss()
    })
  }
}
