import type { Placement } from '../../backend/backend.ts'
import type { Recovery } from './choices.ts'
import { isRecoverable } from './recoverable.ts'

/** Counts the recoveries of a placement, and keeps those that were not reported yet. */
export class Recoveries {
  #count = 0
  #unreported: Recovery[] = []

  /** @param epoch the number of complete epochs */
  constructor(placement: Placement, epoch: () => number) {
    if (!isRecoverable(placement)) return
    placement.listen((loss) => {
      this.#count++
      this.#unreported.push({ ...loss, epoch: epoch() })
    })
  }

  get count(): number {
    return this.#count
  }

  /** Calls `listener` with each recovery that was not reported yet. */
  report(listener: ((recovery: Recovery) => void) | undefined): void {
    const news = this.#unreported
    this.#unreported = []
    for (const recovery of news) listener?.(recovery)
  }
}
