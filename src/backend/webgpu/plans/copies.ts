import type { WebGPUData } from '../data.ts'
import type { Buffers } from '../device/buffers.ts'
import type { Device } from '../device/device.ts'
import type { ParameterStore, StoredValues } from './parameters.ts'

/** Bytes of host memory for copies of the parameters, if more than two of them are kept at a time. */
const MOST_BYTES = 1 << 28
/** Bytes that a device copies to host memory in a millisecond, at least. */
const BYTES_PER_MILLISECOND = 1e7
/** Copying may take this share of the time of training. */
const SHARE = 0.005
/** The most entries of orders that are kept to train epochs again. */
const MOST_ENTRIES = 1 << 22

/** A copy of each buffer that is kept. */
type Copy = readonly GPUBuffer[]

/** What can be trained again. */
export interface Repeatable {
  readonly data: WebGPUData
  /** Entries of the orders, which are kept for it. */
  readonly entries: number
}

/** Parameters and state at one time, and what was trained since. */
export interface ReturnPoint<Trained extends Repeatable> {
  readonly copy: Copy
  /** In order; training them again from the copy gives the same bits. */
  readonly trained: Trained[]
  /** Milliseconds that this takes, as far as that is known. */
  milliseconds: number
  /** How many of them may still have to be repeated. */
  pending: number
}

/**
 * Where training can return to if it diverges: copies of the parameters and of the optimizer's state. They are in host
 * memory, so that nothing waits for them: the device writes them between two epochs, and one is read only when training
 * diverged. Where a copy would take too large a share of the time, there is none for each group of epochs, and the groups
 * since the last one are trained again.
 */
export class ReturnPoints<Trained extends Repeatable> {
  readonly #device: Device
  readonly #buffers: Buffers
  readonly #sources: readonly GPUBuffer[]
  readonly #bytes: number
  readonly #free: Copy[] = []
  #latest: ReturnPoint<Trained> | undefined

  constructor(device: Device, buffers: Buffers, { parameters, state }: ParameterStore) {
    this.#device = device
    this.#buffers = buffers
    this.#sources = [parameters, state]
    this.#bytes = parameters.size + state.size
  }

  /** How many copies may be kept at a time. */
  get most(): number {
    return Math.max(2, Math.floor(MOST_BYTES / this.#bytes))
  }

  /**
   * Makes the buffers of the copy that {@link before} will need, where they are needed: nothing is trained where there is no
   * memory for them.
   */
  async reserve(data: WebGPUData): Promise<void> {
    if (this.#free.length > 0 || !this.#isDue(data) || this.#latest?.pending === 0) return
    const make = () => this.#sources.map(({ size }) => this.#buffers.readback('checkpoint', size))
    this.#free.push(await this.#device.checked('checkpoint', make))
  }

  /**
   * The point from which epochs that begin now can be repeated; where it is a new one, its copying is recorded into the
   * command encoder. Give it back with {@link release}.
   */
  before(epochs: Trained, milliseconds: number, encoder: GPUCommandEncoder): ReturnPoint<Trained> {
    if (this.#isDue(epochs.data)) {
      this.forget()
      this.#latest = { copy: this.#copy(encoder), trained: [], milliseconds: 0, pending: 0 }
    }
    const point = this.#latest!
    point.trained.push(epochs)
    point.milliseconds += milliseconds
    point.pending++
    return point
  }

  /** Whether a new copy is needed, or does not take long compared with what was trained since the last one. */
  #isDue(data: WebGPUData): boolean {
    const point = this.#latest
    if (!point) return true
    // Data that are trained on no more may be disposed of.
    if (point.trained[0]?.data !== data) return true
    if (point.milliseconds * SHARE >= this.#bytes / BYTES_PER_MILLISECOND) return true
    return point.trained.reduce((sum, { entries }) => sum + entries, 0) > MOST_ENTRIES
  }

  #copy(encoder: GPUCommandEncoder): Copy {
    const copy = this.#free.pop() ?? this.#sources.map(({ size }) => this.#buffers.readback('checkpoint', size))
    for (const [i, source] of this.#sources.entries()) encoder.copyBufferToBuffer(source, 0, copy[i]!, 0, source.size)
    return copy
  }

  /** The parameters change by something else than training, or it is not known how far they were trained. */
  forget(): void {
    const point = this.#latest
    this.#latest = undefined
    if (point?.pending === 0) this.#free.push(point.copy)
  }

  /** One of the groups since this point does not have to be repeated any more. */
  release(point: ReturnPoint<Trained>): void {
    point.pending--
    if (point.pending === 0 && point !== this.#latest) this.#free.push(point.copy)
  }

  /** Writes a copy back to where it was taken. */
  async restore(point: ReturnPoint<Trained>): Promise<void> {
    const { parameters, state } = await this.read(point)
    await this.#device.checked('checkpoint', () => {
      this.#device.write(this.#sources[0]!, 0, parameters)
      this.#device.write(this.#sources[1]!, 0, state)
    })
  }

  /** The copied parameters and state, in the device's layout. */
  async read({ copy }: ReturnPoint<Trained>): Promise<StoredValues> {
    const [parameters, state] = await Promise.all(copy.map((buffer) => this.#device.read(buffer, buffer.size)))
    return { parameters: new Float32Array(parameters!), state: new Float32Array(state!) }
  }
}
