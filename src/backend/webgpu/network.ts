import { InputError } from '../../errors.ts'
import type { Dataset } from '../../data/dataset.ts'
import type { Matrix } from '../../data/matrix.ts'
import type { Network } from '../../model/network.ts'
import { countMinibatches } from '../../training/minibatch.ts'
import { stateSlots, stepScalars } from '../../training/optimizer.ts'
import type { EpochPlan, LoadedData, PlacedNetwork, PlacementSettings, Snapshot, Sums, Trace } from '../backend.ts'
import { type ProfilePart, timed } from '../profiler.ts'
import { Buffers } from './buffers.ts'
import { Checkpoint } from './checkpoint.ts'
import { dataBytes, type DataForm, ownData, rowsWithin, WebGPUData } from './data.ts'
import { Crossover, type PlanName } from './crossover.ts'
import type { Device } from './device.ts'
import { Evaluation, MOST_ROWS } from './evaluation.ts'
import type { Kernels } from './kernels.ts'
import { LayeredPlan, type Workspace } from './layered.ts'
import { inFlight, inSubmits, Pace } from './pace.ts'
import { type DeviceLayer, deviceLayers, toDevice, toHost } from './packs.ts'
import { KernelClock } from './profile.ts'
import { readBack, sumRows } from './readback.ts'
import { Recorder } from './recording.ts'
import { type PlanChoice, residentForm, ResidentPlan } from './resident.ts'
import { MOST_STEPS, noUpdate } from './steps.ts'
import { submitMilliseconds } from '#gpu'

function checkRows(argument: string, rows: number): void {
  if (rows <= MOST_ROWS) return
  throw new InputError(
    `${argument}: webgpu takes at most ${MOST_ROWS} samples at once, got ${rows}; use smaller batches`,
  )
}

/** Milliseconds of training after which the kernels' tiles are measured; the measurement takes about as long. */
const TRAINED_BEFORE_TUNING = 1000

/** What a placed network is made of. */
interface Parts {
  readonly device: Device
  readonly buffers: Buffers
  readonly layers: readonly DeviceLayer[]
  readonly settings: PlacementSettings
  readonly plan: LayeredPlan
  readonly resident: ResidentPlan | undefined
  /** Where both plans apply and the faster is to be found. */
  readonly crossover: Crossover | undefined
  readonly clock: KernelClock | undefined
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
  readonly #training: Workspace
  readonly #checkpoint: Checkpoint
  readonly #recorder: Recorder
  readonly #evaluation: Evaluation
  readonly #crossover: Crossover | undefined
  /** How much is submitted at once, by either plan. */
  readonly #pace: Record<PlanName, Pace>
  /** Milliseconds of training so far, and when the last epoch ended. */
  #trained = 0
  #lastEnd = 0
  #tuned = false

  private constructor({ device, buffers, layers, settings, plan, resident, crossover, clock }: Parts) {
    this.#device = device
    this.#buffers = buffers
    this.#layers = layers
    this.#settings = settings
    this.#plan = plan
    this.#resident = resident
    this.#clock = clock
    this.#crossover = crossover
    this.#pace = {
      layered: new Pace(submitMilliseconds, MOST_STEPS),
      resident: new Pace(submitMilliseconds, resident?.mostSteps ?? 1),
    }
    this.#training = plan.makeWorkspace('training', settings.batchSize)
    this.#checkpoint = new Checkpoint(device, buffers, plan.residents, resident !== undefined)
    this.#recorder = new Recorder(device, plan.residents.steps, clock)
    this.#evaluation = new Evaluation(device, buffers, layers, plan, this.#recorder, this.#training, settings.profiler)
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
      const { residents } = plan
      const form = residentForm(device, choice, layers, settings)
      const resident =
        form &&
        (await timed(profiler, 'compile', 'kernels', () =>
          ResidentPlan.create({ device, kernels, buffers, layers, form, residents, settings, clock }),
        ))
      const crossover =
        choice === 'auto' && form === 'loop' ? new Crossover(device, layers, settings.batchSize) : undefined
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

  #timed<T>(part: ProfilePart, name: string, work: () => T | Promise<T>): Promise<T> {
    return timed(this.#settings.profiler, part, name, work)
  }

  load(data: Dataset, passing = false): Promise<LoadedData> {
    const form = passing ? this.#passingForm(data) : this.#formOf(data)
    return this.#timed('upload', 'data', () =>
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
    const resident = this.#residentFor(ownData(loaded))
    if (!resident) return 1
    const fitting = Math.floor(this.#pace.resident.steps / countMinibatches(loaded.samples, batchSize))
    return Math.max(1, Math.min(fitting, resident.mostEpochs(loaded.samples)))
  }

  /** The resident plan, where it is the one to train by. */
  #residentFor({ weighted }: WebGPUData): ResidentPlan | undefined {
    return weighted || this.#crossover?.plan === 'layered' ? undefined : this.#resident
  }

  async trainEpochs(loaded: LoadedData, plans: readonly EpochPlan[], meanwhile?: () => void): Promise<Sums[]> {
    const data = ownData(loaded)
    const resident = this.#residentFor(data)
    const began = performance.now()
    // Where time is measured, nothing may overlap.
    if (this.#clock) meanwhile = undefined
    const sums = await (resident
      ? this.#trainGroup(resident, data, plans, meanwhile)
      : this.#trainEach(data, plans, meanwhile))
    const steps = plans.reduce((sum, { order, batchSize }) => sum + countMinibatches(order.length, batchSize), 0)
    if (!data.weighted) this.#crossover?.learn(steps, performance.now() - began)
    return sums
  }

  async startEpoch(loaded: LoadedData, plan: EpochPlan): Promise<{ sums: Promise<Sums> }> {
    const data = ownData(loaded)
    if (!this.#clock && !this.#residentFor(data)) {
      await this.#tuneOnce(data)
      return this.#startLayered(data, plan)
    }
    const [sums] = await this.trainEpochs(data, [plan])
    return { sums: Promise.resolve(sums!) }
  }

  /** Epoch after epoch by the layered plan. */
  async #trainEach(data: WebGPUData, plans: readonly EpochPlan[], meanwhile?: () => void): Promise<Sums[]> {
    const done: Sums[] = []
    await this.#tuneOnce(data)
    for (const plan of plans) {
      const started = await this.#startLayered(data, plan, meanwhile)
      const sums = await started.sums
      done.push(sums)
      if (!Number.isFinite(sums.loss)) break
    }
    return done
  }

  /** One epoch by the layered plan. */
  async #startLayered(data: WebGPUData, plan: EpochPlan, meanwhile?: () => void): Promise<{ sums: Promise<Sums> }> {
    const began = performance.now()
    const passes = await this.#timed('compile', 'kernels', () => data.passes(this.#plan, this.#training))
    const stages = passes.training
    const { order, batchSize, learningRate, stepsBefore, signal } = plan
    const { optimizer } = this.#settings
    await this.#beginEpochs(data, [plan], this.#training.rowScores)
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
    const limits = { most: this.#recorder.mostSteps([...stages, ...passes.check]), atOnce: this.#atOnce, meanwhile }
    const pace = this.#pace.layered
    await inSubmits(this.#device, pace, steps, signal, submit, limits)
    const sums = this.#evaluation.readScores(this.#training, order.length).finally(() => {
      this.#trained += performance.now() - Math.max(began, this.#lastEnd)
      this.#lastEnd = performance.now()
    })
    sums.catch(() => undefined) // Who started it awaits it, later.
    return { sums }
  }

  /** Clocks can't tell apart what overlaps. */
  get #atOnce(): number {
    return this.#clock ? inFlight.timed : inFlight.normal
  }

  /** Measures the tiles once the training has gone on for so long that it pays; a short run takes those of the rule. */
  async #tuneOnce(data: WebGPUData): Promise<void> {
    if (this.#tuned || this.#trained < TRAINED_BEFORE_TUNING) return
    this.#tuned = true
    const measured = await this.#timed('compile', 'tiles measured', () => this.#plan.tune(data, this.#training))
    if (measured) data.forget(this.#training)
  }

  /** Epochs of a small network in as few dispatches as the time for one allows, and one read-back for all of them. */
  async #trainGroup(
    resident: ResidentPlan,
    data: WebGPUData,
    plans: readonly EpochPlan[],
    meanwhile?: () => void,
  ): Promise<Sums[]> {
    const plan = plans[0]!
    const samples = plan.order.length
    const perEpoch = countMinibatches(samples, plan.batchSize)
    await this.#beginEpochs(data, plans, resident.scores)
    const sorting = resident.sorting(data)
    if (sorting.length > 0) {
      await this.#recorder.submit('sorting', sorting, 1, () => ({
        start: 0,
        rows: samples,
        number: 0,
        scalars: noUpdate,
      }))
    }
    const submit = (first: number, count: number) => resident.submit(data, plans, perEpoch, first, count)
    const steps = perEpoch * plans.length
    await inSubmits(this.#device, this.#pace.resident, steps, plan.signal, submit, { atOnce: this.#atOnce, meanwhile })
    const each = resident.scoresPerEpoch
    const values = await this.#read(resident.scores, plans.length * each * 8)
    const sums = plans.map((_, i) => sumRows(values.subarray(2 * i * each, 2 * (i + 1) * each), samples))
    const bad = sums.findIndex(({ loss }) => !Number.isFinite(loss))
    if (bad <= 0) return bad < 0 ? sums : sums.slice(0, 1)
    // The checkpoint is the group's beginning. The same epochs again, up to the bad one, lead to where that one began.
    await this.#checkpoint.restore()
    await this.#trainGroup(resident, data, plans.slice(0, bad))
    await this.#beginEpochs(data, plans.slice(bad, bad + 1), resident.scores)
    return sums.slice(0, bad + 1)
  }

  /** Sends the epochs' orders, keeps a copy of the parameters and the optimizer's state, and clears the scores. */
  #beginEpochs(data: WebGPUData, plans: readonly EpochPlan[], scores: GPUBuffer): Promise<void> {
    const begin = () => {
      const { gpu } = this.#device
      plans.forEach(({ order }, i) => {
        gpu.queue.writeBuffer(data.order, i * order.byteLength, order as GPUAllowSharedBufferSource)
      })
      const encoder = gpu.createCommandEncoder({ label: 'webgpu-mlp epoch' })
      this.#checkpoint.take(encoder)
      encoder.clearBuffer(scores)
      gpu.queue.submit([encoder.finish()])
    }
    return this.#timed('upload', 'orders', () => this.#device.checked('training', begin))
  }

  score(loaded: LoadedData): Promise<Sums> {
    return this.#evaluation.score(ownData(loaded))
  }

  predict(inputs: Matrix): Promise<Float32Array> {
    return this.#evaluation.predict(inputs)
  }

  trace(minibatch: Dataset): Promise<Trace> {
    checkRows('minibatch', minibatch.length)
    return this.#evaluation.trace(minibatch)
  }

  async #read(source: GPUBuffer, bytes: number): Promise<Float32Array> {
    const [values] = await this.#timed('read-back', 'results', () =>
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
    const { queue } = this.#device.gpu
    const packed = (values: Snapshot['state']) => toDevice(this.#layers, Float32Array.from(values))
    return this.#device.checked('restoring', () => {
      const own = packed(parameters)
      queue.writeBuffer(residents.parameters, 0, own)
      for (let s = 0; s * parameters.length < state.length; s++) {
        const slot = state.subarray(s * parameters.length, (s + 1) * parameters.length)
        queue.writeBuffer(residents.state, s * own.byteLength, packed(slot))
      }
    })
  }

  async restoreCheckpoint(): Promise<void> {
    await this.#checkpoint.restore()
    const { state } = this.#plan.residents
    const start = new Float32Array(state.size / 4).fill(this.#settings.optimizer.initialAccumulator)
    await this.#device.checked('restoring', () => this.#device.gpu.queue.writeBuffer(state, 0, start))
  }

  dispose(): void {
    this.#clock?.dispose()
    this.#buffers.dispose()
  }
}
