import type { Buffers } from './buffers.ts'
import type { Device } from './device.ts'
import type { Residents } from './layered.ts'

/**
 * A copy of the parameters as they were when an epoch (or a group of them) began. It lies in host memory, where nobody
 * waits for it: the device writes it between two epochs, and it is read only when training went wrong.
 */
export class Checkpoint {
  readonly #device: Device
  /** Each of the device's buffers with its copy. */
  readonly #kept: readonly { readonly source: GPUBuffer; readonly copy: GPUBuffer }[]

  /** @param withState whether the optimizer's state is kept too, because a group of epochs may have to be repeated */
  constructor(device: Device, buffers: Buffers, { parameters, state }: Residents, withState: boolean) {
    this.#device = device
    const sources = withState ? [parameters, state] : [parameters]
    this.#kept = sources.map((source) => ({ source, copy: buffers.readback('checkpoint', source.size) }))
  }

  /** Records the copying of what is to be kept. */
  take(encoder: GPUCommandEncoder): void {
    for (const { source, copy } of this.#kept) encoder.copyBufferToBuffer(source, 0, copy, 0, source.size)
  }

  /** Puts back what was kept. */
  async restore(): Promise<void> {
    for (const { source, copy } of this.#kept) {
      const bytes = await this.#device.read(copy, source.size)
      await this.#device.checked('checkpoint', () => this.#device.gpu.queue.writeBuffer(source, 0, bytes))
    }
  }
}
