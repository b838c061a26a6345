import { countMinibatches } from '../../../data/minibatch.ts'
import { stepScalars } from '../../../optimizer/optimizer.ts'
import type { EpochCounts, EpochOrder, PlacementSettings, Sums } from '../../backend.ts'
import { type ProfilePart, timed } from '../../profiler.ts'
import type { Buffers } from '../device/buffers.ts'
import { Checkpoint, type Kept } from './copies.ts'
import type { Crossover } from './crossover.ts'
import { ordersOf, type WebGPUData } from '../data.ts'
import type { Device } from '../device/device.ts'
import type { PlanName } from '../device/profile.ts'
import type { LayeredPlan, Workspace } from './layered.ts'
import { inFlight, inSubmits, Pace } from '../device/pace.ts'
import type { KernelClock } from '../device/clock.ts'
import { readBack, sumRows } from '../device/readback.ts'
import type { Recorder } from './recording.ts'
import type { ResidentPlan } from './resident/resident.ts'
import { MOST_STEPS, noUpdate } from './steps.ts'
import { submitMilliseconds } from '#gpu'

/** Milliseconds of training before the kernels' tiles are measured, which takes about as long. */
const TRAINED_BEFORE_TUNING = 1000
/** Groups of epochs that are under way at most. */
const MOST_GROUPS = 64

export interface TrainingParts {
  readonly device: Device
  readonly buffers: Buffers
  readonly settings: PlacementSettings
  readonly plan: LayeredPlan
  readonly resident: ResidentPlan | undefined
  /** Where both plans apply and the faster is to be found. */
  readonly crossover: Crossover | undefined
  readonly clock: KernelClock | undefined
}

/** Epochs that were handed over, with the sums of their losses to come. */
export interface Started {
  readonly sums: Promise<Sums[]>
}

/** Epochs that were handed over together; their results are read together. */
interface Group {
  readonly data: WebGPUData
  readonly plans: readonly EpochOrder[]
  readonly resident: ResidentPlan | undefined
  readonly began: number
  /** The parameters as they were when it began. */
  kept: Kept | undefined
}

/**
 * Hands epochs over to the device, by either plan, several groups of them one after another before the results of the first
 * are known; and goes back to where the epoch began that went wrong.
 */
export class Training {
  readonly #device: Device
  readonly #buffers: Buffers
  readonly #settings: PlacementSettings
  readonly #plan: LayeredPlan
  readonly #resident: ResidentPlan | undefined
  readonly #crossover: Crossover | undefined
  readonly #clock: KernelClock | undefined
  readonly #recorder: Recorder
  readonly #space: Workspace
  readonly #checkpoint: Checkpoint
  /** How much is submitted at once, by either plan. */
  readonly #pace: Record<PlanName, Pace>
  /** Groups whose results are not known yet, and the last of them. */
  #underWay = 0
  #last: Promise<unknown> = Promise.resolve()
  /** The first group with an epoch that is not finite, and which that is. What was handed over after it is worth nothing. */
  #bad: { readonly group: Group; readonly index: number } | undefined
  /** Milliseconds of training by the layered plan so far, and when the last group ended. */
  #trained = 0
  #lastEnd = 0
  #tuned = false

  constructor(parts: TrainingParts, recorder: Recorder, space: Workspace) {
    const { device, buffers, settings, plan, resident, crossover, clock } = parts
    this.#device = device
    this.#buffers = buffers
    this.#settings = settings
    this.#plan = plan
    this.#resident = resident
    this.#crossover = crossover
    this.#clock = clock
    this.#recorder = recorder
    this.#space = space
    this.#checkpoint = new Checkpoint(device, buffers, plan.residents, resident !== undefined)
    const latency = () => device.profile.latency
    this.#pace = {
      layered: new Pace(submitMilliseconds, MOST_STEPS, latency),
      resident: new Pace(submitMilliseconds, resident?.mostSteps ?? 1, latency),
    }
  }

  /** The resident plan, where it is the one to train by. */
  #residentFor({ weighted }: WebGPUData): ResidentPlan | undefined {
    return weighted || this.#crossover?.plan === 'layered' ? undefined : this.#resident
  }

  /** How many epochs are worth handing over as one group, and in all before the first of them has come to its end. */
  epochs(data: WebGPUData, batchSize: number): EpochCounts {
    const resident = this.#residentFor(data)
    const steps = countMinibatches(data.samples, batchSize)
    const fitting = Math.floor(this.#pace.resident.stepsTogether / steps)
    const together = resident ? Math.max(1, Math.min(fitting, resident.mostEpochs(data.samples))) : 1
    if (this.#clock) return { together, ahead: 1 }
    const pace = this.#pace[resident ? 'resident' : 'layered']
    const most = Math.min(MOST_GROUPS, this.#checkpoint.most) * together
    return { together, ahead: Math.max(1, Math.min(Math.ceil(pace.stepsAhead / steps), most)) }
  }

  #timed<T>(part: ProfilePart, name: string, work: () => T | Promise<T>): Promise<T> {
    return timed(this.#settings.profiler, part, name, work)
  }

  /** Hands epochs over: resolves when they are submitted, with their sums to come. */
  async start(data: WebGPUData, plans: readonly EpochOrder[]): Promise<Started> {
    if (this.#bad) return { sums: Promise.resolve([]) }
    const resident = this.#residentFor(data)
    return resident ? this.#startResident(resident, data, plans) : this.#startEach(data, plans)
  }

  /** Epoch after epoch by the layered plan. */
  async #startEach(data: WebGPUData, plans: readonly EpochOrder[]): Promise<Started> {
    const started: Started[] = []
    for (const plan of plans) {
      await this.#tuneOnce(data)
      started.push(await this.#startLayered(data, plan))
    }
    const sums = Promise.all(started.map((each) => each.sums)).then((all) => all.flat())
    sums.catch(() => undefined)
    return { sums }
  }

  /** One epoch by the layered plan. */
  async #startLayered(data: WebGPUData, plan: EpochOrder): Promise<Started> {
    const began = performance.now()
    const group: Group = { data, plans: [plan], resident: undefined, began, kept: undefined }
    const passes = await this.#timed('compile', 'kernels', () => data.passes(this.#plan, this.#space))
    const stages = passes.training
    const { order, batchSize, learningRate, stepsBefore } = plan
    const { optimizer } = this.#settings
    const { rowScores } = this.#space
    const steps = countMinibatches(order.length, batchSize)
    const submit = (first: number, count: number) => {
      const minibatch = (i: number) => {
        const start = (first + i) * batchSize
        const number = stepsBefore + first + i + 1
        const scalars = stepScalars(optimizer, number, learningRate)
        return { start, rows: Math.min(batchSize, order.length - start), number, scalars }
      }
      const after = first + count === steps ? passes.check : []
      return this.#recorder.submit('training', stages, count, minibatch, after)
    }
    const most = this.#recorder.mostSteps([...stages, ...passes.check])
    await this.#submit(group, rowScores, this.#pace.layered, submit, most)
    return this.#finish(group, rowScores, rowScores.size / 8)
  }

  /** Epochs of a small network in as few dispatches as the time for one allows, and one read-back for all of them. */
  async #startResident(resident: ResidentPlan, data: WebGPUData, plans: readonly EpochOrder[]): Promise<Started> {
    const group: Group = { data, plans, resident, began: performance.now(), kept: undefined }
    const { order, batchSize } = plans[0]!
    const perEpoch = countMinibatches(order.length, batchSize)
    const sorting = resident.sorting(data)
    const submit = (first: number, count: number) => resident.submit(data, plans, perEpoch, first, count)
    const sort = () =>
      this.#recorder.submit('sorting', sorting, 1, () => ({
        start: 0,
        rows: order.length,
        number: 0,
        scalars: noUpdate,
      }))
    await this.#submit(group, resident.scores, this.#pace.resident, submit, Infinity, sorting.length > 0 && sort)
    return this.#finish(group, resident.scores, resident.scoresPerEpoch)
  }

  /** Submits the beginning of a group, and its steps. */
  async #submit(
    group: Group,
    scores: GPUBuffer,
    pace: Pace,
    submit: (first: number, count: number) => Promise<void>,
    most: number,
    sort: false | (() => Promise<void>) = false,
  ): Promise<void> {
    const { plans } = group
    const { order, batchSize, signal } = plans[0]!
    const atOnce = this.#clock ? inFlight.timed : inFlight.normal
    await pace.room(atOnce)
    // What is submitted later comes later: nobody needs to wait for the answer that all was right.
    const begun = [this.#begin(group, scores)]
    if (this.#clock) await begun[0]
    if (sort) begun.push(sort())
    for (const promise of begun) promise.catch(() => undefined)
    try {
      const steps = plans.length * countMinibatches(order.length, batchSize)
      await inSubmits(this.#device, pace, steps, signal, submit, { most, atOnce })
      await Promise.all(begun)
    } catch (error) {
      this.#release(group)
      throw error
    }
  }

  /** Sends the epochs' orders, keeps a copy of the parameters and the optimizer's state, and clears the scores. */
  #begin(group: Group, scores: GPUBuffer): Promise<void> {
    const { data, plans } = group
    const { gpu } = this.#device
    const begin = () => {
      data.setOrder(this.#device, ordersOf(plans))
      const encoder = gpu.createCommandEncoder({ label: 'webgpu-mlp epoch' })
      group.kept = this.#checkpoint.take(encoder)
      encoder.clearBuffer(scores)
      gpu.queue.submit([encoder.finish()])
    }
    return this.#timed('upload', 'orders', () => this.#device.checked('training', begin))
  }

  /** Submits the reading of a group's results. */
  async #finish(group: Group, scores: GPUBuffer, each: number): Promise<Started> {
    const alone = this.#underWay++ === 0
    const { plans } = group
    const before = this.#last
    const reading = this.#timed('read-back', 'results', () =>
      readBack(this.#device, this.#buffers, [scores], plans.length * each * 8),
    )
    const end = async () => {
      try {
        const [values] = await reading
        await before
        const sums = plans.map(({ order }, i) =>
          sumRows(values!.subarray(2 * i * each, 2 * (i + 1) * each), order.length),
        )
        return this.#end(group, sums, alone && this.#underWay === 1)
      } finally {
        this.#underWay--
      }
    }
    const sums = end()
    this.#last = sums.catch(() => undefined) // Who started the group awaits it, later.
    // Where time is measured, nothing may overlap.
    if (this.#clock) await sums
    return { sums }
  }

  /** Takes in what a group came to, after those before it. */
  #end(group: Group, sums: Sums[], alone: boolean): Sums[] {
    const { began, data, plans, resident } = group
    const now = performance.now()
    const milliseconds = now - Math.max(began, this.#lastEnd)
    this.#lastEnd = now
    if (this.#bad) {
      this.#release(group)
      return []
    }
    if (!resident) this.#trained += milliseconds
    // Where it was waited for one group at a time, the time was that of waiting.
    const told = alone && milliseconds < 10 * this.#device.profile.latency
    if (!data.weighted && !told) {
      const steps = plans.reduce((sum, { order, batchSize }) => sum + countMinibatches(order.length, batchSize), 0)
      this.#crossover?.learn(steps, milliseconds, resident ? 'resident' : 'layered')
    }
    const index = sums.findIndex(({ loss }) => !Number.isFinite(loss))
    if (index >= 0) {
      this.#bad = { group, index }
      return sums.slice(0, index + 1)
    }
    this.#release(group)
    return sums
  }

  #release(group: Group): void {
    if (group.kept) this.#checkpoint.release(group.kept)
    group.kept = undefined
  }

  /**
   * After an epoch that is not finite, once nothing is under way: puts the parameters back to where that epoch began, and
   * the optimizer's state to its start. Otherwise does nothing.
   */
  async recover(): Promise<void> {
    if (!this.#bad) return
    await this.#last
    const bad = this.#bad
    if (!bad || this.#underWay > 0) return
    this.#bad = undefined
    const { group, index } = bad
    if (group.kept) await this.#checkpoint.restore(group.kept)
    this.#release(group)
    if (index > 0 && group.resident) {
      // The same epochs again, up to the bad one, lead to where that one began.
      const plans = group.plans.slice(0, index).map((plan) => ({ ...plan, signal: undefined }))
      const { sums } = await this.#startResident(group.resident, group.data, plans)
      await sums
    }
    const { state } = this.#plan.residents
    const start = new Float32Array(state.size / 4).fill(this.#settings.optimizer.initialAccumulator)
    await this.#device.checked('restoring', () => {
      this.#device.write(state, 0, start)
    })
  }

  /** Measures the tiles once the training has gone on for so long that it pays; a short run takes those of the rule. */
  async #tuneOnce(data: WebGPUData): Promise<void> {
    if (this.#tuned || this.#trained < TRAINED_BEFORE_TUNING) return
    this.#tuned = true
    await this.#pace.layered.idle()
    const measured = await this.#timed('compile', 'tiles measured', () => this.#plan.tune(data, this.#space))
    if (measured) data.forget(this.#space)
  }
}
