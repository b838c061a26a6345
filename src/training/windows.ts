import type { EpochPlan, LoadedData, PlacedNetwork, Snapshot, Sums, Trace } from '../backend/backend.ts'
import { Dataset } from '../data/dataset.ts'
import type { Matrix } from '../core/matrix.ts'
import { DataStream, exampleOf } from '../data/stream.ts'
import { countMinibatches } from '../data/minibatch.ts'
import type { Settings } from './options.ts'
import { addSums } from './score.ts'
import { likeness, MOST_STREAMED, WindowedData, windowsOf } from './window-data.ts'

/**
 * A placed network that takes any data: those that do not fit where it computes pass through in windows, and while one is
 * trained on, the next is made and sent. A data set's windows are taken in the epoch's own order, so the steps are those of
 * data that lie there whole, to the bit. The sums of losses are not: a GPU adds them up in float32, here over the steps of
 * a window at most. Over an epoch of n steps, both differ from the exact sum by a share of n · 2⁻²⁴ at most.
 */
export class WindowedNetwork implements PlacedNetwork {
  readonly #placed: PlacedNetwork
  readonly #batchSize: number
  readonly #mostBytes: number
  /** Whether the next window is sent while one is trained on; not where time is measured. */
  readonly #ahead: boolean
  readonly #check: (chunk: Dataset) => void
  /** Parameters as they were when the epoch began that passes through in windows. */
  #epochBegan: Snapshot | undefined

  /** @param check throws where a stream's chunk does not go with the network */
  constructor(placed: PlacedNetwork, settings: Settings, check: (chunk: Dataset) => void) {
    this.#placed = placed
    this.#batchSize = settings.batchSize
    this.#mostBytes = settings.dataMemory
    this.#ahead = settings.profiler === undefined
    this.#check = check
  }

  get memory(): number {
    return this.#placed.memory
  }

  /** Samples of a window of such data; Infinity where all of them fit. Two windows are held at once. */
  #windowRows(data: Dataset): number {
    const most = this.#placed.mostRows(data, this.#mostBytes)
    if (data.length <= most) return Infinity
    const half = this.#mostBytes < Infinity ? Math.floor(most / 2) : most
    return Math.max(1, Math.floor(half / this.#batchSize)) * this.#batchSize
  }

  /**
   * Exact for data that fit, and for windows of training data; an upper bound for data that are scored in windows, and for
   * streams, whose chunks may turn out to take less.
   * @throws InputError for a stream without an example
   */
  memoryFor(train: Dataset | DataStream, validation?: Dataset | DataStream): number {
    const own = this.#heldAtOnce(train)
    const scored = validation && this.#heldAtOnce(validation)
    const both = this.#placed.memoryFor(own.data, scored?.data)
    const alone = this.#placed.memoryFor(own.data)
    const forTraining = own.passing ? 2 * this.#placed.passingBytes(own.data) : alone - this.memory
    // Two windows are there at once while they are scored, too.
    const forScoring = both - alone + (scored?.passing ? this.#placed.passingBytes(scored.data) : 0)
    return this.memory + forTraining + forScoring
  }

  /** The data themselves, or what a window has of them. */
  #heldAtOnce(data: Dataset | DataStream): { data: Dataset; passing: boolean } {
    if (data instanceof Dataset) {
      const rows = this.#windowRows(data)
      return rows >= data.length ? { data, passing: false } : { data: data.slice(0, rows), passing: true }
    }
    const example = exampleOf(data)
    return { data: likeness(example, Math.min(data.length, this.#streamRows(example))), passing: true }
  }

  /** Samples of a window of a stream with such chunks. */
  #streamRows(example: Dataset): number {
    // A single row says nothing of whether all values of the stream fit a byte each.
    const most = this.#placed.mostRows(example.slice(0, 1), this.#mostBytes)
    const rows = Math.min(most / (this.#mostBytes < Infinity ? 2 : 1), MOST_STREAMED / example.inputs.cols)
    return Math.max(1, Math.floor(rows / this.#batchSize)) * this.#batchSize
  }

  mostRows(data: Dataset, mostBytes: number): number {
    return this.#placed.mostRows(data, mostBytes)
  }

  passingBytes(data: Dataset): number {
    return this.#placed.passingBytes(data)
  }

  load(data: Dataset): Promise<LoadedData> {
    const rows = this.#windowRows(data)
    return rows === Infinity ? this.#placed.load(data) : Promise.resolve(new WindowedData(data, rows))
  }

  /** Data that come a chunk at a time; the example, or the first chunk, says how many samples a window has. */
  async loadStream(stream: DataStream): Promise<LoadedData> {
    const example = stream.example ?? (await stream.take(this.#batchSize))
    this.#check(example)
    return new WindowedData(stream, this.#streamRows(example))
  }

  async startEpochs(data: LoadedData, plans: readonly EpochPlan[]): Promise<{ sums: Promise<Sums[]> }> {
    this.#epochBegan = undefined
    if (!(data instanceof WindowedData)) return this.#placed.startEpochs(data, plans)
    const done: Sums[] = []
    for (const plan of plans) {
      const sums = await this.#trainWindows(data, plan)
      done.push(sums)
      if (!Number.isFinite(sums.loss)) break
    }
    return { sums: Promise.resolve(done) }
  }

  /**
   * One epoch: while a window is trained on, the next is sent and its steps are handed over, and the one after it is put
   * together on the host. No more than two are on the device.
   */
  async #trainWindows(data: WindowedData, plan: EpochPlan): Promise<Sums> {
    const sums: Sums = { loss: 0, right: 0, samples: 0 }
    // The backend's own checkpoint is the beginning of a window.
    this.#epochBegan = await this.#placed.snapshot()
    const windows = windowsOf(data, plan.order)
    const started: { handle: LoadedData; sums: Promise<Sums[]> }[] = []
    const finishFirst = async () => {
      const { handle, sums: own } = started.shift()!
      try {
        for (const each of await own) addSums(sums, each)
      } finally {
        handle.dispose()
      }
    }
    let { stepsBefore } = plan
    const atOnce = this.#ahead ? 2 : 1
    try {
      for (let coming = guarded(windows.next()); ;) {
        const result = await coming
        if (result.done) break
        const window = result.value
        this.#check(window.data)
        const handle = await this.#placed.load(window.data, true)
        const starting = this.#placed.startEpochs(handle, [{ ...plan, order: window.order, stepsBefore }])
        coming = guarded(windows.next())
        started.push({ handle, sums: guarded(starting.then((begun) => begun.sums)) })
        await starting
        stepsBefore += countMinibatches(window.order.length, plan.batchSize)
        if (started.length >= atOnce) await finishFirst()
        if (!Number.isFinite(sums.loss)) break
      }
      while (started.length > 0) await finishFirst()
      return sums
    } finally {
      // What a failure left under way.
      for (const { handle, sums: own } of started) {
        await own.catch(() => undefined)
        handle.dispose()
      }
      await windows.return(undefined).catch(() => undefined)
    }
  }

  epochsAtOnce(data: LoadedData, batchSize: number): number {
    return data instanceof WindowedData ? 1 : this.#placed.epochsAtOnce(data, batchSize)
  }

  epochsAhead(data: LoadedData, batchSize: number): number {
    return data instanceof WindowedData ? 1 : this.#placed.epochsAhead(data, batchSize)
  }

  async startScore(data: LoadedData): Promise<{ sums: Promise<Sums> }> {
    if (!(data instanceof WindowedData)) return this.#placed.startScore(data)
    return { sums: Promise.resolve(await this.#scoreWindows(data)) }
  }

  /** Loss and right answers over a data set. */
  async score(data: LoadedData): Promise<Sums> {
    return (await this.startScore(data)).sums
  }

  async #scoreWindows(data: WindowedData): Promise<Sums> {
    const sums: Sums = { loss: 0, right: 0, samples: 0 }
    const windows = windowsOf(data)
    const next = async () => {
      const result = await windows.next()
      if (result.done) return undefined
      this.#check(result.value.data)
      return this.#placed.load(result.value.data, true)
    }
    let coming = guarded(next())
    try {
      for (let handle = await coming; handle; handle = await coming) {
        try {
          const scoring = guarded(this.#placed.startScore(handle).then((begun) => begun.sums))
          // Two are there at once: one is scored, the next is sent.
          if (this.#ahead) coming = guarded(next())
          addSums(sums, await scoring)
        } finally {
          handle.dispose()
        }
        if (!this.#ahead) coming = guarded(next())
      }
      return sums
    } catch (error) {
      ;(await coming.catch(() => undefined))?.dispose()
      throw error
    } finally {
      await windows.return(undefined).catch(() => undefined)
    }
  }

  predict(inputs: Matrix): Promise<Float32Array> {
    return this.#placed.predict(inputs)
  }

  trace(minibatch: Dataset): Promise<Trace> {
    return this.#placed.trace(minibatch)
  }

  readParameters(): Promise<Float32Array> {
    return this.#placed.readParameters()
  }

  snapshot(): Promise<Snapshot> {
    return this.#placed.snapshot()
  }

  restore(snapshot: Snapshot): Promise<void> {
    return this.#placed.restore(snapshot)
  }

  async restoreCheckpoint(): Promise<void> {
    await this.#placed.restoreCheckpoint()
    // As the backends do: the optimizer's state begins anew.
    if (this.#epochBegan) await this.#placed.restore({ ...this.#epochBegan, state: new Float32Array() })
  }

  dispose(): void {
    this.#placed.dispose()
  }
}

/** A promise that is awaited later, or not at all where something else fails first. */
function guarded<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined)
  return promise
}
