import type { Score } from '../../src/index.ts'
import type { StopRule } from '../protocol.ts'

/** An earlier state of a run that can be restored. */
interface Snapshot {
  epoch: number
  step: number
  train: Score
  test: Score | null
  /** Whether the user set a value. */
  edited?: boolean
  parameters: Float32Array
}

/** The largest number of snapshots. When it is exceeded, every second snapshot is removed. */
const MAX_SNAPSHOTS = 240

/** The states of a run that can be restored, the earliest first, and the rule by which the run ends. */
export class Snapshots {
  #all: Snapshot[] = []
  #stride = 1
  #best = { loss: Infinity, epoch: 0 }

  get length(): number {
    return this.#all.length
  }

  /** @param index counted from 0, or back from −1 */
  at(index: number): Snapshot | undefined {
    return this.#all.at(index)
  }

  /** Adds a snapshot of the current state; of the earlier ones, those of every `stride`-th epoch remain. */
  keep(snapshot: Snapshot): void {
    const last = this.#all.at(-1)
    // Of the values of a slider, only the last one can be restored.
    const isSameEdit = snapshot.edited && last?.edited && last.step === snapshot.step && last.epoch === snapshot.epoch
    if (last && (isSameEdit || last.epoch % this.#stride !== 0)) this.#all.pop()
    this.#all.push(snapshot)
    if (this.#all.length <= MAX_SNAPSHOTS) return
    this.#stride *= 2
    this.#all = this.#all.filter(({ epoch }, i) => epoch % this.#stride === 0 || i === this.#all.length - 1)
  }

  /** Removes the snapshots after this one. */
  discardAfter(index: number): void {
    if (index < this.#all.length - 1) this.#best = { loss: Infinity, epoch: this.#all[index]!.epoch }
    this.#all.splice(index + 1)
  }

  /** A sentence that explains why training stops now by this rule; undefined if it continues. */
  reasonToStop({ stop, patience }: StopRule): string | undefined {
    const { epoch, train, test } = this.#all.at(-1)!
    const { loss } = test ?? train
    if (loss < this.#best.loss) this.#best = { loss, epoch }
    if (stop > 0 && epoch >= stop) return `Stopped after ${epoch.toLocaleString('en')} epochs.`
    if (patience === 0 || epoch - this.#best.epoch < patience) return undefined
    const whose = test ? 'test' : 'training'
    return `Stopped: the ${whose} loss has not improved since epoch ${this.#best.epoch.toLocaleString('en')}. Use Rewind to return there.`
  }
}
