import type { Network } from '../../../model/network.ts'
import { stateSlots } from '../../../optimizer/optimizer.ts'
import type { PlacementSettings, Snapshot } from '../../backend.ts'
import { timed } from '../../profiler.ts'
import type { Buffers } from '../device/buffers.ts'
import type { Device } from '../device/device.ts'
import { type BufferRange, readRanges } from '../device/readback.ts'
import type { Kernels } from '../kernels/kernels.ts'
import { countPacks, type DeviceLayer, toDevice, toHost } from '../kernels/packs.ts'
import { NORM_PARTS } from '../kernels/stage-kernels.ts'
import { StepRecords } from './steps.ts'

export interface StoreParts {
  readonly device: Device
  readonly kernels: Kernels
  readonly buffers: Buffers
  readonly layers: readonly DeviceLayer[]
  readonly settings: PlacementSettings
}

/** A snapshot; without a state, it is what it is before the first step. */
export type Written = Pick<Snapshot, 'parameters'> & Partial<Snapshot>

/** All values of a store, in the device's layout. */
export interface StoredValues {
  readonly parameters: Float32Array
  readonly state: Float32Array
}

/**
 * What training changes, in device memory; every plan of a network reads and writes the same store. Networks of a
 * population share a store: their parameters are one after another, and each slot of the state has all networks.
 */
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
  readonly #networks: number
  readonly #slots: number
  /** Bytes of the parameters of one network. */
  readonly #bytes: number

  /** @param networks of one shape; a population has more than one */
  constructor({ device, kernels, buffers, layers, settings }: StoreParts, networks: readonly Network[]) {
    const { optimizer } = settings
    this.#device = device
    this.#buffers = buffers
    this.#layers = layers
    this.#settings = settings
    this.#networks = networks.length
    this.#slots = stateSlots(optimizer)
    const count = 4 * countPacks(layers)
    this.#bytes = 4 * count
    const parameters = new Float32Array(count * networks.length)
    for (const [k, network] of networks.entries()) parameters.set(toDevice(layers, network.parameters), k * count)
    this.parameters = buffers.storage('parameters', parameters)
    this.state = buffers.storage('optimizer state', this.#initialState())
    this.clipping =
      optimizer.clipNorm > 0
        ? {
            gradients: buffers.storage('gradients', count),
            parts: buffers.storage('parts of the norm', 2 * NORM_PARTS),
          }
        : undefined
    this.steps = new StepRecords(device, buffers, kernels.stepLayout)
  }

  #initialState(): Float32Array {
    const values = (this.#slots * this.#networks * this.#bytes) / 4
    return new Float32Array(values).fill(this.#settings.optimizer.initialAccumulator)
  }

  #parametersOf(network: number): BufferRange {
    return { buffer: this.parameters, offset: network * this.#bytes, size: this.#bytes }
  }

  #slotOf(network: number, slot: number): BufferRange {
    return { buffer: this.state, offset: (slot * this.#networks + network) * this.#bytes, size: this.#bytes }
  }

  async #read(ranges: readonly BufferRange[]): Promise<Float32Array[]> {
    const packed = await this.#readPacked(ranges)
    return packed.map((values) => toHost(this.#layers, values))
  }

  #readPacked(ranges: readonly BufferRange[]): Promise<Float32Array[]> {
    const read = () => readRanges(this.#device, this.#buffers, ranges)
    return timed(this.#settings.profiler, 'read-back', 'results', read)
  }

  /** The parameters of a network, laid out as `network.parameters`. */
  async readParameters(network = 0): Promise<Float32Array> {
    const [parameters] = await this.#read([this.#parametersOf(network)])
    return parameters!
  }

  /** The parameters of all networks, each laid out as `network.parameters`. */
  async readAll(): Promise<Float32Array[]> {
    const size = this.#networks * this.#bytes
    const [all] = await this.#readPacked([{ buffer: this.parameters, offset: 0, size }])
    const count = this.#bytes / 4
    return Array.from({ length: this.#networks }, (_, k) =>
      toHost(this.#layers, all!.subarray(k * count, (k + 1) * count)),
    )
  }

  /** Copies of a network's parameters and of its optimizer's state. */
  async read(network = 0): Promise<Snapshot> {
    const slots = Array.from({ length: this.#slots }, (_, slot) => this.#slotOf(network, slot))
    const [parameters, ...states] = await this.#read([this.#parametersOf(network), ...slots])
    const state = new Float32Array(this.#slots * parameters!.length)
    for (const [slot, values] of states.entries()) state.set(values, slot * parameters!.length)
    return { parameters: parameters!, state }
  }

  /** Replaces the parameters and the state of the only network. */
  write({ parameters, state }: Written): Promise<void> {
    const packed = (values: Snapshot['state']) => toDevice(this.#layers, Float32Array.from(values))
    return this.#device.checked('writing parameters', () => {
      this.#device.write(this.parameters, 0, packed(parameters))
      if (!state) {
        this.#writeInitialState()
        return
      }
      for (let s = 0; s * parameters.length < state.length; s++) {
        const slot = state.subarray(s * parameters.length, (s + 1) * parameters.length)
        this.#device.write(this.state, s * this.#bytes, packed(slot))
      }
    })
  }

  /** Copies parameters and state of a network of another store to those of the only network here. */
  copyFrom(store: ParameterStore, network: number): void {
    const { gpu } = this.#device
    const encoder = gpu.createCommandEncoder({ label: 'webgpu-mlp network' })
    const copy = ({ buffer, offset, size }: BufferRange, target: BufferRange) => {
      encoder.copyBufferToBuffer(buffer, offset, target.buffer, target.offset, size)
    }
    copy(store.#parametersOf(network), this.#parametersOf(0))
    for (let slot = 0; slot < this.#slots; slot++) copy(store.#slotOf(network, slot), this.#slotOf(0, slot))
    gpu.queue.submit([encoder.finish()])
  }

  /** Writes the parameters and the state that a network had when all values of this store were copied. */
  writeBack(network: number, { parameters, state }: StoredValues): void {
    const write = ({ buffer, offset, size }: BufferRange, values: Float32Array) => {
      this.#device.write(buffer, offset, values, offset / 4, size / 4)
    }
    write(this.#parametersOf(network), parameters)
    for (let slot = 0; slot < this.#slots; slot++) write(this.#slotOf(network, slot), state)
  }

  /** Sets the optimizer's state to what it is before the first step. */
  resetState(): Promise<void> {
    return this.#device.checked('writing parameters', () => {
      this.#writeInitialState()
    })
  }

  #writeInitialState(): void {
    this.#device.write(this.state, 0, this.#initialState())
  }
}
