import type { Buffers } from '../device/buffers.ts'
import type { Device } from '../device/device.ts'
import type { Residents } from './layered.ts'

/** Bytes of host memory for copies of the parameters, where more than two of them are kept at a time. */
const MOST_BYTES = 1 << 28

/** A copy of each buffer that is kept. */
export type Kept = readonly GPUBuffer[]

/**
 * Copies of the parameters as they were when an epoch (or a group of them) began, one for each that is under way. They lie
 * in host memory, where nobody waits for them: the device writes them between two epochs, and one is read only when
 * training went wrong.
 */
export class Checkpoint {
  readonly #device: Device
  readonly #buffers: Buffers
  readonly #sources: readonly GPUBuffer[]
  readonly #free: Kept[] = []

  /** @param withState whether the optimizer's state is kept too, because a group of epochs may have to be repeated */
  constructor(device: Device, buffers: Buffers, { parameters, state }: Residents, withState: boolean) {
    this.#device = device
    this.#buffers = buffers
    this.#sources = withState ? [parameters, state] : [parameters]
  }

  /** How many copies may be kept at a time. */
  get most(): number {
    return Math.max(2, Math.floor(MOST_BYTES / this.#sources.reduce((sum, { size }) => sum + size, 0)))
  }

  /** Records the copying of what is to be kept; to be given back with {@link release}. */
  take(encoder: GPUCommandEncoder): Kept {
    const kept = this.#free.pop() ?? this.#sources.map(({ size }) => this.#buffers.readback('checkpoint', size))
    for (const [i, source] of this.#sources.entries()) encoder.copyBufferToBuffer(source, 0, kept[i]!, 0, source.size)
    return kept
  }

  release(kept: Kept): void {
    this.#free.push(kept)
  }

  /** Puts back what was kept. */
  async restore(kept: Kept): Promise<void> {
    for (const [i, source] of this.#sources.entries()) {
      const bytes = await this.#device.read(kept[i]!, source.size)
      await this.#device.checked('checkpoint', () => {
        this.#device.write(source, 0, new Float32Array(bytes))
      })
    }
  }
}
