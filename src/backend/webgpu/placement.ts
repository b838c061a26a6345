import { InputError } from '../../core/errors.ts'
import type { Network } from '../../model/network.ts'
import {
  type Arithmetic,
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
import type { Fault } from '../fault.ts'
import { explainDifference } from '../arithmetic.ts'
import { timed } from '../profiler.ts'
import { dataBytes, type DataForm, ownData, rowsWithin, WebGPUData } from './data.ts'
import { Buffers } from './device/buffers.ts'
import { KernelClock } from './device/clock.ts'
import type { Device } from './device/device.ts'
import { Evaluator, MOST_ROWS } from './evaluator.ts'
import type { Kernels } from './kernels/kernels.ts'
import { checkFits } from './limits.ts'
import { deviceLayers } from './kernels/packs.ts'
import type { PlanChoice } from './options.ts'
import { fitsChoice, trainingForms } from './plans/choice.ts'
import { LayeredPlan } from './plans/layered/layered.ts'
import { LayeredPasses } from './plans/layered/passes.ts'
import { openPlans } from './plans/opening.ts'
import { ParameterStore, type Written } from './plans/parameters.ts'
import type { Plans } from './plans/plans.ts'
import { Recorder } from './plans/recording.ts'
import { Training, type TrainingParts } from './plans/training.ts'
import { makeWorkspace } from './plans/workspace.ts'

function checkRows(argument: string, rows: number): void {
  if (rows <= MOST_ROWS) return
  throw new InputError(
    `${argument}: webgpu takes at most ${MOST_ROWS} samples at once, got ${rows}; use smaller batches`,
  )
}

/** What a placed network is made of. */
interface Parts extends TrainingParts {
  readonly choice: PlanChoice
  readonly evaluation: Evaluator
}

/** A network on the GPU. */
export class WebGPUPlacement implements Placement {
  readonly #device: Device
  readonly #buffers: Buffers
  readonly #settings: PlacementSettings
  readonly #store: ParameterStore
  readonly #plans: Plans
  readonly #choice: PlanChoice
  readonly #clock: KernelClock | undefined
  readonly #evaluation: Evaluator
  readonly #training: Training

  private constructor(parts: Parts) {
    const { device, buffers, settings, store, plans, choice, clock, evaluation } = parts
    this.#device = device
    this.#buffers = buffers
    this.#settings = settings
    this.#store = store
    this.#plans = plans
    this.#choice = choice
    this.#clock = clock
    this.#evaluation = evaluation
    this.#training = new Training(parts)
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
    let clock: KernelClock | undefined
    try {
      const layers = deviceLayers(network.layers)
      checkFits(device, layers, settings)
      clock = profiler && (await device.checked('profile', () => new KernelClock(device, profiler)))
      const parts = { device, kernels, buffers, layers, settings, clock }
      const { store, space } = await device.checked('parameters', () => ({
        store: new ParameterStore(parts, [network]),
        space: makeWorkspace(buffers, layers, 'training', settings.batchSize),
      }))
      const measured = device.measureWaits()
      measured.catch(() => undefined)
      const recorder = new Recorder(device, store.steps, clock)
      const passes = new LayeredPasses(parts, store)
      const layered = new LayeredPlan({ ...parts, passes, recorder, space })
      const plans = await openPlans({ ...parts, store, recorder, layered, choice })
      await measured
      const evaluation = new Evaluator({ ...parts, store, passes, recorder, training: space, profiler })
      return new WebGPUPlacement({ ...parts, store, plans, choice, evaluation })
    } catch (error) {
      clock?.dispose()
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

  get arithmetic(): Arithmetic {
    return { backend: 'webgpu', form: this.#plans.form, device: this.#device.name }
  }

  async adopt(earlier: Arithmetic): Promise<string | undefined> {
    const form = trainingForms.find((one) => one === earlier.form)
    const isOwn = earlier.backend === 'webgpu' && form !== undefined && fitsChoice(form, this.#choice)
    const isTaken = isOwn && (await this.#plans.adopt(form))
    if (isTaken && earlier.device === this.#device.name) return undefined
    const difference = explainDifference(earlier, this.arithmetic)
    if (!this.#device.profile.isPinned) return difference
    throw new InputError(`deterministic: ${difference}; leave out deterministic to go on all the same`)
  }

  #formOf({ inputs, weights }: DataSource, use: DataUse): DataForm {
    const form = this.#plans.formOf(inputs.rows, weights !== undefined)
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

  score(data: DataHandle, countsLabels = false): Underway<Sums> {
    return underway(async () => {
      const { sums } = await this.#evaluation.startScore(ownData(data), countsLabels)
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

  locateFault(): Promise<Fault | undefined> {
    return this.#training.locateFault()
  }

  async readParameters(): Promise<Float32Array> {
    await this.#training.recover()
    return this.#store.readParameters()
  }

  async read(): Promise<Snapshot> {
    await this.#training.recover()
    return this.#store.read()
  }

  async write(snapshot: Written): Promise<void> {
    await this.#training.recover()
    this.#training.changed()
    await this.#store.write(snapshot)
  }

  dispose(): void {
    this.#clock?.dispose()
    this.#buffers.dispose()
  }
}
