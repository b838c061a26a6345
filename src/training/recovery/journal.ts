import type {
  DataSource,
  DataUse,
  DataHandle,
  EpochOrder,
  Placement,
  Snapshot,
  Sums,
  Underway,
} from '../../backend/backend.ts'

/** Parameters and the optimizer's state; without a state, it is what it is before the first step. */
export type Base = Pick<Snapshot, 'parameters'> & Partial<Snapshot>

/** A data set that can be uploaded again. */
export class RepeatableData implements DataHandle {
  readonly source: DataSource
  readonly use: DataUse | undefined
  /** On the present device. */
  handle: DataHandle
  readonly #onDispose: (data: RepeatableData) => void
  #isDisposed = false

  constructor(
    source: DataSource,
    use: DataUse | undefined,
    handle: DataHandle,
    onDispose: (data: RepeatableData) => void,
  ) {
    this.source = source
    this.use = use
    this.handle = handle
    this.#onDispose = onDispose
  }

  get samples(): number {
    return this.handle.samples
  }

  get memory(): number {
    return this.handle.memory
  }

  get isDisposed(): boolean {
    return this.#isDisposed
  }

  dispose(): void {
    if (this.#isDisposed) return
    this.#isDisposed = true
    this.handle.dispose()
    this.#onDispose(this)
  }
}

/** A call of a placement that can be repeated on another one. */
export class Call<T = unknown> {
  readonly accepted: Promise<unknown>
  readonly result: Promise<T>
  /** @param isRepeated whether its result is known already, so that nothing may abort it */
  readonly start: (placement: Placement, isRepeated: boolean) => Underway<T>
  /** What it reads on the device. */
  readonly data: RepeatableData | undefined
  /** The snapshot that follows from its result. */
  readonly baseOf: ((result: T) => Base) | undefined
  #isDone = false
  #accept!: () => void
  #resolve!: (value: T) => void
  #reject!: (error: unknown) => void

  constructor(
    start: Call<T>['start'],
    { data, baseOf }: { data?: RepeatableData | undefined; baseOf?: Call<T>['baseOf'] } = {},
  ) {
    this.start = start
    this.data = data
    this.baseOf = baseOf
    const accepted = new Promise<void>((resolve) => (this.#accept = resolve))
    this.result = new Promise<T>((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    this.result.catch(() => undefined)
    // Fails with the result.
    this.accepted = Promise.race([accepted, this.result])
    this.accepted.catch(() => undefined)
  }

  /** Whether the caller has its result or its error. */
  get isDone(): boolean {
    return this.#isDone
  }

  accept(): void {
    this.#accept()
  }

  resolve(value: T): void {
    this.#isDone = true
    this.#resolve(value)
  }

  reject(error: unknown): void {
    this.#isDone = true
    this.#reject(error)
  }
}

/** A call that changes the parameters: it is repeated after a loss, also when its result is known. */
export class Training extends Call<Sums[]> {
  /** Bytes of host memory that are kept for it: its orders, and data that pass through once. */
  readonly bytes: number
  /** Whether an epoch of it was not finite. */
  hasDiverged = false

  constructor(data: RepeatableData, epochs: readonly EpochOrder[]) {
    const quiet = () => epochs.map((epoch) => ({ ...epoch, signal: undefined }))
    super((placement, isRepeated) => placement.train(data.handle, isRepeated ? quiet() : epochs), { data })
    const { inputs, targets, weights } = data.source
    const arrays = [inputs.data, targets?.data, weights]
    const passing = data.use === 'once' ? arrays.reduce((sum, array) => sum + (array?.byteLength ?? 0), 0) : 0
    this.bytes = epochs.reduce((sum, { order }) => sum + order.byteLength, passing)
  }

  override resolve(sums: Sums[]): void {
    this.hasDiverged = sums.some(({ loss }) => !Number.isFinite(loss))
    super.resolve(sums)
  }
}

/**
 * A snapshot with the calls that came after it, in order: repeated from the snapshot, they give the same bits. Calls that
 * change nothing are in it until they have their result.
 */
export class Journal {
  #base: Base
  #calls: Call[] = []
  #bytes = 0
  #hasDiverged = false

  /** @param base its arrays are copied */
  constructor(base: Base) {
    this.#base = copyOf(base)
  }

  get base(): Base {
    return this.#base
  }

  /** All calls, in order. */
  get calls(): readonly Call[] {
    return this.#calls
  }

  /** Bytes of host memory that are kept for repeating calls. */
  get bytes(): number {
    return this.#bytes
  }

  /** Bytes of a snapshot. */
  get baseBytes(): number {
    return this.#base.parameters.byteLength + (this.#base.state?.byteLength ?? 0)
  }

  /** Whether there is training after the snapshot. */
  get hasTraining(): boolean {
    return this.#calls.some((call) => call instanceof Training)
  }

  /** Whether an epoch after the snapshot was not finite. */
  get hasDiverged(): boolean {
    return this.#hasDiverged
  }

  /** Whether a call still reads these data. */
  holds(source: DataSource): boolean {
    return this.#calls.some(({ data }) => data && sharesMemory(data.source, source))
  }

  add(call: Call): void {
    this.#calls.push(call)
    if (call instanceof Training) this.#bytes += call.bytes
  }

  /** A call has its result. */
  finish<T>(call: Call<T>, result: T): void {
    call.resolve(result)
    if (call.baseOf) this.#rebase(call as Call, call.baseOf(result))
    else if (call instanceof Training) this.#hasDiverged ||= call.hasDiverged
    else this.remove(call as Call)
  }

  remove(call: Call): void {
    this.#calls = this.#calls.filter((one) => one !== call)
    if (call instanceof Training) this.#bytes -= call.bytes
  }

  /** What a call read or wrote is the new snapshot, once all calls before it have their results. */
  #rebase(call: Call, base: Base): void {
    const index = this.#calls.indexOf(call)
    const before = this.#calls.slice(0, index)
    if (index < 0 || before.some(({ isDone }) => !isDone)) {
      this.remove(call)
      return
    }
    this.#base = copyOf(base)
    this.#calls = this.#calls.slice(index + 1)
    for (const earlier of before) if (earlier instanceof Training) this.#bytes -= earlier.bytes
    this.#hasDiverged = false
  }
}

/** Callers may change what they were given. */
const copyOf = ({ parameters, state }: Base): Base => ({
  parameters: parameters.slice(),
  ...(state && { state: state.slice() }),
})

const sharesMemory = (one: DataSource, other: DataSource) => one.inputs.data.buffer === other.inputs.data.buffer
