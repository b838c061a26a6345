import type { DataHandle, EpochCounts, EpochOrder, Placement, Sums, Underway } from '../../backend/backend.ts'
import type { Fault } from '../../backend/fault.ts'
import { Dataset } from '../../data/dataset.ts'

/** Samples with the outputs for them: samples × outputs, row-major. */
export interface PredictedPart {
  readonly data: Dataset
  readonly outputs: Float32Array
}

/** Samples in host memory that are in a row in the data, or in the pass of a stream. */
export interface DataWindow {
  readonly data: Dataset
  /** The number of the first of them, from 0. */
  readonly first: number
}

/** Data on their way to a placed network: they lie with the backend as a whole, or pass through it in windows. */
export interface Feed {
  readonly samples: number
  /** As {@link Placement.train}. */
  train(epochs: readonly EpochOrder[]): Underway<Sums[]>
  /** As {@link Placement.locateFault}. */
  locateFault(): Promise<Fault | undefined>
  /** After an epoch that was not finite: its samples in host memory, or those among which it became so. */
  faultWindow(): DataWindow | undefined
  /** As {@link Placement.score}. */
  score(): Underway<Sums>
  /** The outputs for all samples, in the order of the data, a part at a time. */
  outputs(): AsyncGenerator<PredictedPart>
  /** How many epochs are worth handing over at once. */
  epochs(batchSize: number): EpochCounts
  /** Frees what lies with the backend. */
  dispose(): void
}

/** Data that lie with the backend as a whole. */
export class WholeFeed implements Feed {
  readonly #placement: Placement
  readonly #data: Dataset
  readonly #handle: DataHandle
  readonly #countsLabels: () => boolean

  /** @param countsLabels whether correct labels are counted, and not correct samples */
  constructor(placement: Placement, data: Dataset, handle: DataHandle, countsLabels: () => boolean) {
    this.#placement = placement
    this.#data = data
    this.#handle = handle
    this.#countsLabels = countsLabels
  }

  get samples(): number {
    return this.#data.length
  }

  train(epochs: readonly EpochOrder[]): Underway<Sums[]> {
    const countsLabels = this.#countsLabels()
    const counting = epochs.map((epoch) => ({ ...epoch, countsLabels }))
    return this.#placement.train(this.#handle, counting)
  }

  locateFault(): Promise<Fault | undefined> {
    return this.#placement.locateFault()
  }

  faultWindow(): DataWindow {
    return { data: this.#data, first: 0 }
  }

  score(): Underway<Sums> {
    return this.#placement.score(this.#handle, this.#countsLabels())
  }

  async *outputs(): AsyncGenerator<PredictedPart> {
    yield { data: this.#data, outputs: await this.#placement.outputs(this.#handle) }
  }

  epochs(batchSize: number): EpochCounts {
    return this.#placement.capacity.epochs(this.#handle, batchSize)
  }

  dispose(): void {
    this.#handle.dispose()
  }
}
