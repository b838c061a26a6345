import {
  type DataHandle,
  type EpochCounts,
  type EpochOrder,
  type Placement,
  type Snapshot,
  type Sums,
  underway,
  type Underway,
} from '../../backend/backend.ts'
import type { Fault } from '../../backend/fault.ts'
import { Dataset } from '../../data/dataset.ts'
import type { DataStream } from '../../data/stream.ts'
import { countMinibatches } from '../../data/minibatch.ts'
import { addSums } from '../score.ts'
import type { DataWindow, Feed, PredictedPart } from './feed.ts'
import { WindowSource } from './window.ts'

/** How windows pass through a placed network. */
export interface Passage {
  readonly placement: Placement
  /** Whether the next window is sent while one is trained on; not where time is measured. */
  readonly ahead: boolean
  /** Throws where a stream's chunk does not go with the network. */
  readonly check: (chunk: Dataset) => void
  /** Whether correct labels are counted, and not correct samples; asked after the check of a chunk. */
  readonly countsLabels: () => boolean
}

/**
 * Data that do not fit where the network computes: they pass through in windows, and while one is trained on, the next is
 * put together and sent. The windows of a data set follow the epoch's order, so the steps are those of data that lie there
 * as a whole, to the bit. The sums of losses are not: a GPU adds them up in float32, here over the steps of one window at
 * most. Over an epoch of n steps, both differ from the exact sum by a share of n · 2⁻²⁴ at most.
 */
export class WindowedFeed implements Feed {
  readonly samples: number
  readonly #source: WindowSource
  readonly #passage: Passage
  /** Where the last epoch stopped being finite, if it did. */
  #fault: Fault | undefined
  /** The samples of a stream among which it did. */
  #faultWindow: DataWindow | undefined

  /** @param rows samples of a window, a multiple of the batch size */
  constructor(source: Dataset | DataStream, rows: number, passage: Passage) {
    const { placement } = passage
    this.samples = source.length
    this.#source = new WindowSource(source, rows, (window) => placement.holds?.(window) ?? false)
    this.#passage = passage
  }

  train(epochs: readonly EpochOrder[]): Underway<Sums[]> {
    return underway(async () => {
      const result: Sums[] = []
      for (const epoch of epochs) {
        const sums = await this.#trainEpoch(epoch)
        result.push(sums)
        if (!Number.isFinite(sums.loss)) break
      }
      return { result }
    })
  }

  async #trainEpoch(epoch: EpochOrder): Promise<Sums> {
    const { placement } = this.#passage
    // The backend goes back to the beginning of a window, not of the epoch.
    const began: Snapshot = await placement.read()
    const sums = await this.#trainWindows(epoch)
    if (!Number.isFinite(sums.loss)) await placement.write(began)
    return sums
  }

  locateFault(): Promise<Fault | undefined> {
    return Promise.resolve(this.#fault)
  }

  faultWindow(): DataWindow | undefined {
    const { source } = this.#source
    return source instanceof Dataset ? { data: source, first: 0 } : this.#faultWindow
  }

  /**
   * One epoch: while a window is trained on, the next is sent and its steps are handed over, and the one after it is put
   * together on the host. At most two windows are on the device.
   */
  async #trainWindows(epoch: EpochOrder): Promise<Sums> {
    const { placement, ahead, check, countsLabels } = this.#passage
    const sums: Sums = { loss: 0, right: 0, samples: 0 }
    const windows = this.#source.windows(epoch.order)
    const started: { data: Dataset; handle: DataHandle; training: Underway<Sums[]>; minibatchesBefore: number }[] = []
    this.#fault = undefined
    this.#faultWindow = undefined
    const finishFirst = async () => {
      const { data, handle, training, minibatchesBefore } = started.shift()!
      const wasFinite = Number.isFinite(sums.loss)
      try {
        for (const each of await training.result) addSums(sums, each)
        if (wasFinite && !Number.isFinite(sums.loss)) {
          // The next window ends first: it is not trained on any more.
          await Promise.allSettled(started.map((next) => next.training.result))
          const fault = await placement.locateFault()
          this.#fault = fault && { ...fault, minibatch: minibatchesBefore + fault.minibatch }
          this.#faultWindow = { data, first: minibatchesBefore * epoch.batchSize }
        }
      } finally {
        handle.dispose()
      }
    }
    let { stepsBefore } = epoch
    try {
      for (let coming = guarded(windows.next()); ;) {
        const next = await coming
        if (next.done) break
        const { data, order } = next.value
        check(data)
        const handle = await placement.upload(data, 'once')
        const training = placement.train(handle, [{ ...epoch, order, stepsBefore, countsLabels: countsLabels() }])
        coming = guarded(windows.next())
        started.push({ data, handle, training, minibatchesBefore: stepsBefore - epoch.stepsBefore })
        await training.accepted
        stepsBefore += countMinibatches(order.length, epoch.batchSize)
        if (started.length >= (ahead ? 2 : 1)) await finishFirst()
        if (!Number.isFinite(sums.loss)) break
      }
      while (started.length > 0) await finishFirst()
      return sums
    } finally {
      // After a failure, windows may still be under way.
      for (const { handle, training } of started) {
        await training.result.catch(() => undefined)
        handle.dispose()
      }
      await windows.return(undefined).catch(() => undefined)
    }
  }

  score(): Underway<Sums> {
    return underway(async () => {
      const result: Sums = { loss: 0, right: 0, samples: 0 }
      const { placement, countsLabels } = this.#passage
      const scores = this.#eachWindow((handle) => placement.score(handle, countsLabels()).result)
      for await (const sums of scores) addSums(result, sums)
      return { result }
    })
  }

  outputs(): AsyncGenerator<PredictedPart> {
    const { placement } = this.#passage
    return this.#eachWindow(async (handle, data) => ({ data, outputs: await placement.outputs(handle) }))
  }

  /** Results for one window after another: one is computed while the next is sent. */
  async *#eachWindow<T>(compute: (handle: DataHandle, data: Dataset) => Promise<T>): AsyncGenerator<T> {
    const { placement, ahead, check } = this.#passage
    const windows = this.#source.windows()
    const send = async () => {
      const next = await windows.next()
      if (next.done) return undefined
      const { data } = next.value
      check(data)
      return { handle: await placement.upload(data, 'once'), data }
    }
    let coming = guarded(send())
    try {
      for (let sent = await coming; sent; sent = await coming) {
        let result: T
        try {
          const computing = guarded(compute(sent.handle, sent.data))
          if (ahead) coming = guarded(send())
          result = await computing
        } finally {
          sent.handle.dispose()
        }
        yield result
        if (!ahead) coming = guarded(send())
      }
    } finally {
      // After a failure, or where the loop was left.
      ;(await coming.catch(() => undefined))?.handle.dispose()
      await windows.return(undefined).catch(() => undefined)
    }
  }

  epochs(): EpochCounts {
    return { together: 1, ahead: 1 }
  }

  dispose(): void {
    // Windows are freed one by one.
  }
}

/** A promise that is awaited later, or never where something else fails first. */
function guarded<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined)
  return promise
}
