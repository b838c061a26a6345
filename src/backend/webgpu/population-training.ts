import type { EpochOrder, PlacementSettings } from '../backend.ts'
import type { Fault } from '../fault.ts'
import type { WebGPUData } from './data.ts'
import type { Buffers } from './device/buffers.ts'
import type { Device } from './device/device.ts'
import { inSubmits, Pace } from './device/pace.ts'
import { readBack } from './device/readback.ts'
import type { Kernels } from './kernels/kernels.ts'
import type { DeviceLayer } from './kernels/packs.ts'
import { OrderBuffer, type OrderChoices } from './population-orders.ts'
import { type Repeatable, type ReturnPoint, ReturnPoints } from './plans/copies.ts'
import { searchFault } from './plans/fault.ts'
import { LayeredPlan } from './plans/layered/layered.ts'
import type { LayeredPasses } from './plans/layered/passes.ts'
import type { ParameterStore } from './plans/parameters.ts'
import type { Recorder } from './plans/recording.ts'
import type { ResidentForm } from './plans/choice.ts'
import { epochOf, GivenEpochs, type ResidentEpochs, stepsOf } from './plans/resident/epochs.ts'
import type { ResidentKernel } from './plans/resident/kernel.ts'
import type { Workspace } from './plans/workspace.ts'
import { ScoredSums } from './population-sums.ts'

export interface PopulationTrainingParts {
  readonly device: Device
  readonly kernels: Kernels
  readonly buffers: Buffers
  readonly form: ResidentForm
  readonly orderChoices?: OrderChoices | undefined
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
  readonly epochs: ResidentEpochs
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
  /** The calls of {@link start}: the groups of one follow those of the one before. */
  #starts: Promise<unknown> = Promise.resolve()
  /** The networks that diverged, and those that were stopped: they are not trained any more. */
  readonly #failed = new Map<number, FailedEpoch>()
  readonly #stopped = new Set<number>()

  constructor(parts: PopulationTrainingParts) {
    const { device, buffers, store, kernel } = parts
    this.#parts = parts
    this.#pace = new Pace(device.profile.submitMilliseconds, kernel.mostSteps, () => device.profile.latency)
    this.#points = new ReturnPoints(device, buffers, store)
    this.#orders = new OrderBuffer({ ...parts, networks: kernel.networks, choices: parts.orderChoices })
  }

  /** Waits until all results are known, and the networks that diverged have their last good parameters. */
  async idle(): Promise<void> {
    let [starts, last]: unknown[] = []
    while (starts !== this.#starts || last !== this.#last) {
      await (starts = this.#starts)
      await (last = this.#last)
    }
  }

  /** Runs work that submits, after all that came before it: the kernel has one set of buffers. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work)
    this.#turn = result.catch(() => undefined)
    return result
  }

  /** Submits epochs: resolves when they are submitted, with the sums of all networks to come. */
  start(data: WebGPUData, epochs: ResidentEpochs): Promise<{ sums: Promise<ScoredSums> }> {
    const started = this.#starts.then(() => this.#startGroups(data, epochs))
    this.#starts = started.catch(() => undefined)
    return started
  }

  async #startGroups(data: WebGPUData, epochs: ResidentEpochs): Promise<{ sums: Promise<ScoredSums> }> {
    const filling: Promise<void>[] = []
    const sums = new ScoredSums(epochs)
    const most = Math.min(this.#parts.kernel.mostEpochs, this.#orders.mostEpochs(epochs))
    for (let first = 0; first < epochs.count; first += most) {
      const own = epochs.count > most ? epochs.slice(first, Math.min(first + most, epochs.count)) : epochs
      const { filled } = await this.inTurn(() => this.#startGroup(data, own, sums))
      filling.push(filled)
    }
    const result = Promise.all(filling).then(() => sums)
    result.catch(() => undefined)
    return { sums: result }
  }

  /** Trains networks no more, after all that was handed over before. */
  async stop(networks: readonly number[]): Promise<void> {
    await this.idle()
    await this.inTurn(async () => {
      for (const k of networks) this.#stopped.add(k)
      await this.#limit()
    })
  }

  /** The networks that are trained no more, after all that was handed over before. */
  get ended(): ReadonlySet<number> {
    return new Set([...this.#failed.keys(), ...this.#stopped])
  }

  /**
   * Runs work that sets all parameters and states, after all that was handed over before.
   * @param ended the networks that are trained no more from then on; the others are, also those that diverged before
   */
  async restart(work: () => Promise<void>, ended: Iterable<number> = []): Promise<void> {
    await this.idle()
    await this.inTurn(async () => {
      this.#points.forget()
      await work()
      this.#failed.clear()
      this.#stopped.clear()
      for (const k of ended) this.#stopped.add(k)
      await this.#limit()
    })
  }

  /** Submits a group of epochs and the reading of their results. */
  async #startGroup(data: WebGPUData, epochs: ResidentEpochs, into: ScoredSums): Promise<{ filled: Promise<void> }> {
    const { device, buffers, kernel } = this.#parts
    const group: Group = { data, epochs, entries: epochs.entries, point: undefined }
    try {
      await this.#submit(group, (encoder) => {
        group.point = this.#points.before(group, this.#pace.expected(stepsOf(epochs)), encoder)
      })
    } catch (error) {
      // Only some of its steps may have been made.
      this.#points.forget()
      this.#release(group)
      throw error
    }
    const bytes = 8 * kernel.scoresPerEpoch * epochs.count * kernel.networks
    const filled = this.#finish(group, readBack(device, buffers, [kernel.scores], bytes), into)
    this.#last = filled.catch(() => undefined) // Whoever started the group awaits it later.
    return { filled }
  }

  /** Submits a group's epochs, up to the limits that the kernel has. */
  async #submit(
    { data, epochs }: Pick<Group, 'data' | 'epochs'>,
    record: (encoder: GPUCommandEncoder) => void = () => undefined,
  ): Promise<void> {
    const { device, kernel } = this.#parts
    await this.#pace.ready()
    const orders = await this.#orders.prepare(epochs)
    await device.checked('training', () => {
      const encoder = device.gpu.createCommandEncoder({ label: 'webgpu-mlp epoch' })
      record(encoder)
      encoder.clearBuffer(kernel.scores)
      device.gpu.queue.submit([encoder.finish()])
    })
    const work = { data, orders, epochs }
    const submit = (first: number, count: number) => kernel.submit(work, first, count)
    await inSubmits(device, this.#pace, stepsOf(epochs), epochs.signal, submit, { most: kernel.mostStepsOf(work) })
  }

  /** Takes in the results of a group, after those of the groups before it. */
  async #finish(group: Group, reading: Promise<Float32Array[]>, sums: ScoredSums): Promise<void> {
    const before = this.#last
    try {
      const [scores] = await reading
      await before
      const bad = sums.add(group.epochs, scores!, this.#parts.kernel.scoresPerEpoch, this.ended)
      if (bad.size > 0) await this.inTurn(() => this.#recover(group, bad))
    } finally {
      this.#release(group)
    }
  }

  #release(group: Group): void {
    if (group.point) this.#points.release(group.point)
    group.point = undefined
  }

  /** Gives networks the parameters and the state of the beginning of their epoch that is not finite, and stops them. */
  async #recover(group: Group, bad: ReadonlyMap<number, number>): Promise<void> {
    const { device, kernel, store } = this.#parts
    const { data, epochs, point } = group
    for (const [k, index] of bad) this.#failed.set(k, { data, epoch: epochOf(epochs, k, index) })
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
    if (most > 0) await this.#repeat({ data, epochs: epochs.slice(0, most) })
    await this.#limit()
  }

  /** Leaves out the networks that diverged or were stopped. */
  #limit(): Promise<void> {
    const { device, kernel } = this.#parts
    const isLeftOut = (k: number) => this.#failed.has(k) || this.#stopped.has(k)
    return device.checked('checkpoint', () => kernel.limitEpochs((k) => (isLeftOut(k) ? 0 : undefined)))
  }

  /** Trains epochs again, as far as the limits allow; an abort does not end it. */
  #repeat({ data, epochs }: Pick<Group, 'data' | 'epochs'>): Promise<void> {
    return this.#submit({ data, epochs: epochs.again() })
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
    const pace = new Pace(device.profile.submitMilliseconds, alone.mostSteps, () => device.profile.latency)
    const orders = { buffer: data.order, stride: 0, step: 1, epochs: 1 }
    const own = { data, orders, epochs: new GivenEpochs([[epoch]]) }
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
