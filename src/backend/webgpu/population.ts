import { InputError } from '../../core/errors.ts'
import { countMinibatches } from '../../data/minibatch.ts'
import type { Network } from '../../model/network.ts'
import {
  type DataHandle,
  type DataSource,
  type EpochOrder,
  type PlacementSettings,
  type Population,
  type Snapshot,
  type Sums,
  underway,
  type Underway,
} from '../backend.ts'
import { ownData, WebGPUData } from './data.ts'
import { Buffers } from './device/buffers.ts'
import { type Device } from './device/device.ts'
import { inSubmits, Pace } from './device/pace.ts'
import { readBack, sumRows } from './device/readback.ts'
import { Evaluator } from './evaluator.ts'
import type { Kernels } from './kernels/kernels.ts'
import { checkFits } from './limits.ts'
import { deviceLayers } from './kernels/packs.ts'
import { residentForm } from './plans/choice.ts'
import { LayeredPasses } from './plans/layered/passes.ts'
import { ParameterStore } from './plans/parameters.ts'
import { Recorder } from './plans/recording.ts'
import { ResidentKernel } from './plans/resident/kernel.ts'
import { makeWorkspace } from './plans/workspace.ts'
import { submitMilliseconds } from '#gpu'

/** The most workgroups of a dispatch. */
const MOST_NETWORKS = 65_535
/** The most entries of the buffer that holds the orders of all networks, unless one epoch has more. */
const ORDER_ENTRIES = 1 << 22

interface Parts {
  readonly device: Device
  readonly buffers: Buffers
  readonly store: ParameterStore
  readonly kernel: ResidentKernel
  /** A network for evaluation: the parameters of one network of the population are copied to it. */
  readonly evaluated: ParameterStore
  readonly evaluation: Evaluator
}

/** Many networks of one shape on the GPU, each trained by one invocation or one workgroup. */
export class WebGPUPopulation implements Population {
  readonly networks: number
  readonly #parts: Parts
  readonly #pace: Pace
  #order: GPUBuffer | undefined

  private constructor(parts: Parts) {
    const { device, kernel } = parts
    this.#parts = parts
    this.networks = kernel.networks
    this.#pace = new Pace(submitMilliseconds, kernel.mostSteps, () => device.profile.latency)
  }

  /** @param all settings alike (alike.ts), one for each network */
  static async place(
    device: Device,
    kernels: Kernels,
    networks: readonly Network[],
    all: readonly PlacementSettings[],
  ): Promise<WebGPUPopulation> {
    if (networks.length > MOST_NETWORKS) {
      throw new InputError(`population: at most ${MOST_NETWORKS} networks side by side, got ${networks.length}`)
    }
    const settings = all[0]!
    const buffers = new Buffers(device)
    try {
      const layers = deviceLayers(networks[0]!.layers)
      checkFits(device, layers, settings, networks.length)
      const form = residentForm(device, 'resident', layers, settings, networks.length)!
      const parts = { device, kernels, buffers, layers, settings, clock: undefined }
      const { store, evaluated, space } = await device.checked('parameters', () => ({
        store: new ParameterStore(parts, networks),
        evaluated: new ParameterStore(parts, networks.slice(0, 1)),
        space: makeWorkspace(buffers, layers, 'training', settings.batchSize),
      }))
      const recorder = new Recorder(device, evaluated.steps)
      const passes = new LayeredPasses(parts, evaluated)
      const kernel = await ResidentKernel.create({ ...parts, form, store, settings: all })
      await device.measureWaits()
      const evaluation = new Evaluator({
        ...parts,
        store: evaluated,
        passes,
        recorder,
        training: space,
        profiler: settings.profiler,
      })
      return new WebGPUPopulation({ device, buffers, store, kernel, evaluated, evaluation })
    } catch (error) {
      buffers.dispose()
      throw error
    }
  }

  get held(): number {
    return this.#parts.buffers.bytes
  }

  upload(data: DataSource): Promise<DataHandle> {
    const { buffers } = this.#parts
    if (data.weights) throw new InputError('population: samples with weights are trained on one network at a time')
    return buffers.allocate('data set', () => new WebGPUData(buffers, { epochs: 1, mayBytes: false }, data))
  }

  train(data: DataHandle, epochs: readonly (readonly EpochOrder[])[]): Underway<Sums[][]> {
    checkEpochs(epochs, this.networks)
    return underway(async () => {
      const groups = []
      const { samples } = ownData(data)
      const count = epochs[0]!.length
      const most = this.#mostEpochs(samples, epochs)
      for (let first = 0; first < count; first += most) {
        const group = epochs.map((own) => own.slice(first, first + most))
        groups.push(await this.#startGroup(ownData(data), group))
      }
      const result = Promise.all(groups.map(({ sums }) => sums)).then((all) => this.#join(all))
      return { result }
    })
  }

  /** Epochs whose orders and scores the buffers hold. */
  #mostEpochs(samples: number, epochs: readonly (readonly EpochOrder[])[]): number {
    const orders = isShared(epochs) ? 1 : this.networks
    return Math.max(1, Math.min(this.#parts.kernel.mostEpochs, Math.floor(ORDER_ENTRIES / (orders * samples))))
  }

  /** The sums of each network, up to its first epoch that is not finite. */
  #join(groups: readonly (readonly (readonly Sums[])[])[]): Sums[][] {
    return Array.from({ length: this.networks }, (_, k) => {
      const sums = groups.flatMap((group) => group[k]!)
      const bad = sums.findIndex(({ loss }) => !Number.isFinite(loss))
      return bad < 0 ? sums : sums.slice(0, bad + 1)
    })
  }

  /** Submits a group of epochs: resolves when they are submitted, with the sums to come. */
  async #startGroup(data: WebGPUData, epochs: readonly (readonly EpochOrder[])[]) {
    const { device, buffers, kernel } = this.#parts
    const { scores, scoresPerEpoch } = kernel
    const [{ order, batchSize, signal }] = epochs[0] as readonly [EpochOrder]
    await this.#pace.ready()
    const begun = device.checked('training', () => {
      const encoder = device.gpu.createCommandEncoder({ label: 'webgpu-mlp epoch' })
      encoder.clearBuffer(scores)
      device.gpu.queue.submit([encoder.finish()])
      return { data, epochs, ...this.#writeOrders(epochs) }
    })
    begun.catch(() => undefined)
    const group = await begun
    const steps = epochs[0]!.length * countMinibatches(order.length, batchSize)
    const submit = (first: number, count: number) => kernel.submit(group, first, count)
    await inSubmits(device, this.#pace, steps, signal, submit)
    const each = 2 * scoresPerEpoch
    const read = readBack(device, buffers, [scores], 4 * each * epochs[0]!.length * this.networks)
    const sums = read.then(([values]) =>
      epochs.map((own, k) =>
        own.map((_, e) => {
          const place = (k * own.length + e) * each
          return sumRows(values!.subarray(place, place + each), order.length)
        }),
      ),
    )
    sums.catch(() => undefined)
    return { sums }
  }

  /** Writes the orders of all networks, or one for all if they share it. */
  #writeOrders(epochs: readonly (readonly EpochOrder[])[]): { order: GPUBuffer; orderStride: number } {
    const { device, buffers } = this.#parts
    const written = isShared(epochs) ? epochs.slice(0, 1) : epochs
    const stride = epochs[0]!.length * epochs[0]![0]!.order.length
    const orders = new Uint32Array(written.length * stride)
    let place = 0
    for (const { order } of written.flat()) {
      orders.set(order, place)
      place += order.length
    }
    if (this.#order && this.#order.size < 4 * orders.length) {
      buffers.free(this.#order)
      this.#order = undefined
    }
    this.#order ??= buffers.storage('orders', orders.length)
    device.write(this.#order, 0, orders)
    return { order: this.#order, orderStride: written.length > 1 ? stride : 0 }
  }

  score(data: DataHandle): Underway<Sums[]> {
    const { device, store, evaluated, evaluation } = this.#parts
    return underway(async () => {
      const sums: Promise<Sums>[] = []
      for (let k = 0; k < this.networks; k++) {
        device.check()
        evaluated.copyFrom(store, k)
        sums.push((await evaluation.startScore(ownData(data))).sums)
      }
      return { result: Promise.all(sums) }
    })
  }

  outputs(data: DataHandle, network: number): Promise<Float32Array> {
    const { store, evaluated, evaluation } = this.#parts
    evaluated.copyFrom(store, network)
    return evaluation.outputs(ownData(data))
  }

  read(network: number): Promise<Snapshot> {
    return this.#parts.store.read(network)
  }

  dispose(): void {
    this.#parts.buffers.dispose()
  }
}

/** Whether all networks visit the samples in the same order. */
const isShared = (epochs: readonly (readonly EpochOrder[])[]) =>
  epochs.every((own) => own.every(({ order }, e) => order === epochs[0]![e]!.order))

function checkEpochs(epochs: readonly (readonly EpochOrder[])[], networks: number): void {
  if (epochs.length !== networks || epochs.some((own) => own.length !== epochs[0]!.length)) {
    throw new InputError(`population: expected the same number of epochs for each of ${networks} networks`)
  }
  const [first] = epochs.flat()
  const differs = ({ order, batchSize }: EpochOrder) =>
    order.length !== first!.order.length || batchSize !== first!.batchSize
  if (epochs.flat().some(differs)) {
    throw new InputError('population: the epochs of all networks have orders of the same length, and one batchSize')
  }
}
