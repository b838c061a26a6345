import {
  type Arithmetic,
  type Backend,
  type DataHandle,
  type DataSource,
  type DataUse,
  type Placement,
  type PlacementSettings,
  type Snapshot,
  underway,
  type Underway,
} from '../../backend/backend.ts'
import type { Network } from '../../model/network.ts'
import { type Base, Call, Journal, RepeatableData, Training } from './journal.ts'
import type { Loss } from './choices.ts'
import { isLoss, type Replacement, summaryOf } from './replacement.ts'
import { SnapshotPace } from './snapshot-pace.ts'

/**
 * The calls of a placement. After a loss of the device, the network is placed anew with the last snapshot, and the calls
 * since then are repeated.
 */
export class RepeatedCalls {
  readonly #network: Network
  readonly #settings: PlacementSettings
  readonly #replacement: Replacement
  readonly #journal: Journal
  readonly #pace = new SnapshotPace()
  readonly #data = new Set<RepeatableData>()
  #placement: Placement | undefined
  /** Counts the placements. */
  #generation = 0
  /** While calls wait: for a new device, or for a snapshot. */
  #recovering: Promise<void> | undefined
  #preparing: Promise<void> | undefined
  /** Training failed: the parameters are not those that the calls in the journal would give. */
  #isUncertain = false
  /** Why no placement replaces the last one. */
  #failure: { readonly error: unknown } | undefined
  #isDisposed = false
  /** Losses before anyone listened, such as those while the network was placed for the first time. */
  readonly #losses: Loss[] = []
  #onLoss: ((loss: Loss) => void) | undefined

  constructor(network: Network, settings: PlacementSettings, replacement: Replacement) {
    this.#network = network
    this.#settings = settings
    this.#replacement = replacement
    this.#journal = new Journal(network)
  }

  /** Places the network for the first time. @throws what the backend throws, except for losses of its device */
  async place(): Promise<void> {
    const { backend } = this.#replacement
    try {
      this.#placement = await backend.place(this.#network, this.#settings)
    } catch (error) {
      if (!(await isLoss(error, backend))) throw error
      await this.#recover(error)
      if (this.#failure) throw this.#failure.error
    }
  }

  /** Called after each loss, when the network is placed again. */
  set onLoss(listener: (loss: Loss) => void) {
    this.#onLoss = listener
    for (const loss of this.#losses.splice(0)) listener(loss)
  }

  get placement(): Placement {
    return this.#placement!
  }

  /** Whether the last epochs were not finite, and the parameters were not read since. */
  get hasDiverged(): boolean {
    return this.#journal.hasDiverged
  }

  /** Whether these data may be uploaded again. */
  holds(source: DataSource): boolean {
    return this.#journal.holds(source)
  }

  async upload(source: DataSource, use: DataUse | undefined): Promise<RepeatableData> {
    for (;;) {
      await this.#ready()
      const generation = this.#generation
      try {
        const handle = await this.placement.upload(source, use)
        if (generation === this.#generation) return this.#keep(source, use, handle)
      } catch (error) {
        if (!(await this.#isRecovered(error, generation))) throw this.#failure?.error ?? error
      }
    }
  }

  #keep(source: DataSource, use: DataUse | undefined, handle: DataHandle): RepeatableData {
    const data = new RepeatableData(source, use, handle, (disposed) => this.#data.delete(disposed))
    this.#data.add(data)
    return data
  }

  /** A snapshot, which also shortens the journal. */
  read(): Promise<Snapshot> {
    return this.start(this.#reading()).result
  }

  write(snapshot: Base): Promise<void> {
    const work = (placement: Placement) => placement.write(snapshot)
    return this.start(new Call(whole(work), { baseOf: () => this.#noted(snapshot) })).result
  }

  #reading(): Call<Snapshot> {
    return new Call(
      whole((placement) => placement.read()),
      { baseOf: (snapshot) => this.#noted(snapshot) },
    )
  }

  #noted(snapshot: Base): Base {
    this.#pace.note()
    this.#isUncertain = false
    return snapshot
  }

  /** Makes a call that changes nothing. */
  call<T>(work: (placement: Placement) => Promise<T>, data?: RepeatableData): Promise<T> {
    return this.start(new Call(whole(work), { data })).result
  }

  /** Starts a call at once, or once the device was replaced or a snapshot was taken. */
  start<T>(call: Call<T>): Underway<T> {
    const isDue = call instanceof Training && (this.#isUncertain || this.#pace.isDue(this.#journal))
    if (isDue) this.#preparing ??= this.#prepare().finally(() => (this.#preparing = undefined))
    if (!this.#recovering && !this.#preparing && !this.#failure) this.#begin(call)
    else {
      this.#ready().then(
        () => {
          this.#begin(call)
        },
        (error: unknown) => {
          call.reject(error)
        },
      )
    }
    return call
  }

  /** Waits while nothing may be started. @throws why there is no placement any more */
  async #ready(): Promise<void> {
    while (this.#recovering ?? this.#preparing) await (this.#recovering ?? this.#preparing)
    if (this.#failure) throw this.#failure.error
  }

  #begin<T>(call: Call<T>): void {
    this.#journal.add(call as Call)
    const generation = this.#generation
    const { accepted, result } = call.start(this.placement, false)
    accepted.then(
      () => {
        call.accept()
      },
      () => undefined,
    )
    result.then(
      (value) => {
        this.#finish(call, value)
      },
      (error: unknown) => this.#fail(call as Call, error, generation),
    )
  }

  #finish<T>(call: Call<T>, value: T): void {
    // A late result of the device that was lost, or the repetition came first.
    if (call.isDone) return
    this.#replacement.noteProgress()
    this.#journal.finish(call, value)
  }

  async #fail(call: Call, error: unknown, generation: number): Promise<void> {
    if ((await this.#isRecovered(error, generation)) || call.isDone) return
    this.#refuse(call, this.#failure?.error ?? error)
  }

  /** A call failed otherwise than by a loss. Training may have been stopped after some of its steps. */
  #refuse(call: Call, error: unknown): void {
    this.#journal.remove(call)
    if (call instanceof Training) this.#isUncertain = true
    call.reject(error)
  }

  /**
   * Whether a call that failed is repeated on another device, which it waits for.
   * @param generation of the placement that it was made on
   */
  async #isRecovered(error: unknown, generation: number): Promise<boolean> {
    if (this.#isDisposed) return false
    if (generation === this.#generation) {
      if (!(await isLoss(error, this.#replacement.backend))) return false
      if (generation === this.#generation) await this.#recover(error)
    }
    await this.#recovering
    return this.#failure === undefined
  }

  /** Takes a snapshot, once all results are known. */
  async #prepare(): Promise<void> {
    await Promise.allSettled(this.#journal.calls.map(({ result }) => result))
    await this.#recovering
    if (this.#journal.hasDiverged || this.#failure) return
    const began = performance.now()
    const generation = this.#generation
    const reading = this.#reading()
    this.#begin(reading)
    await reading.result.catch(() => undefined)
    if (generation === this.#generation) this.#pace.learn(performance.now() - began)
  }

  /** Places the network anew; calls wait meanwhile. */
  #recover(error: unknown): Promise<void> {
    this.#recovering ??= this.#replace(error).finally(() => (this.#recovering = undefined))
    return this.#recovering
  }

  async #replace(cause: unknown): Promise<void> {
    this.#generation++
    const reason = summaryOf(cause)
    const arithmetic = this.#placement?.arithmetic
    for (let error = cause; ;) {
      this.#placement?.dispose()
      try {
        const backend = await this.#replacement.next(error)
        await this.#placeOn(backend, arithmetic)
        const { name, description } = backend
        const loss = { reason, backend: { name, description }, isSlower: this.#replacement.isOnHost }
        if (this.#onLoss) this.#onLoss(loss)
        else this.#losses.push(loss)
        await this.#repeat()
        return
      } catch (next) {
        error = next
        const { backend, isDisposedOf } = this.#replacement
        if (!this.#isDisposed && !isDisposedOf && (await isLoss(next, backend))) continue
        this.#failure = { error: next }
        for (const call of this.#journal.calls) if (!call.isDone) call.reject(next)
        return
      }
    }
  }

  /** Places the network with the snapshot and all data. */
  async #placeOn(backend: Backend, arithmetic: Arithmetic | undefined): Promise<void> {
    const placement = await backend.place(this.#network, this.#settings)
    try {
      if (arithmetic?.backend === placement.arithmetic.backend) await placement.adopt(arithmetic)
      await placement.write(this.#journal.base)
      const repeated = this.#journal.calls.flatMap(({ data }) => data ?? [])
      const handles = new Map<RepeatableData, DataHandle>()
      for (const data of new Set([...this.#data, ...repeated])) {
        handles.set(data, await placement.upload(data.source, data.use))
      }
      for (const [data, handle] of handles) data.handle = handle
    } catch (error) {
      placement.dispose()
      throw error
    }
    this.#placement = placement
    if (this.#isDisposed) placement.dispose()
  }

  /** Repeats the calls since the snapshot, and gives the results of those that have none yet. */
  async #repeat(): Promise<void> {
    const calls = [...this.#journal.calls]
    for (const call of calls) {
      const { isDone } = call
      try {
        const { accepted, result } = call.start(this.placement, isDone)
        await accepted
        call.accept()
        this.#finish(call, await result)
      } catch (error) {
        if (isDone || (await isLoss(error, this.#replacement.backend))) throw error
        this.#refuse(call, error)
      }
    }
    // Data that were disposed of were uploaded for this only.
    for (const { data } of calls) if (data?.isDisposed) data.handle.dispose()
  }

  dispose(): void {
    this.#isDisposed = true
    this.#placement?.dispose()
  }
}

/** A call without a part of the host's own: it is accepted when it is done. */
const whole =
  <T>(work: (placement: Placement) => Promise<T>) =>
  (placement: Placement): Underway<T> =>
    underway(async () => ({ result: await work(placement) }))
