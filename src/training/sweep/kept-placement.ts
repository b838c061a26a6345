import type { DataHandle, DataSource, DataUse, EpochOrder, Placement } from '../../backend/backend.ts'

/** Data that stay with a placement that is kept. */
class KeptHandle implements DataHandle {
  readonly inner: DataHandle

  constructor(inner: DataHandle) {
    this.inner = inner
  }

  get samples(): number {
    return this.inner.samples
  }

  get memory(): number {
    return this.inner.memory
  }

  dispose(): void {
    // It ends with its placement.
  }
}

const innerOf = (handle: DataHandle) => (handle instanceof KeptHandle ? handle.inner : handle)

/**
 * A placement that one network after another is trained on, all of them alike: its compiled code, its memory and the data
 * stay. Whoever uses it disposes of it as of any other, which does nothing; {@link KeptPlacement.end} frees it.
 */
export class KeptPlacement implements Placement {
  readonly #inner: Placement
  readonly #handles = new Map<DataSource, KeptHandle>()

  constructor(inner: Placement) {
    this.#inner = inner
  }

  get capacity() {
    return this.#inner.capacity
  }

  get arithmetic() {
    return this.#inner.arithmetic
  }

  adopt(...given: Parameters<Placement['adopt']>) {
    return this.#inner.adopt(...given)
  }

  async upload(data: DataSource, use: DataUse = 'repeatedly'): Promise<DataHandle> {
    if (use === 'once') return this.#inner.upload(data, use)
    const known = this.#handles.get(data)
    if (known) return known
    const handle = new KeptHandle(await this.#inner.upload(data, use))
    this.#handles.set(data, handle)
    return handle
  }

  train(data: DataHandle, epochs: readonly EpochOrder[]) {
    return this.#inner.train(innerOf(data), epochs)
  }

  locateFault() {
    return this.#inner.locateFault()
  }

  score(data: DataHandle, countsLabels?: boolean) {
    return this.#inner.score(innerOf(data), countsLabels)
  }

  outputs(data: DataHandle) {
    return this.#inner.outputs(innerOf(data))
  }

  trace(minibatch: DataSource) {
    return this.#inner.trace(minibatch)
  }

  readParameters() {
    return this.#inner.readParameters()
  }

  read() {
    return this.#inner.read()
  }

  write(...given: Parameters<Placement['write']>) {
    return this.#inner.write(...given)
  }

  dispose(): void {
    // The next network is trained on it.
  }

  /** Frees the data, none of which are in use. */
  forget(): void {
    for (const { inner } of this.#handles.values()) inner.dispose()
    this.#handles.clear()
  }

  end(): void {
    this.forget()
    this.#inner.dispose()
  }
}
