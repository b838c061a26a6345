import type {
  Arithmetic,
  Backend,
  Capacity,
  DataHandle,
  DataSource,
  DataUse,
  EpochOrder,
  Placement,
  PlacementSettings,
  Snapshot,
  Sums,
  Trace,
  Underway,
} from '../../backend/backend.ts'
import type { Fault } from '../../backend/fault.ts'
import type { Network } from '../../model/network.ts'
import type { Loss, Recoverable } from './choices.ts'
import { type Base, Call, RepeatableData, Training } from './journal.ts'
import { Replacement } from './replacement.ts'
import { RepeatedCalls } from './repeated-calls.ts'

/**
 * A network that is placed anew when the device is lost. A snapshot is kept in host memory, and the calls since then: on
 * the new device, they are repeated from the snapshot. Whoever calls does not notice the loss, and the results have the same
 * bits. On the CPU, where there is no other device, they differ from there on by rounding.
 */
export class RecoverablePlacement implements Recoverable {
  readonly #replacement: Replacement
  readonly #calls: RepeatedCalls

  private constructor(replacement: Replacement, calls: RepeatedCalls) {
    this.#replacement = replacement
    this.#calls = calls
  }

  /**
   * Places a network; on a backend without a device that can be lost, it is a placement as others.
   * @param threads of the backend wasm, where training goes on there
   * @throws what the backend throws, except for losses of its device
   */
  static async place(
    backend: Backend,
    network: Network,
    settings: PlacementSettings,
    threads?: number,
  ): Promise<Placement> {
    const replacement = new Replacement(backend, threads)
    const calls = new RepeatedCalls(network, settings, replacement)
    await calls.place()
    // A backend may choose a device or the CPU when a network is placed on it.
    if (replacement.backend.reopen === undefined && !replacement.isOnHost) return calls.placement
    return new RecoverablePlacement(replacement, calls)
  }

  /** What the network is placed on now. */
  get backend(): Backend {
    return this.#replacement.backend
  }

  /** Called after each loss, when the network is placed again. */
  listen(listener: (loss: Loss) => void): void {
    this.#calls.onLoss = listener
  }

  get capacity(): Capacity {
    const { capacity } = this.#calls.placement
    return {
      held: capacity.held,
      bytesOf: (data, use) => capacity.bytesOf(data, use),
      bytesToScore: (samples) => capacity.bytesToScore(samples),
      rowsWithin: (data, bytes) => capacity.rowsWithin(data, bytes),
      epochs: (data, batchSize) => capacity.epochs(own(data).handle, batchSize),
    }
  }

  get arithmetic(): Arithmetic {
    return this.#calls.placement.arithmetic
  }

  holds(data: DataSource): boolean {
    return this.#calls.holds(data)
  }

  adopt(arithmetic: Arithmetic): Promise<string | undefined> {
    return this.#calls.call((placement) => placement.adopt(arithmetic))
  }

  upload(data: DataSource, use?: DataUse): Promise<DataHandle> {
    return this.#calls.upload(data, use)
  }

  train(data: DataHandle, epochs: readonly EpochOrder[]): Underway<Sums[]> {
    return this.#calls.start(new Training(own(data), epochs))
  }

  score(data: DataHandle, countsLabels?: boolean): Underway<Sums> {
    const scored = own(data)
    return this.#calls.start(new Call((placement) => placement.score(scored.handle, countsLabels), { data: scored }))
  }

  outputs(data: DataHandle): Promise<Float32Array> {
    return this.#calls.call((placement) => placement.outputs(own(data).handle), own(data))
  }

  trace(minibatch: DataSource): Promise<Trace> {
    return this.#calls.call((placement) => placement.trace(minibatch))
  }

  locateFault(): Promise<Fault | undefined> {
    return this.#calls.call((placement) => placement.locateFault())
  }

  async readParameters(): Promise<Float32Array> {
    // After an epoch that is not finite, this restores the optimizer's state, too, which a snapshot needs.
    if (this.#calls.hasDiverged) return Float32Array.from((await this.read()).parameters)
    return this.#calls.call((placement) => placement.readParameters())
  }

  read(): Promise<Snapshot> {
    return this.#calls.read()
  }

  write(snapshot: Base): Promise<void> {
    return this.#calls.write(snapshot)
  }

  dispose(): void {
    this.#calls.dispose()
    this.#replacement.dispose()
  }
}

/** Data that this placement uploaded. */
const own = (data: DataHandle): RepeatableData => data as RepeatableData
