import { countMinibatches } from '../../data/minibatch.ts'
import type { EpochOrder, PlacementSettings, Sums } from '../backend.ts'
import type { Fault } from '../fault.ts'
import type { WebGPUData } from './data.ts'
import type { Buffers } from './device/buffers.ts'
import type { Device } from './device/device.ts'
import { inSubmits, Pace } from './device/pace.ts'
import { readBack, sumRows } from './device/readback.ts'
import type { DeviceLayer } from './kernels/packs.ts'
import { entriesOf, OrderBuffer, type PopulationEpochs } from './population-orders.ts'
import { type Repeatable, type ReturnPoint, ReturnPoints } from './plans/copies.ts'
import { searchFault } from './plans/fault.ts'
import { LayeredPlan } from './plans/layered/layered.ts'
import type { LayeredPasses } from './plans/layered/passes.ts'
import type { ParameterStore } from './plans/parameters.ts'
import type { Recorder } from './plans/recording.ts'
import type { ResidentEpochs, ResidentKernel } from './plans/resident/kernel.ts'
import type { Workspace } from './plans/workspace.ts'
import { submitMilliseconds } from '#gpu'

export interface PopulationTrainingParts {
  readonly device: Device
  readonly buffers: Buffers
  readonly layers: readonly DeviceLayer[]
  readonly settings: PlacementSettings
  readonly store: ParameterStore
  readonly kernel: ResidentKernel
  /** For one network at a time: evaluation, and the search for a fault. */
  readonly evaluated: ParameterStore
  readonly passes: LayeredPasses
  readonly recorder: Recorder
  readonly space: Workspace
}

/** Epochs that were submitted together; their results are read together. */
interface Group extends Repeatable {
  readonly epochs: PopulationEpochs
  /** From where it can be repeated. */
  point: ReturnPoint<Group> | undefined
}

/** The epoch in which a network left the finite numbers. */
interface FailedEpoch {
  readonly data: WebGPUData
  readonly epoch: EpochOrder
}

/**
 * Submits the epochs of a population, several groups of them before the results of the first are known. A network that
 * diverges is trained again up to the epoch before, from a copy of all parameters (plans/copies.ts); all such networks of a
 * group at the same time, while the kernel leaves out the others.
 */
export class PopulationTraining {
  readonly #parts: PopulationTrainingParts
  readonly #pace: Pace
  readonly #points: ReturnPoints<Group>
  readonly #orders: OrderBuffer
  /** The last work that has the kernel's buffers, and the results that were asked for last. */
  #turn: Promise<unknown> = Promise.resolve()
  #last: Promise<unknown> = Promise.resolve()
  /** The networks that diverged, which are not trained any more. */
  readonly #failed = new Map<number, FailedEpoch>()

  constructor(parts: PopulationTrainingParts) {
    const { device, buffers, store, kernel } = parts
    this.#parts = parts
    this.#pace = new Pace(submitMilliseconds, kernel.mostSteps, () => device.profile.latency)
    this.#points = new ReturnPoints(device, buffers, store)
    this.#orders = new OrderBuffer(device, buffers)
  }

  /** Waits until all results are known, and the networks that diverged have their last good parameters. */
  async idle(): Promise<void> {
    let last: unknown
    while (last !== this.#last) await (last = this.#last)
  }

  /** Runs work that submits, after all that came before it: the kernel has one set of buffers. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work)
    this.#turn = result.catch(() => undefined)
    return result
  }

  /** Submits epochs: resolves when they are submitted, with the sums of each network to come. */
  async start(data: WebGPUData, epochs: PopulationEpochs): Promise<{ sums: Promise<Sums[][]> }> {
    const groups: Promise<Sums[][]>[] = []
    const count = epochs[0]!.length
    const most = Math.min(this.#parts.kernel.mostEpochs, this.#orders.mostEpochs(epochs))
    for (let first = 0; first < count; first += most) {
      const own = epochs.map((each) => each.slice(first, first + most))
      const { sums } = await this.inTurn(() => this.#startGroup(data, own))
      groups.push(sums)
    }
    const sums = Promise.all(groups).then((all) => epochs.map((_, k) => all.flatMap((group) => group[k]!)))
    sums.catch(() => undefined)
    return { sums }
  }

  /** Submits a group of epochs and the reading of their results. */
  async #startGroup(data: WebGPUData, epochs: PopulationEpochs): Promise<{ sums: Promise<Sums[][]> }> {
    const { device, buffers, kernel } = this.#parts
    const group: Group = { data, epochs, entries: entriesOf(epochs), point: undefined }
    try {
      await this.#submit(group, (encoder) => {
        group.point = this.#points.before(group, this.#pace.expected(countSteps(epochs)), encoder)
      })
    } catch (error) {
      // Only some of its steps may have been made.
      this.#points.forget()
      this.#release(group)
      throw error
    }
    const bytes = 8 * kernel.scoresPerEpoch * epochs[0]!.length * kernel.networks
    const sums = this.#finish(group, readBack(device, buffers, [kernel.scores], bytes))
    this.#last = sums.catch(() => undefined) // Whoever started the group awaits it later.
    return { sums }
  }

  /** Submits a group's epochs, up to the limits that the kernel has. */
  async #submit(
    { data, epochs }: Pick<Group, 'data' | 'epochs'>,
    record: (encoder: GPUCommandEncoder) => void = () => undefined,
  ): Promise<void> {
    const { device, kernel } = this.#parts
    await this.#pace.ready()
    const begun = await device.checked('training', () => {
      const encoder = device.gpu.createCommandEncoder({ label: 'webgpu-mlp epoch' })
      record(encoder)
      encoder.clearBuffer(kernel.scores)
      device.gpu.queue.submit([encoder.finish()])
      return { data, epochs, ...this.#orders.write(epochs) }
    })
    const submit = (first: number, count: number) => kernel.submit(begun, first, count)
    await inSubmits(device, this.#pace, countSteps(epochs), epochs[0]![0]!.signal, submit)
  }

  /** Takes in the results of a group, after those of the groups before it. */
  async #finish(group: Group, reading: Promise<Float32Array[]>): Promise<Sums[][]> {
    const before = this.#last
    try {
      const [values] = await reading
      await before
      const bad = new Map<number, number>()
      const sums = group.epochs.map((own, k) => {
        if (this.#failed.has(k)) return []
        const all = this.#sumsOf(values!, k, own)
        const index = all.findIndex(({ loss }) => !Number.isFinite(loss))
        if (index < 0) return all
        bad.set(k, index)
        return all.slice(0, index + 1)
      })
      if (bad.size > 0) await this.inTurn(() => this.#recover(group, bad))
      return sums
    } finally {
      this.#release(group)
    }
  }

  #sumsOf(values: Float32Array, network: number, epochs: readonly EpochOrder[]): Sums[] {
    const each = 2 * this.#parts.kernel.scoresPerEpoch
    return epochs.map(({ order }, e) => {
      const place = (network * epochs.length + e) * each
      return sumRows(values.subarray(place, place + each), order.length)
    })
  }

  #release(group: Group): void {
    if (group.point) this.#points.release(group.point)
    group.point = undefined
  }

  /** Gives networks the parameters and the state of the beginning of their epoch that is not finite, and stops them. */
  async #recover(group: Group, bad: ReadonlyMap<number, number>): Promise<void> {
    const { device, kernel, store } = this.#parts
    const { data, epochs, point } = group
    for (const [k, index] of bad) this.#failed.set(k, { data, epoch: { ...epochs[k]![index]!, signal: undefined } })
    const values = await this.#points.read(point!)
    const limit = (epochsOf: (network: number) => number | undefined) =>
      device.checked('checkpoint', () => kernel.limitEpochs(epochsOf))
    await device.checked('checkpoint', () => {
      for (const k of bad.keys()) store.writeBack(k, values)
    })
    await limit((k) => (bad.has(k) ? undefined : 0))
    const { trained } = point!
    for (const earlier of trained.slice(0, trained.indexOf(group))) await this.#repeat(earlier)
    await limit((k) => bad.get(k) ?? 0)
    const most = Math.max(...bad.values())
    if (most > 0) await this.#repeat({ data, epochs: epochs.map((own) => own.slice(0, most)) })
    await limit((k) => (this.#failed.has(k) ? 0 : undefined))
  }

  /** Trains epochs again, as far as the limits allow; an abort does not end it. */
  #repeat({ data, epochs }: Pick<Group, 'data' | 'epochs'>): Promise<void> {
    const again = epochs.map((own) => own.map((epoch) => ({ ...epoch, signal: undefined })))
    return this.#submit({ data, epochs: again })
  }

  /** Where a network left the finite numbers: its epoch is made again, alone and step by step. */
  async locateFault(network: number): Promise<Fault | undefined> {
    await this.idle()
    const failed = this.#failed.get(network)
    return failed && this.inTurn(() => this.#search(network, failed))
  }

  async #search(network: number, { data, epoch }: FailedEpoch): Promise<Fault | undefined> {
    const { device, buffers, layers, store, kernel, evaluated } = this.#parts
    const layered = new LayeredPlan(this.#parts)
    const alone = await device.checked('search for a fault', () => {
      evaluated.copyFrom(store, network)
      data.setOrder(device, epoch.order)
      return kernel.alone(network, evaluated)
    })
    const pace = new Pace(submitMilliseconds, alone.mostSteps, () => device.profile.latency)
    const own: ResidentEpochs = { data, order: data.order, orderStride: 0, epochs: [[epoch]] }
    try {
      return await searchFault({
        device,
        buffers,
        layers,
        store: evaluated,
        plan: alone,
        epoch,
        run: (first, count) =>
          inSubmits(device, pace, count, undefined, (from, steps) => alone.submit(own, first + from, steps)),
        valuesOf: (step) => layered.valuesOf(data, epoch, step),
      })
    } finally {
      alone.dispose()
    }
  }
}

const countSteps = ([own]: PopulationEpochs) =>
  own!.length * countMinibatches(own![0]!.order.length, own![0]!.batchSize)
