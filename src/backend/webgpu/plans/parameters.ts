import type { Network } from '../../../model/network.ts'
import { stateSlots } from '../../../optimizer/optimizer.ts'
import type { PlacementSettings, Snapshot } from '../../backend.ts'
import { timed } from '../../profiler.ts'
import type { Buffers } from '../device/buffers.ts'
import type { Device } from '../device/device.ts'
import { readBack } from '../device/readback.ts'
import type { Kernels } from '../kernels/kernels.ts'
import { type DeviceLayer, toDevice, toHost } from '../kernels/packs.ts'
import { NORM_PARTS } from '../kernels/stage-kernels.ts'
import { StepRecords } from './steps.ts'

export interface StoreParts {
  readonly device: Device
  readonly kernels: Kernels
  readonly buffers: Buffers
  readonly layers: readonly DeviceLayer[]
  readonly settings: PlacementSettings
}

/** What training changes, in device memory; every plan of a network reads and writes the same store. */
export class ParameterStore {
  /** All parameters in the device's layout (kernels/packs.ts). */
  readonly parameters: GPUBuffer
  /** The optimizer's slots one after another, each laid out as the parameters. */
  readonly state: GPUBuffer
  /** For clipping: the gradients of all parameters, and partial sums of their squares. */
  readonly clipping: { readonly gradients: GPUBuffer; readonly parts: GPUBuffer } | undefined
  readonly steps: StepRecords
  readonly #device: Device
  readonly #buffers: Buffers
  readonly #layers: readonly DeviceLayer[]
  readonly #settings: PlacementSettings

  constructor({ device, kernels, buffers, layers, settings }: StoreParts, network: Network) {
    this.#device = device
    this.#buffers = buffers
    this.#layers = layers
    this.#settings = settings
    const { optimizer } = settings
    const parameters = toDevice(layers, network.parameters)
    const state = new Float32Array(stateSlots(optimizer) * parameters.length).fill(optimizer.initialAccumulator)
    this.parameters = buffers.storage('parameters', parameters)
    this.state = buffers.storage('optimizer state', state)
    this.clipping =
      optimizer.clipNorm > 0
        ? {
            gradients: buffers.storage('gradients', parameters.length),
            parts: buffers.storage('parts of the norm', 2 * NORM_PARTS),
          }
        : undefined
    this.steps = new StepRecords(device, buffers, kernels.stepLayout)
  }

  async #read(source: GPUBuffer): Promise<Float32Array> {
    const [values] = await timed(this.#settings.profiler, 'read-back', 'results', () =>
      readBack(this.#device, this.#buffers, [source], source.size),
    )
    return values!
  }

  /** The parameters, laid out as `network.parameters`. */
  async readParameters(): Promise<Float32Array> {
    return toHost(this.#layers, await this.#read(this.parameters))
  }

  /** Copies of the parameters and the optimizer's state. */
  async read(): Promise<Snapshot> {
    const parameters = await this.readParameters()
    const slots = stateSlots(this.#settings.optimizer)
    if (slots === 0) return { parameters, state: new Float32Array() }
    const packed = await this.#read(this.state)
    const each = packed.length / slots
    const state = new Float32Array(slots * parameters.length)
    for (let s = 0; s < slots; s++) {
      state.set(toHost(this.#layers, packed.subarray(s * each, (s + 1) * each)), s * parameters.length)
    }
    return { parameters, state }
  }

  /** Replaces the parameters and the state; without a state, it becomes what it is before the first step. */
  write({ parameters, state }: { parameters: Snapshot['parameters']; state?: Snapshot['state'] }): Promise<void> {
    const packed = (values: Snapshot['state']) => toDevice(this.#layers, Float32Array.from(values))
    return this.#device.checked('writing parameters', () => {
      const own = packed(parameters)
      this.#device.write(this.parameters, 0, own)
      if (!state) {
        this.#writeInitialState()
        return
      }
      for (let s = 0; s * parameters.length < state.length; s++) {
        const slot = state.subarray(s * parameters.length, (s + 1) * parameters.length)
        this.#device.write(this.state, s * own.byteLength, packed(slot))
      }
    })
  }

  /** Sets the optimizer's state to what it is before the first step. */
  resetState(): Promise<void> {
    return this.#device.checked('writing parameters', () => {
      this.#writeInitialState()
    })
  }

  #writeInitialState(): void {
    const start = new Float32Array(this.state.size / 4).fill(this.#settings.optimizer.initialAccumulator)
    this.#device.write(this.state, 0, start)
  }
}
