import { countMinibatches } from '../../../data/minibatch.ts'
import type { EpochCounts, EpochOrder, PlacementSettings, Sums } from '../../backend.ts'
import { type ProfilePart, timed } from '../../profiler.ts'
import { ordersOf, type WebGPUData } from '../data.ts'
import type { Buffers } from '../device/buffers.ts'
import type { KernelClock } from '../device/clock.ts'
import type { Device } from '../device/device.ts'
import { inFlight, inSubmits } from '../device/pace.ts'
import { readBack, sumRows } from '../device/readback.ts'
import type { Plans } from './choice.ts'
import { type Copy, ParameterCopies } from './copies.ts'
import type { ParameterStore } from './parameters.ts'
import type { Plan, PreparedEpochs } from './plan.ts'

/** Groups of epochs that are under way at most. */
const MOST_GROUPS = 64

export interface TrainingParts {
  readonly device: Device
  readonly buffers: Buffers
  readonly settings: PlacementSettings
  readonly store: ParameterStore
  readonly plans: Plans
  readonly clock: KernelClock | undefined
}

/** Epochs that were submitted, with the sums of their losses to come. */
export interface Started {
  readonly sums: Promise<Sums[]>
}

/** Epochs that were submitted together; their results are read together. */
interface Group {
  readonly data: WebGPUData
  readonly epochs: readonly EpochOrder[]
  readonly plan: Plan
  readonly began: number
  /** The parameters as they were when it began. */
  copy: Copy | undefined
}

const countSteps = ({ order, batchSize }: EpochOrder) => countMinibatches(order.length, batchSize)

/**
 * Submits epochs to the device, several groups of them before the results of the first are known; and returns to where
 * the epoch began whose result is not finite. What a group runs is the plan's business (plan.ts).
 */
export class Training {
  readonly #device: Device
  readonly #buffers: Buffers
  readonly #settings: PlacementSettings
  readonly #store: ParameterStore
  readonly #plans: Plans
  readonly #clock: KernelClock | undefined
  readonly #copies: ParameterCopies
  /** Groups whose results are not known yet, and the last of them. */
  #underWay = 0
  #last: Promise<unknown> = Promise.resolve()
  /** The first group with an epoch that is not finite, and the index of that epoch. What was submitted later is invalid. */
  #bad: { readonly group: Group; readonly index: number } | undefined
  #lastEnd = 0

  constructor({ device, buffers, settings, store, plans, clock }: TrainingParts) {
    this.#device = device
    this.#buffers = buffers
    this.#settings = settings
    this.#store = store
    this.#plans = plans
    this.#clock = clock
    this.#copies = new ParameterCopies(device, buffers, store, plans.groupsEpochs)
  }

  /** How many epochs should be submitted as one group, and in all before the results of the first of them are known. */
  epochs(data: WebGPUData, batchSize: number): EpochCounts {
    const plan = this.#plans.planFor(data)
    const steps = countMinibatches(data.samples, batchSize)
    const fitting = Math.floor(plan.pace.stepsTogether / steps)
    const together = Math.max(1, Math.min(fitting, plan.mostEpochs(data.samples)))
    if (this.#clock) return { together, ahead: 1 }
    const most = Math.min(MOST_GROUPS, this.#copies.most) * together
    return { together, ahead: Math.max(1, Math.min(Math.ceil(plan.pace.stepsAhead / steps), most)) }
  }

  #timed<T>(part: ProfilePart, name: string, work: () => T | Promise<T>): Promise<T> {
    return timed(this.#settings.profiler, part, name, work)
  }

  /** Submits epochs, in as few groups as the plan can have: resolves when they are submitted, with their sums to come. */
  async start(data: WebGPUData, epochs: readonly EpochOrder[]): Promise<Started> {
    if (this.#bad) return { sums: Promise.resolve([]) }
    const plan = this.#plans.planFor(data)
    const most = plan.mostEpochs(data.samples)
    const started: Started[] = []
    for (let first = 0; first < epochs.length; first += most) {
      started.push(await this.#startGroup(plan, data, epochs.slice(first, first + most)))
    }
    const sums = Promise.all(started.map((each) => each.sums)).then((all) => all.flat())
    sums.catch(() => undefined)
    return { sums }
  }

  async #startGroup(plan: Plan, data: WebGPUData, epochs: readonly EpochOrder[]): Promise<Started> {
    const prepared = await plan.prepare(data, epochs)
    const group: Group = { data, epochs, plan, began: performance.now(), copy: undefined }
    await this.#submit(group, prepared)
    return this.#finish(group)
  }

  /** Submits the beginning of a group, and its steps. */
  async #submit(group: Group, { begin, submit, mostSteps }: PreparedEpochs): Promise<void> {
    const { plan, epochs } = group
    const [{ signal }] = epochs as readonly [EpochOrder]
    const atOnce = this.#clock ? inFlight.timed : inFlight.normal
    await plan.pace.ready(atOnce)
    // The device works in order, so nothing has to wait until this is accepted.
    const begun = [this.#begin(group)]
    if (this.#clock) await begun[0]
    if (begin) begun.push(begin())
    for (const promise of begun) promise.catch(() => undefined)
    try {
      const steps = epochs.length * countSteps(epochs[0]!)
      await inSubmits(this.#device, plan.pace, steps, signal, submit, { most: mostSteps, atOnce })
      await Promise.all(begun)
    } catch (error) {
      this.#release(group)
      throw error
    }
  }

  /** Writes the epochs' orders, copies the parameters, and clears the scores. */
  #begin(group: Group): Promise<void> {
    const { data, epochs, plan } = group
    const { gpu } = this.#device
    const begin = () => {
      data.setOrder(this.#device, ordersOf(epochs))
      const encoder = gpu.createCommandEncoder({ label: 'webgpu-mlp epoch' })
      group.copy = this.#copies.take(encoder)
      encoder.clearBuffer(plan.scores)
      gpu.queue.submit([encoder.finish()])
    }
    return this.#timed('upload', 'orders', () => this.#device.checked('training', begin))
  }

  /** Submits the reading of a group's results. */
  async #finish(group: Group): Promise<Started> {
    const alone = this.#underWay++ === 0
    const { epochs, plan } = group
    const { scores, scoresPerEpoch } = plan
    const before = this.#last
    const reading = this.#timed('read-back', 'results', () =>
      readBack(this.#device, this.#buffers, [scores], epochs.length * scoresPerEpoch * 8),
    )
    const end = async () => {
      try {
        const [values] = await reading
        await before
        const sums = epochs.map(({ order }, i) =>
          sumRows(values!.subarray(2 * i * scoresPerEpoch, 2 * (i + 1) * scoresPerEpoch), order.length),
        )
        return this.#end(group, sums, alone && this.#underWay === 1)
      } finally {
        this.#underWay--
      }
    }
    const sums = end()
    this.#last = sums.catch(() => undefined) // Whoever started the group awaits it later.
    // While kernels are timed, nothing may overlap.
    if (this.#clock) await sums
    return { sums }
  }

  /** Takes in the results of a group, after those of the groups before it. */
  #end(group: Group, sums: Sums[], alone: boolean): Sums[] {
    const { began, data, epochs, plan } = group
    const now = performance.now()
    const milliseconds = now - Math.max(began, this.#lastEnd)
    this.#lastEnd = now
    if (this.#bad) {
      this.#release(group)
      return []
    }
    plan.addTime?.(milliseconds)
    // If each group was waited for before the next one, the time was mostly that of waiting.
    const waited = alone && milliseconds < 10 * this.#device.profile.latency
    if (!waited) this.#plans.learn(plan, data, epochs.length * countSteps(epochs[0]!), milliseconds)
    const index = sums.findIndex(({ loss }) => !Number.isFinite(loss))
    if (index >= 0) {
      this.#bad = { group, index }
      return sums.slice(0, index + 1)
    }
    this.#release(group)
    return sums
  }

  #release(group: Group): void {
    if (group.copy) this.#copies.release(group.copy)
    group.copy = undefined
  }

  /**
   * After an epoch that is not finite, once nothing is under way: restores the parameters from before that epoch, and sets
   * the optimizer's state to what it is before the first step. Otherwise does nothing.
   */
  async recover(): Promise<void> {
    if (!this.#bad) return
    await this.#last
    const bad = this.#bad
    if (!bad || this.#underWay > 0) return
    this.#bad = undefined
    const { group, index } = bad
    if (group.copy) await this.#copies.restore(group.copy)
    this.#release(group)
    if (index > 0) await this.#repeat(group, index)
    await this.#store.resetState()
  }

  /** Trains the first `count` epochs of a group again: they lead to where the next one began. */
  async #repeat({ plan, data, epochs }: Group, count: number): Promise<void> {
    const again = epochs.slice(0, count).map((epoch) => ({ ...epoch, signal: undefined }))
    const { sums } = await this.#startGroup(plan, data, again)
    await sums
  }
}
