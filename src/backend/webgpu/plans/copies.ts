import type { Buffers } from '../device/buffers.ts'
import type { Device } from '../device/device.ts'
import type { ParameterStore } from './parameters.ts'

/** Bytes of host memory for copies of the parameters, if more than two of them are kept at a time. */
const MOST_BYTES = 1 << 28

/** A copy of each buffer that is kept. */
export type Copy = readonly GPUBuffer[]

/**
 * Copies of the parameters as they were when a group of epochs began, one for each group that is under way. They are in
 * host memory, so that nothing waits for them: the device writes them between two epochs, and one is read only when
 * training diverged.
 */
export class ParameterCopies {
  readonly #device: Device
  readonly #buffers: Buffers
  readonly #sources: readonly GPUBuffer[]
  readonly #free: Copy[] = []

  /** @param withState whether the optimizer's state is copied too, because some epochs of a group may be repeated */
  constructor(device: Device, buffers: Buffers, { parameters, state }: ParameterStore, withState: boolean) {
    this.#device = device
    this.#buffers = buffers
    this.#sources = withState ? [parameters, state] : [parameters]
  }

  /** How many copies may be kept at a time. */
  get most(): number {
    return Math.max(2, Math.floor(MOST_BYTES / this.#sources.reduce((sum, { size }) => sum + size, 0)))
  }

  /** Records the copying into a command encoder; return the copy with {@link release}. */
  take(encoder: GPUCommandEncoder): Copy {
    const copy = this.#free.pop() ?? this.#sources.map(({ size }) => this.#buffers.readback('checkpoint', size))
    for (const [i, source] of this.#sources.entries()) encoder.copyBufferToBuffer(source, 0, copy[i]!, 0, source.size)
    return copy
  }

  release(copy: Copy): void {
    this.#free.push(copy)
  }

  /** Writes a copy back to where it was taken. */
  async restore(copy: Copy): Promise<void> {
    for (const [i, source] of this.#sources.entries()) {
      const bytes = await this.#device.read(copy[i]!, source.size)
      await this.#device.checked('checkpoint', () => {
        this.#device.write(source, 0, new Float32Array(bytes))
      })
    }
  }
}
