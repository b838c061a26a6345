import { InputError } from '../../core/errors.ts'
import type { InitializerName } from '../../model/initializer.ts'
import type { Network } from '../../model/network.ts'
import { stateSlots } from '../../optimizer/optimizer.ts'
import { rateAt } from '../../optimizer/schedule.ts'
import {
  type DataHandle,
  type DataSource,
  type EpochOrder,
  type PlacementSettings,
  type Population,
  type PopulationScore,
  type PopulationState,
  type PopulationSums,
  type SeededEpochs as SeededOptions,
  type Snapshot,
  type Sums,
  underway,
  type Underway,
} from '../backend.ts'
import type { Fault } from '../fault.ts'
import { ownData, WebGPUData } from './data.ts'
import { Buffers } from './device/buffers.ts'
import { type Device } from './device/device.ts'
import { Evaluator } from './evaluator.ts'
import type { Kernels } from './kernels/kernels.ts'
import { checkFits } from './limits.ts'
import { deviceLayers } from './kernels/packs.ts'
import { isPossible, type ResidentForm, residentForm } from './plans/choice.ts'
import { LayeredPasses } from './plans/layered/passes.ts'
import { ParameterStore } from './plans/parameters.ts'
import { Recorder } from './plans/recording.ts'
import { GivenEpochs, SeededEpochs } from './plans/resident/epochs.ts'
import { initializeOnDevice } from './plans/resident/initial.ts'
import type { StraightChoices } from './plans/resident/compile.ts'
import { ResidentKernel } from './plans/resident/kernel.ts'
import { makeWorkspace } from './plans/workspace.ts'
import { checkEpochs, checkForm, checkSeeded, checkSeeds, checkState } from './population-checks.ts'
import type { OrderChoices } from './population-orders.ts'
import { PopulationScoring } from './population-scoring.ts'
import { PopulationTraining, type PopulationTrainingParts } from './population-training.ts'

export { checkAlike } from './alike.ts'

/** The most dispatches of one submit. */
const MOST_DISPATCHES = 128

/** What may be chosen, for measurements and tests; left out, all follows from rules. */
export interface PopulationChoices extends StraightChoices {
  readonly form?: ResidentForm | undefined
  readonly orders?: OrderChoices
}

interface Parts extends PopulationTrainingParts {
  /** The settings of each network. */
  readonly all: readonly PlacementSettings[]
  readonly evaluation: Evaluator
  readonly scoring: PopulationScoring
}

/** Many networks of one shape on the GPU, each trained by one invocation or one workgroup. */
export class WebGPUPopulation implements Population {
  readonly networks: number
  readonly #parts: Parts
  readonly #training: PopulationTraining

  private constructor(parts: Parts) {
    this.#parts = parts
    this.networks = parts.kernel.networks
    this.#training = new PopulationTraining(parts)
  }

  /** @param all settings alike (alike.ts), one for each network */
  static async place(
    device: Device,
    kernels: Kernels,
    networks: readonly Network[],
    all: readonly PlacementSettings[],
    choices: PopulationChoices = {},
  ): Promise<WebGPUPopulation> {
    const settings = all[0]!
    const buffers = new Buffers(device)
    try {
      const layers = deviceLayers(networks[0]!.layers)
      checkFits(device, layers, settings, all.length)
      const form = choices.form ?? residentForm(device, 'resident', layers, settings, all.length)!
      checkForm(form, isPossible(device, form, layers, settings), all.length)
      const parts = { device, kernels, buffers, layers, settings, form, clock: undefined }
      const { store, evaluated, space } = await device.checked('parameters', () => ({
        store: new ParameterStore(parts, networks, all.length),
        evaluated: new ParameterStore(parts, networks.slice(0, 1)),
        space: makeWorkspace(buffers, layers, 'training', settings.batchSize),
      }))
      const recorder = new Recorder(device, evaluated.steps)
      const passes = new LayeredPasses(parts, evaluated)
      const kernel = await ResidentKernel.create({
        ...parts,
        store,
        settings: all,
        mostDispatches: MOST_DISPATCHES,
        choices,
      })
      await device.measureWaits()
      const evaluation = new Evaluator({
        ...parts,
        store: evaluated,
        passes,
        recorder,
        training: space,
        profiler: settings.profiler,
      })
      return new WebGPUPopulation({
        ...parts,
        all,
        orderChoices: choices.orders,
        store,
        kernel,
        evaluated,
        passes,
        recorder,
        space,
        evaluation,
        scoring: await device.checked('scores', () => new PopulationScoring({ ...parts, store, networks: all.length })),
      })
    } catch (error) {
      buffers.dispose()
      throw error
    }
  }

  get form(): string {
    return this.#parts.form
  }

  get held(): number {
    return this.#parts.buffers.bytes
  }

  upload(data: DataSource): Promise<DataHandle> {
    const { device, buffers } = this.#parts
    if (data.weights) throw new InputError('population: samples with weights are trained on one network at a time')
    return device.checked('data set', () => new WebGPUData(buffers, { epochs: 1, mayBytes: false }, data))
  }

  train(data: DataHandle, epochs: readonly (readonly EpochOrder[])[]): Underway<Sums[][]> {
    checkEpochs(epochs, this.networks)
    return underway(async () => {
      if (epochs[0]!.length === 0) return { result: epochs.map(() => []) }
      const { sums } = await this.#training.start(ownData(data), new GivenEpochs(epochs))
      return { result: sums.then((all) => all.list()) }
    })
  }

  trainSeeded(data: DataHandle, options: SeededOptions): Underway<PopulationSums> {
    checkSeeded(options, this.#parts.all)
    const { seeds, first, count, batchSize, countsLabels = false, signal } = options
    const { all } = this.#parts
    const epochs = new SeededEpochs({
      orders: { seeds, first },
      count,
      samples: data.samples,
      batchSize,
      countsLabels,
      signal,
      rates: all,
      learningRate: (k, epoch) => rateAt(all[k]!.optimizer.learningRate, first + epoch - 1),
    })
    return underway(async () => {
      const { sums } = await this.#training.start(ownData(data), epochs)
      return { result: sums }
    })
  }

  initialize(seeds: Uint32Array, init: InitializerName): Promise<void> {
    checkSeeds(seeds, this.networks)
    const { store } = this.#parts
    return this.#training.restart(async () => {
      await initializeOnDevice(this.#parts, store.parameters, seeds, init)
      await store.resetState()
    })
  }

  stop(networks: readonly number[]): Promise<void> {
    return this.#training.stop(networks)
  }

  locateFault(network: number): Promise<Fault | undefined> {
    return this.#training.locateFault(network)
  }

  score(data: DataHandle, countsLabels = false, wantsSquares = false): Underway<PopulationScore[]> {
    return underway(() => this.#evaluate(() => this.#parts.scoring.start(ownData(data), countsLabels, wantsSquares)))
  }

  outputs(data: DataHandle, network: number): Promise<Float32Array> {
    const { store, evaluated, evaluation } = this.#parts
    return this.#evaluate(() => {
      evaluated.copyFrom(store, network)
      return evaluation.outputs(ownData(data))
    })
  }

  read(network: number): Promise<Snapshot> {
    return this.#evaluate(() => this.#parts.store.read(network))
  }

  readParameters(): Promise<Float32Array> {
    return this.#evaluate(() => this.#parts.store.readAllParameters())
  }

  readState(): Promise<PopulationState> {
    const { store, form } = this.#parts
    return this.#evaluate(async () => {
      const ended = new Uint8Array(this.networks)
      for (const k of this.#training.ended) ended[k] = 1
      return { form, ended, ...(await store.readAll()) }
    })
  }

  async writeState(state: PopulationState): Promise<void> {
    const { form, layers, settings, store } = this.#parts
    checkState(state, { form, networks: this.networks, layers, slots: stateSlots(settings.optimizer) })
    const ended = Array.from(state.ended.keys()).filter((k) => state.ended[k] === 1)
    await this.#training.restart(() => store.writeAll(state), ended)
  }

  /** Runs work on parameters that are valid: networks that diverge have those from before that epoch. */
  async #evaluate<T>(work: () => Promise<T>): Promise<T> {
    await this.#training.idle()
    return this.#training.inTurn(work)
  }

  dispose(): void {
    this.#parts.buffers.dispose()
  }
}
