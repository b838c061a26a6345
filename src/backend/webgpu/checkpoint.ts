import type { Buffers } from './buffers.ts'
import type { Device } from './device.ts'
import type { Residents } from './layered.ts'

/** A copy of the parameters on the device, as they were when an epoch (or a group of them) began. */
export class Checkpoint {
  readonly #device: Device
  readonly #residents: Residents
  readonly #parameters: GPUBuffer
  /** The optimizer's state with them, where a group of epochs may have to be repeated. */
  readonly #state: GPUBuffer | undefined

  /** @param withState whether the optimizer's state is kept too */
  constructor(device: Device, buffers: Buffers, residents: Residents, withState: boolean) {
    this.#device = device
    this.#residents = residents
    this.#parameters = buffers.storage('checkpoint', residents.parameters.size / 4)
    this.#state = withState ? buffers.storage('checkpoint of the state', residents.state.size / 4) : undefined
  }

  /** Records the copying of what is to be kept. */
  take(encoder: GPUCommandEncoder): void {
    const { parameters, state } = this.#residents
    encoder.copyBufferToBuffer(parameters, 0, this.#parameters, 0, parameters.size)
    if (this.#state) encoder.copyBufferToBuffer(state, 0, this.#state, 0, state.size)
  }

  /** Puts back what was kept. @param withState also the optimizer's state, where that was kept */
  restore(withState: boolean): Promise<void> {
    return this.#device.checked('checkpoint', () => {
      const { parameters, state } = this.#residents
      const encoder = this.#device.gpu.createCommandEncoder({ label: 'webgpu-mlp checkpoint' })
      encoder.copyBufferToBuffer(this.#parameters, 0, parameters, 0, parameters.size)
      if (withState && this.#state) encoder.copyBufferToBuffer(this.#state, 0, state, 0, state.size)
      this.#device.gpu.queue.submit([encoder.finish()])
    })
  }
}
