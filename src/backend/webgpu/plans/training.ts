import { countMinibatches } from '../../../data/minibatch.ts'
import type { EpochCounts, EpochOrder, PlacementSettings, Sums } from '../../backend.ts'
import type { Fault } from '../../fault.ts'
import { type ProfilePart, timed } from '../../profiler.ts'
import type { WebGPUData } from '../data.ts'
import type { Buffers } from '../device/buffers.ts'
import type { KernelClock } from '../device/clock.ts'
import type { Device } from '../device/device.ts'
import { readBack, sumRows } from '../device/readback.ts'
import type { DeviceLayer } from '../kernels/packs.ts'
import { type Repeatable, type ReturnPoint, ReturnPoints } from './copies.ts'
import { searchFault } from './fault.ts'
import type { ParameterStore } from './parameters.ts'
import type { Plan, TrainedEpochs } from './plan.ts'
import type { Plans } from './plans.ts'
import { giveSameBits } from './same-bits.ts'
import { countSteps, EpochSubmitter } from './submitter.ts'

/** Groups of epochs that are under way at most. */
const MOST_GROUPS = 64
/**
 * Where results come late, epochs shorter than this many waits do not end with one: the next is submitted before it. The
 * wait would cost more than a twentieth of a short epoch, and the result of a long epoch should not come an epoch later.
 */
const SHORT = 20

export interface TrainingParts {
  readonly device: Device
  readonly buffers: Buffers
  readonly layers: readonly DeviceLayer[]
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
interface Group extends TrainedEpochs, Repeatable {
  readonly began: number
  /** From where it can be repeated. */
  point: ReturnPoint<Group> | undefined
}

/**
 * Submits epochs to the device, several groups of them before the results of the first are known; and returns to where
 * the epoch began whose result is not finite. What a group runs is the plan's business (plan.ts).
 */
export class Training {
  readonly #layers: readonly DeviceLayer[]
  readonly #device: Device
  readonly #buffers: Buffers
  readonly #settings: PlacementSettings
  readonly #store: ParameterStore
  readonly #plans: Plans
  readonly #clock: KernelClock | undefined
  readonly #submitter: EpochSubmitter
  readonly #points: ReturnPoints<Group>
  /** Groups whose results are not known yet, and the last of them. */
  #underWay = 0
  #last: Promise<unknown> = Promise.resolve()
  /** The first group with an epoch that is not finite, and the index of that epoch. What was submitted later is invalid. */
  #bad: { readonly group: Group; readonly index: number } | undefined
  /** Whether the parameters are those of the beginning of the epoch that is not finite. */
  #hasReturned = false
  #lastEnd = 0

  constructor({ device, buffers, layers, settings, store, plans, clock }: TrainingParts) {
    this.#layers = layers
    this.#device = device
    this.#buffers = buffers
    this.#settings = settings
    this.#store = store
    this.#plans = plans
    this.#clock = clock
    this.#submitter = new EpochSubmitter(device, settings.profiler, clock)
    this.#points = new ReturnPoints(device, buffers, store)
  }

  /** How many epochs should be submitted as one group, and in all before the results of the first of them are known. */
  epochs(data: WebGPUData, batchSize: number): EpochCounts {
    const plan = this.#plans.planFor(data)
    const steps = countMinibatches(data.samples, batchSize)
    const fitting = Math.floor(plan.pace.stepsTogether / steps)
    const together = Math.max(1, Math.min(fitting, plan.mostEpochs(data.samples)))
    if (this.#clock) return { together, ahead: 1 }
    const most = Math.min(MOST_GROUPS, this.#points.most) * together
    const least = plan.pace.expected(steps) < SHORT * this.#device.profile.latency ? 2 : 1
    return { together, ahead: Math.max(least, Math.min(Math.ceil(plan.pace.stepsAhead / steps), most)) }
  }

  #timed<T>(part: ProfilePart, name: string, work: () => T | Promise<T>): Promise<T> {
    return timed(this.#settings.profiler, part, name, work)
  }

  /** Submits epochs, in as few groups as the plan can have: resolves when they are submitted, with their sums to come. */
  async start(data: WebGPUData, epochs: readonly EpochOrder[]): Promise<Started> {
    if (this.#bad) return { sums: Promise.resolve([]) }
    const plan = await this.#plans.choose(data, (one, other) => this.#giveSameBits(data, epochs[0]!, one, other))
    const most = plan.mostEpochs(data.samples)
    const started: Started[] = []
    for (let first = 0; first < epochs.length; first += most) {
      started.push(await this.#startGroup(plan, data, epochs.slice(first, first + most)))
    }
    const sums = Promise.all(started.map((each) => each.sums)).then((all) => all.flat())
    sums.catch(() => undefined)
    return { sums }
  }

  #giveSameBits(data: WebGPUData, epoch: EpochOrder, one: Plan, other: Plan): Promise<boolean> {
    const [device, buffers, store, submitter] = [this.#device, this.#buffers, this.#store, this.#submitter]
    return giveSameBits({ device, buffers, store, submitter, data, epoch }, one, other)
  }

  async #startGroup(plan: Plan, data: WebGPUData, epochs: readonly EpochOrder[]): Promise<Started> {
    const prepared = await plan.prepare(data, epochs)
    await this.#points.reserve(data)
    const entries = epochs.length * epochs[0]!.order.length
    const group: Group = { data, epochs, plan, entries, began: performance.now(), point: undefined }
    const milliseconds = plan.pace.expected(epochs.length * countSteps(epochs[0]!))
    try {
      await this.#submitter.submit(group, prepared, (encoder) => {
        group.point = this.#points.before(group, milliseconds, encoder)
      })
    } catch (error) {
      // Only some of its steps may have been made.
      this.#points.forget()
      this.#release(group)
      throw error
    }
    return this.#finish(group)
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
    if (group.point) this.#points.release(group.point)
    group.point = undefined
  }

  /** The parameters were changed by something else than training. */
  changed(): void {
    this.#points.forget()
  }

  /** Where the epoch that is not finite left the finite numbers, once nothing is under way. */
  async locateFault(): Promise<Fault | undefined> {
    await this.#last
    if (!this.#bad || this.#underWay > 0) return undefined
    const { group, index } = this.#bad
    await this.#return(group, index)
    const { plan, data } = group
    const epoch = { ...group.epochs[index]!, signal: undefined }
    const prepared = await plan.prepare(data, [epoch])
    await this.#submitter.begin({ plan, data, epochs: [epoch] })
    await prepared.begin?.()
    return searchFault({
      device: this.#device,
      buffers: this.#buffers,
      layers: this.#layers,
      store: this.#store,
      plan,
      epoch,
      run: (first, count) => this.#submitter.makeSteps(plan, prepared, first, count),
      valuesOf: (step) => this.#plans.layered.valuesOf(data, epoch, step),
    })
  }

  /**
   * After an epoch that is not finite, once nothing is under way: restores the parameters and the optimizer's state from
   * before that epoch. Otherwise does nothing.
   */
  async recover(): Promise<void> {
    if (!this.#bad) return
    await this.#last
    const bad = this.#bad
    if (!bad || this.#underWay > 0) return
    await this.#return(bad.group, bad.index)
    this.#bad = undefined
    this.#hasReturned = false
    this.#release(bad.group)
    this.#points.forget()
  }

  /** Goes back to where epoch `index` of a group began. */
  async #return(group: Group, index: number): Promise<void> {
    if (this.#hasReturned || !group.point) return
    const { trained } = group.point
    await this.#points.restore(group.point)
    for (const before of trained.slice(0, trained.indexOf(group))) await this.#repeat(before)
    if (index > 0) await this.#repeat(group, index)
    this.#hasReturned = true
  }

  /** Trains the first epochs of a group again. */
  async #repeat({ plan, data, epochs }: TrainedEpochs, count = epochs.length): Promise<void> {
    const again = { plan, data, epochs: epochs.slice(0, count).map((epoch) => ({ ...epoch, signal: undefined })) }
    await this.#submitter.submit(again, await plan.prepare(data, again.epochs))
    await this.#device.settled()
  }
}
