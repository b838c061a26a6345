import type { Network } from '../../../model/network.ts'
import { stateSlots } from '../../../optimizer/optimizer.ts'
import type { PlacementSettings, Snapshot } from '../../backend.ts'
import { timed } from '../../profiler.ts'
import type { Buffers } from '../device/buffers.ts'
import type { Device } from '../device/device.ts'
import { type BufferRange, readRanges } from '../device/readback.ts'
import type { Kernels } from '../kernels/kernels.ts'
import { allToDevice, allToHost, countPacks, type DeviceLayer, toDevice, toHost } from '../kernels/packs.ts'
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

/** All values of a store. */
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

  /**
   * @param networks of one shape; a population has more than one
   * @param count how many, where all begin with the parameters of a single one
   */
  constructor(
    { device, kernels, buffers, layers, settings }: StoreParts,
    networks: readonly Network[],
    count = networks.length,
  ) {
    const { optimizer } = settings
    this.#device = device
    this.#buffers = buffers
    this.#layers = layers
    this.#settings = settings
    this.#networks = count
    this.#slots = stateSlots(optimizer)
    const own = 4 * countPacks(layers)
    this.#bytes = 4 * own
    const parameters = new Float32Array(own * count)
    for (const [k, network] of networks.entries()) parameters.set(toDevice(layers, network.parameters), k * own)
    // Twice as many networks each time: copying whole blocks takes no time for each of them.
    for (let n = networks.length; n < count; n *= 2) parameters.copyWithin(n * own, 0, Math.min(n, count - n) * own)
    this.parameters = buffers.storage('parameters', parameters)
    this.state = buffers.storage('optimizer state', this.#initialState())
    this.clipping =
      optimizer.clipNorm > 0
        ? {
            gradients: buffers.storage('gradients', own),
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

  /** The parameters of all networks: networks × parameters, each row laid out as `network.parameters`. */
  async readAllParameters(): Promise<Float32Array> {
    const size = this.#networks * this.#bytes
    const [all] = await this.#readPacked([{ buffer: this.parameters, offset: 0, size }])
    return allToHost(this.#layers, all!)
  }

  /** Parameters and state of all networks: networks × parameters, and networks × slots × parameters. */
  async readAll(): Promise<StoredValues> {
    const size = this.#networks * this.#bytes
    const slots = Array.from({ length: this.#slots }, (_, s) => ({ buffer: this.state, offset: s * size, size }))
    const packed = await this.#readPacked([{ buffer: this.parameters, offset: 0, size }, ...slots])
    const [parameters, ...states] = packed.map((values) => allToHost(this.#layers, values))
    return { parameters: parameters!, state: joinSlots(states, this.#networks) }
  }

  /** Replaces parameters and state of all networks; they are as {@link readAll} gives them. */
  writeAll({ parameters, state }: StoredValues): Promise<void> {
    return this.#device.checked('writing parameters', () => {
      this.#device.write(this.parameters, 0, allToDevice(this.#layers, parameters))
      for (const [s, slot] of splitSlots(state, this.#slots, this.#networks).entries()) {
        this.#device.write(this.state, s * this.#networks * this.#bytes, allToDevice(this.#layers, slot))
      }
    })
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

/** The slots of each network one after another, from those of all networks. */
function joinSlots(slots: readonly Float32Array[], networks: number): Float32Array {
  const [first] = slots
  if (slots.length === 1) return first!
  const count = (first?.length ?? 0) / networks
  const joined = new Float32Array(slots.length * count * networks)
  for (const [s, values] of slots.entries()) {
    for (let k = 0; k < networks; k++) {
      joined.set(values.subarray(k * count, (k + 1) * count), (k * slots.length + s) * count)
    }
  }
  return joined
}

/** And back. */
function splitSlots(state: Float32Array, slots: number, networks: number): Float32Array[] {
  const count = state.length / (slots * networks)
  return Array.from({ length: slots }, (_, s) => {
    const values = new Float32Array(networks * count)
    for (let k = 0; k < networks; k++) {
      const from = (k * slots + s) * count
      values.set(state.subarray(from, from + count), k * count)
    }
    return values
  })
}
