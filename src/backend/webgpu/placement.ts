import { InputError } from '../../core/errors.ts'
import type { Network } from '../../model/network.ts'
import { stateSlots } from '../../optimizer/optimizer.ts'
import {
  type Capacity,
  type DataHandle,
  type DataSource,
  type DataUse,
  type EpochOrder,
  type Placement,
  type PlacementSettings,
  type Snapshot,
  type Sums,
  type Trace,
  underway,
  type Underway,
} from '../backend.ts'
import { timed } from '../profiler.ts'
import { Buffers } from './device/buffers.ts'
import { dataBytes, type DataForm, ownData, rowsWithin, WebGPUData } from './data.ts'
import { Crossover } from './plans/crossover.ts'
import type { Device } from './device/device.ts'
import { Evaluation, MOST_ROWS } from './evaluation.ts'
import type { Kernels } from './kernels/kernels.ts'
import { LayeredPlan } from './plans/layered.ts'
import { type DeviceLayer, deviceLayers, toDevice, toHost } from './kernels/packs.ts'
import { KernelClock } from './device/clock.ts'
import { readBack } from './device/readback.ts'
import { Recorder } from './plans/recording.ts'
import { type PlanChoice, residentForm, ResidentPlan } from './plans/resident/resident.ts'
import { Training, type TrainingParts } from './plans/training.ts'

function checkRows(argument: string, rows: number): void {
  if (rows <= MOST_ROWS) return
  throw new InputError(
    `${argument}: webgpu takes at most ${MOST_ROWS} samples at once, got ${rows}; use smaller batches`,
  )
}

/** What a placed network is made of. */
interface Parts extends TrainingParts {
  readonly layers: readonly DeviceLayer[]
}

/** A network on the GPU, trained by the layered plan or, where that applies, the resident one. */
export class WebGPUPlacement implements Placement {
  readonly #device: Device
  readonly #buffers: Buffers
  readonly #layers: readonly DeviceLayer[]
  readonly #settings: PlacementSettings
  readonly #plan: LayeredPlan
  readonly #resident: ResidentPlan | undefined
  readonly #clock: KernelClock | undefined
  readonly #evaluation: Evaluation
  readonly #training: Training

  private constructor(parts: Parts) {
    const { device, buffers, layers, settings, plan, resident, clock } = parts
    this.#device = device
    this.#buffers = buffers
    this.#layers = layers
    this.#settings = settings
    this.#plan = plan
    this.#resident = resident
    this.#clock = clock
    const space = plan.makeWorkspace('training', settings.batchSize)
    const recorder = new Recorder(device, plan.residents.steps, clock)
    this.#training = new Training(parts, recorder, space)
    this.#evaluation = new Evaluation(device, buffers, layers, plan, recorder, space, settings.profiler)
  }

  static async place(
    device: Device,
    kernels: Kernels,
    network: Network,
    settings: PlacementSettings,
    choice: PlanChoice,
  ) {
    checkRows('batchSize', settings.batchSize)
    const { profiler } = settings
    const buffers = new Buffers(device)
    try {
      const layers = deviceLayers(network.layers)
      const parameters = toDevice(layers, network.parameters)
      const clock = profiler && (await device.checked('profile', () => new KernelClock(device, profiler)))
      const plan = await device.checked(
        'parameters',
        () => new LayeredPlan(device, kernels, buffers, layers, parameters, settings),
      )
      const measured = device.measureWaits()
      measured.catch(() => undefined)
      const { residents } = plan
      const form = residentForm(device, choice, layers, settings)
      const resident =
        form &&
        (await timed(profiler, 'compile', 'kernels', () =>
          ResidentPlan.create({ device, kernels, buffers, layers, form, residents, settings, clock }),
        ))
      const crossover =
        choice === 'auto' && form === 'loop' ? new Crossover(device.profile, layers, settings.batchSize) : undefined
      await measured
      const parts = { device, buffers, layers, settings, plan, resident, crossover, clock }
      return await device.checked('training', () => new WebGPUPlacement(parts))
    } catch (error) {
      buffers.dispose()
      throw error
    }
  }

  get capacity(): Capacity {
    return {
      held: this.#buffers.bytes,
      bytesOf: (data, use) => dataBytes(data, this.#formOf(data, use)),
      bytesToScore: (samples) => this.#evaluation.bytesFor(samples),
      rowsWithin: (data, bytes) => rowsWithin(data, this.#formOf(data, 'once'), this.#buffers.mostBytes, bytes),
      epochs: (data, batchSize) => this.#training.epochs(ownData(data), batchSize),
    }
  }

  /** Data whose samples have weights are trained on by the layered plan. */
  #formOf({ inputs, weights }: DataSource, use: DataUse): DataForm {
    const form = (weights ? undefined : this.#resident?.formOf(inputs.rows)) ?? { epochs: 1, mayBytes: true }
    return use === 'once' ? { ...form, epochs: 1, sorted: false } : form
  }

  upload(data: DataSource, use: DataUse = 'repeatedly'): Promise<DataHandle> {
    return timed(this.#settings.profiler, 'upload', 'data', () =>
      this.#device.checked('data set', () => new WebGPUData(this.#buffers, this.#formOf(data, use), data)),
    )
  }

  train(data: DataHandle, epochs: readonly EpochOrder[]): Underway<Sums[]> {
    return underway(async () => {
      const { sums } = await this.#training.start(ownData(data), epochs)
      return { result: sums }
    })
  }

  score(data: DataHandle): Underway<Sums> {
    return underway(async () => {
      const { sums } = await this.#evaluation.startScore(ownData(data))
      return { result: sums }
    })
  }

  outputs(data: DataHandle): Promise<Float32Array> {
    return this.#evaluation.outputs(ownData(data))
  }

  trace(minibatch: DataSource): Promise<Trace> {
    checkRows('minibatch', minibatch.inputs.rows)
    return this.#evaluation.trace(minibatch)
  }

  async #read(source: GPUBuffer, bytes: number): Promise<Float32Array> {
    const [values] = await timed(this.#settings.profiler, 'read-back', 'results', () =>
      readBack(this.#device, this.#buffers, [source], bytes),
    )
    return values!
  }

  async readParameters(): Promise<Float32Array> {
    await this.#training.recover()
    const { parameters } = this.#plan.residents
    return toHost(this.#layers, await this.#read(parameters, parameters.size))
  }

  async read(): Promise<Snapshot> {
    const { state } = this.#plan.residents
    const parameters = await this.readParameters()
    const slots = stateSlots(this.#settings.optimizer)
    if (slots === 0) return { parameters, state: new Float32Array() }
    const packed = await this.#read(state, state.size)
    const each = packed.length / slots
    const kept = new Float32Array(slots * parameters.length)
    for (let s = 0; s < slots; s++) {
      kept.set(toHost(this.#layers, packed.subarray(s * each, (s + 1) * each)), s * parameters.length)
    }
    return { parameters, state: kept }
  }

  async write({ parameters, state }: { parameters: Snapshot['parameters']; state?: Snapshot['state'] }): Promise<void> {
    await this.#training.recover()
    const residents = this.#plan.residents
    const packed = (values: Snapshot['state']) => toDevice(this.#layers, Float32Array.from(values))
    await this.#device.checked('writing parameters', () => {
      const own = packed(parameters)
      this.#device.write(residents.parameters, 0, own)
      if (!state) {
        const start = new Float32Array(residents.state.size / 4).fill(this.#settings.optimizer.initialAccumulator)
        this.#device.write(residents.state, 0, start)
        return
      }
      for (let s = 0; s * parameters.length < state.length; s++) {
        const slot = state.subarray(s * parameters.length, (s + 1) * parameters.length)
        this.#device.write(residents.state, s * own.byteLength, packed(slot))
      }
    })
  }

  dispose(): void {
    this.#clock?.dispose()
    this.#buffers.dispose()
  }
}
