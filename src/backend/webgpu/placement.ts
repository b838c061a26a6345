import { InputError } from '../../core/errors.ts'
import type { Dataset } from '../../data/dataset.ts'
import type { Matrix } from '../../core/matrix.ts'
import type { Network } from '../../model/network.ts'
import { stateSlots } from '../../optimizer/optimizer.ts'
import type { EpochPlan, LoadedData, PlacedNetwork, PlacementSettings, Snapshot, Sums, Trace } from '../backend.ts'
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
import { type Started, Training, type TrainingParts } from './plans/training.ts'

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
export class WebGPUNetwork implements PlacedNetwork {
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
        choice === 'auto' && form === 'loop' ? new Crossover(device, layers, settings.batchSize) : undefined
      await measured
      const parts = { device, buffers, layers, settings, plan, resident, crossover, clock }
      return await device.checked('training', () => new WebGPUNetwork(parts))
    } catch (error) {
      buffers.dispose()
      throw error
    }
  }

  get memory(): number {
    return this.#buffers.bytes
  }

  memoryFor(train: Dataset, validation?: Dataset): number {
    const bytes = (data: Dataset) => dataBytes(data, this.#formOf(data))
    const scored = validation ? this.#evaluation.bytesFor(validation.length) : 0
    return this.memory + bytes(train) + (validation && validation !== train ? bytes(validation) : 0) + scored
  }

  /** Data whose samples have weights are trained on by the layered plan. */
  #formOf({ length, weights }: Dataset): DataForm {
    return (weights ? undefined : this.#resident?.formOf(length)) ?? { epochs: 1, mayBytes: true }
  }

  #passingForm(data: Dataset): DataForm {
    return { ...this.#formOf(data), epochs: 1, sorted: false }
  }

  load(data: Dataset, passing = false): Promise<LoadedData> {
    const form = passing ? this.#passingForm(data) : this.#formOf(data)
    return timed(this.#settings.profiler, 'upload', 'data', () =>
      this.#device.checked('data set', () => new WebGPUData(this.#buffers, form, data)),
    )
  }

  mostRows(data: Dataset, mostBytes: number): number {
    return rowsWithin(data, this.#passingForm(data), this.#buffers.mostBytes, mostBytes)
  }

  passingBytes(data: Dataset): number {
    return dataBytes(data, this.#passingForm(data))
  }

  epochsAtOnce(loaded: LoadedData, batchSize: number): number {
    return this.#training.epochsAtOnce(ownData(loaded), batchSize)
  }

  epochsAhead(loaded: LoadedData, batchSize: number): number {
    return this.#training.epochsAhead(ownData(loaded), batchSize)
  }

  startEpochs(loaded: LoadedData, plans: readonly EpochPlan[]): Promise<Started> {
    return this.#training.start(ownData(loaded), plans)
  }

  startScore(loaded: LoadedData): Promise<{ sums: Promise<Sums> }> {
    return this.#evaluation.startScore(ownData(loaded))
  }

  predict(inputs: Matrix): Promise<Float32Array> {
    return this.#evaluation.predict(inputs)
  }

  trace(minibatch: Dataset): Promise<Trace> {
    checkRows('minibatch', minibatch.length)
    return this.#evaluation.trace(minibatch)
  }

  async #read(source: GPUBuffer, bytes: number): Promise<Float32Array> {
    const [values] = await timed(this.#settings.profiler, 'read-back', 'results', () =>
      readBack(this.#device, this.#buffers, [source], bytes),
    )
    return values!
  }

  async readParameters(): Promise<Float32Array> {
    const { parameters } = this.#plan.residents
    return toHost(this.#layers, await this.#read(parameters, parameters.size))
  }

  async snapshot(): Promise<Snapshot> {
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

  restore({ parameters, state }: Snapshot): Promise<void> {
    const residents = this.#plan.residents
    const packed = (values: Snapshot['state']) => toDevice(this.#layers, Float32Array.from(values))
    return this.#device.checked('restoring', () => {
      const own = packed(parameters)
      this.#device.write(residents.parameters, 0, own)
      for (let s = 0; s * parameters.length < state.length; s++) {
        const slot = state.subarray(s * parameters.length, (s + 1) * parameters.length)
        this.#device.write(residents.state, s * own.byteLength, packed(slot))
      }
    })
  }

  async restoreCheckpoint(): Promise<void> {
    await this.#training.rewind()
    const { state } = this.#plan.residents
    const start = new Float32Array(state.size / 4).fill(this.#settings.optimizer.initialAccumulator)
    await this.#device.checked('restoring', () => {
      this.#device.write(state, 0, start)
    })
  }

  dispose(): void {
    this.#clock?.dispose()
    this.#buffers.dispose()
  }
}
