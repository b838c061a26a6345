import type { Placement } from '../../backend/backend.ts'
import { RecoverablePlacement } from './recoverable-placement.ts'
import type { Recovery } from './choices.ts'

/** The recoveries of a placement, and which of them were reported. */
export class Recoveries {
  readonly #all: Recovery[] = []
  #reported = 0

  /** @param epoch the number of complete epochs */
  constructor(placement: Placement, epoch: () => number) {
    if (!(placement instanceof RecoverablePlacement)) return
    placement.onLoss = (loss) => this.#all.push({ ...loss, epoch: epoch() })
  }

  get count(): number {
    return this.#all.length
  }

  /** Calls `listener` with each recovery that was not reported yet. */
  report(listener: ((recovery: Recovery) => void) | undefined): void {
    const news = this.#all.slice(this.#reported)
    this.#reported = this.#all.length
    for (const recovery of news) listener?.(recovery)
  }
}
