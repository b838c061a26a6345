import type { BestLoss } from '../kept/run-state.ts'
import type { StopRule } from '../protocol.ts'
import type { Moment } from './moments.ts'

type Scored = Pick<Moment, 'epoch' | 'train' | 'test'>

/** Decides by a {@link StopRule} when training stops automatically. */
export class Stopping {
  rule: StopRule
  #best: BestLoss

  /** @param best of the epochs before, if the run is continued */
  constructor(rule: StopRule, best: BestLoss = { loss: Infinity, epoch: 0 }) {
    this.rule = rule
    this.#best = best
  }

  get best(): BestLoss {
    return this.#best
  }

  /** Training continues from an earlier epoch: the losses after it no longer count. */
  restartFrom(epoch: number): void {
    this.#best = { loss: Infinity, epoch }
  }

  /** A sentence that explains why training stops after this epoch; undefined if it continues. */
  reasonAfter({ epoch, train, test }: Scored): string | undefined {
    const { stop, patience } = this.rule
    const { loss } = test ?? train
    if (loss < this.#best.loss) this.#best = { loss, epoch }
    if (stop > 0 && epoch >= stop) return `Stopped after ${epoch.toLocaleString('en')} epochs.`
    if (patience === 0 || epoch - this.#best.epoch < patience) return undefined
    const whose = test ? 'test' : 'training'
    return (
      `Stopped: the ${whose} loss has not improved since epoch ${this.#best.epoch.toLocaleString('en')}. ` +
      'Drag the line below the controls back to return there.'
    )
  }
}
