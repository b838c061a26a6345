import { InputError } from '../../errors.ts'
import type { Dataset } from '../../data/dataset.ts'
import { Matrix } from '../../data/matrix.ts'
import type { Network } from '../../model/network.ts'
import { stepScalars } from '../../training/optimizer.ts'
import type { EpochPlan, LoadedData, PlacedNetwork, PlacementSettings, Sums, Trace } from '../backend.ts'
import { Buffers } from './buffers.ts'
import { Checkpoint } from './checkpoint.ts'
import type { Device } from './device.ts'
import type { Kernels } from './kernels.ts'
import { LayeredPlan, type Workspace } from './layered.ts'
import { encode, type Recorded } from './recording.ts'
import { ownData, WebGPUData } from './data.ts'
import { readBack } from './readback.ts'
import { inSubmits, Pace } from './pace.ts'
import { type DeviceLayer, deviceLayers, packsOf, toDevice, toHost, unpackRows } from './packs.ts'
import { choosesResident, epochsHeld, type PlanChoice, ResidentPlan } from './resident.ts'
import { MOST_STEPS, noUpdate } from './steps.ts'
import { countMinibatches } from '../../training/minibatch.ts'
import { submitMilliseconds } from '#gpu'

/** Evaluation and prediction go through the data in pieces of about this many values a layer. */
const PIECE_VALUES = 1 << 20
/** A kernel takes at least 4 rows a workgroup, and WebGPU at most 65,535 workgroups side by side. */
const MOST_ROWS = 4 * 65535

function checkRows(argument: string, rows: number): void {
  if (rows <= MOST_ROWS) return
  throw new InputError(
    `${argument}: webgpu takes at most ${MOST_ROWS} samples at once, got ${rows}; use smaller batches`,
  )
}

/** Milliseconds of training after which the kernels' tiles are measured; the measurement takes about as long. */
const TRAINED_BEFORE_TUNING = 1000

/** Prediction uploads at most so many values at a time. */
const UPLOAD_VALUES = 1 << 23

/** A network on the GPU, trained by the layered plan or, where that applies, the resident one. */
export class WebGPUNetwork implements PlacedNetwork {
  readonly #device: Device
  readonly #buffers: Buffers
  readonly #layers: readonly DeviceLayer[]
  readonly #settings: PlacementSettings
  readonly #plan: LayeredPlan
  readonly #resident: ResidentPlan | undefined
  readonly #training: Workspace
  readonly #checkpoint: Checkpoint
  readonly #bytes: number
  readonly #pace: Pace
  #pieces: Workspace | undefined
  /** Milliseconds of training so far. */
  #trained = 0
  #tuned = false

  private constructor(
    device: Device,
    buffers: Buffers,
    layers: readonly DeviceLayer[],
    settings: PlacementSettings,
    plan: LayeredPlan,
    resident: ResidentPlan | undefined,
  ) {
    this.#device = device
    this.#buffers = buffers
    this.#layers = layers
    this.#settings = settings
    this.#plan = plan
    this.#resident = resident
    this.#pace = new Pace(submitMilliseconds, resident?.mostSteps ?? MOST_STEPS)
    this.#training = plan.makeWorkspace('training', settings.batchSize)
    this.#bytes = plan.residents.parameters.size
    this.#checkpoint = new Checkpoint(device, buffers, plan.residents, resident !== undefined)
  }

  static async place(
    device: Device,
    kernels: Kernels,
    network: Network,
    settings: PlacementSettings,
    choice: PlanChoice,
  ) {
    checkRows('batchSize', settings.batchSize)
    const buffers = new Buffers(device)
    try {
      const layers = deviceLayers(network.layers)
      const parameters = toDevice(layers, network.parameters)
      const plan = await device.checked(
        'parameters',
        () => new LayeredPlan(device, kernels, buffers, layers, parameters, settings),
      )
      const { residents } = plan
      const resident = choosesResident(choice, network.layers, settings)
        ? await ResidentPlan.create(device, kernels, buffers, layers, residents, settings)
        : undefined
      return await device.checked(
        'training',
        () => new WebGPUNetwork(device, buffers, layers, settings, plan, resident),
      )
    } catch (error) {
      buffers.dispose()
      throw error
    }
  }

  get memory(): number {
    return this.#buffers.bytes
  }

  load(data: Dataset): Promise<LoadedData> {
    const form = this.#resident ? { epochs: epochsHeld(data.length), mayBytes: false } : {}
    return this.#device.checked('data set', () => new WebGPUData(this.#buffers, data.inputs, data.targets, form))
  }

  epochsAtOnce(loaded: LoadedData, batchSize: number): number {
    if (!this.#resident) return 1
    const fitting = Math.floor(this.#pace.steps / countMinibatches(loaded.samples, batchSize))
    return Math.max(1, Math.min(fitting, epochsHeld(loaded.samples)))
  }

  async trainEpochs(loaded: LoadedData, plans: readonly EpochPlan[]): Promise<Sums[]> {
    const data = ownData(loaded)
    const done: Sums[] = []
    if (this.#resident) return this.#trainGroup(this.#resident, data, plans)
    await this.#tuneOnce(data)
    const began = performance.now()
    const { score, backward, update } = await data.passes(this.#plan, this.#training)
    const recorded = [...score, ...backward, ...update]
    for (const plan of plans) {
      await this.#beginEpochs(data, [plan], this.#training.rowScores)
      const steps = countMinibatches(plan.order.length, plan.batchSize)
      await inSubmits(this.#device, this.#pace, steps, plan.signal, (first, count) =>
        this.#submitSteps(recorded, plan, first, count),
      )
      const sums = await this.#readScores(this.#training, plan.order.length)
      done.push(sums)
      if (!Number.isFinite(sums.loss)) break
    }
    this.#trained += performance.now() - began
    return done
  }

  /** Measures the tiles once the training has gone on for so long that it pays; a short run takes those of the rule. */
  async #tuneOnce(data: WebGPUData): Promise<void> {
    if (this.#tuned || this.#trained < TRAINED_BEFORE_TUNING) return
    this.#tuned = true
    if (await this.#plan.tune(data, this.#training)) data.forget(this.#training)
  }

  /** Epochs of a small network in as few dispatches as the time for one allows, and one read-back for all of them. */
  async #trainGroup(resident: ResidentPlan, data: WebGPUData, plans: readonly EpochPlan[]): Promise<Sums[]> {
    const plan = plans[0]!
    const samples = plan.order.length
    const perEpoch = countMinibatches(samples, plan.batchSize)
    await this.#beginEpochs(data, plans, resident.scores)
    await inSubmits(this.#device, this.#pace, perEpoch * plans.length, plan.signal, (first, count) =>
      this.#device.checked('training', () => resident.submit(data, plan, perEpoch, first, count)),
    )
    const [values] = await this.#read([resident.scores], plans.length * 8)
    const sums = plans.map((_, i) => ({ loss: values![2 * i]!, right: values![2 * i + 1]!, samples }))
    const bad = sums.findIndex(({ loss }) => !Number.isFinite(loss))
    if (bad <= 0) return bad < 0 ? sums : sums.slice(0, 1)
    // The checkpoint is the group's beginning. The same epochs again, up to the bad one, lead to where that one began.
    await this.#checkpoint.restore(true)
    await this.#trainGroup(resident, data, plans.slice(0, bad))
    await this.#beginEpochs(data, plans.slice(bad, bad + 1), resident.scores)
    return sums.slice(0, bad + 1)
  }

  /** Sends the epochs' orders, keeps a copy of the parameters and the optimizer's state, and clears the scores. */
  #beginEpochs(data: WebGPUData, plans: readonly EpochPlan[], scores: GPUBuffer): Promise<void> {
    return this.#device.checked('training', () => {
      const { gpu } = this.#device
      plans.forEach(({ order }, i) => {
        gpu.queue.writeBuffer(data.order, i * order.byteLength, order as GPUAllowSharedBufferSource)
      })
      const encoder = gpu.createCommandEncoder({ label: 'webgpu-mlp epoch' })
      this.#checkpoint.take(encoder)
      encoder.clearBuffer(scores)
      gpu.queue.submit([encoder.finish()])
    })
  }

  /** Encodes and submits `count` minibatches of the layered plan, from the given one on. */
  #submitSteps(recorded: readonly Recorded[], plan: EpochPlan, first: number, count: number): Promise<void> {
    const { order, batchSize, learningRate, stepsBefore } = plan
    const { steps } = this.#plan.residents
    return this.#device.checked('training', () => {
      const encoder = this.#device.gpu.createCommandEncoder({ label: 'webgpu-mlp steps' })
      const pass = encoder.beginComputePass({ label: 'webgpu-mlp steps' })
      for (let i = 0; i < count; i++) {
        const start = (first + i) * batchSize
        const rows = Math.min(batchSize, order.length - start)
        const scalars = stepScalars(this.#settings.optimizer, stepsBefore + first + i + 1, learningRate)
        encode(pass, recorded, steps.set(i, start, rows, scalars), rows)
      }
      pass.end()
      steps.upload(count)
      this.#device.gpu.queue.submit([encoder.finish()])
    })
  }

  async #readScores(space: Workspace, samples: number): Promise<Sums> {
    const [values] = await this.#read([space.rowScores])
    const sums: Sums = { loss: 0, right: 0, samples }
    for (let i = 0; i < space.rows; i++) {
      sums.loss += values![2 * i]!
      sums.right += values![2 * i + 1]!
    }
    return sums
  }

  /** A workspace for data that is not trained on: as large as is useful, made when first needed. */
  #piecesFor(samples: number): Workspace {
    const widest = Math.max(...this.#layers.map(({ inputs, outputs }) => Math.max(inputs, outputs)))
    const rows = Math.min(samples, MOST_ROWS, Math.max(1, Math.floor(PIECE_VALUES / widest)))
    if (!this.#pieces || this.#pieces.rows < rows) {
      this.#pieces?.dispose()
      this.#pieces = this.#plan.makeWorkspace('evaluation', rows)
    }
    return this.#pieces
  }

  async score(loaded: LoadedData): Promise<Sums> {
    const data = ownData(loaded)
    const space = await this.#device.checked('evaluation', () => {
      const space = this.#piecesFor(data.samples)
      const reset = this.#device.gpu.createCommandEncoder({ label: 'webgpu-mlp evaluation' })
      reset.clearBuffer(space.rowScores)
      this.#device.gpu.queue.submit([reset.finish()])
      return space
    })
    const passes = await data.passes(this.#plan, space)
    for (let start = 0; start < data.samples; start += space.rows) {
      const rows = Math.min(space.rows, data.samples - start)
      await this.#submitPiece(start, rows, passes.score)
    }
    return this.#readScores(space, data.samples)
  }

  async predict(inputs: Matrix): Promise<Float32Array> {
    const outputs = this.#layers.at(-1)!.outputs
    const answers = new Float32Array(inputs.rows * outputs)
    const most = Math.max(1, Math.floor(UPLOAD_VALUES / inputs.cols))
    for (let first = 0; first < inputs.rows; first += most) {
      const count = Math.min(most, inputs.rows - first)
      const values = inputs.data.subarray(first * inputs.cols, (first + count) * inputs.cols)
      await this.#predictUploaded(new Matrix(count, inputs.cols, values), answers.subarray(first * outputs))
    }
    return answers
  }

  async #predictUploaded(inputs: Matrix, answers: Float32Array): Promise<void> {
    const { data, space } = await this.#device.checked('prediction', () => ({
      space: this.#piecesFor(inputs.rows),
      data: new WebGPUData(this.#buffers, inputs),
    }))
    try {
      const { forward } = await data.passes(this.#plan, space)
      const outputs = this.#layers.at(-1)!.outputs
      for (let start = 0; start < inputs.rows; start += space.rows) {
        const rows = Math.min(space.rows, inputs.rows - start)
        await this.#submitPiece(start, rows, forward)
        const [values] = await this.#read([space.activations.at(-1)!], rows * packsOf(outputs) * 16)
        answers.set(unpackRows(values!, rows, outputs), start * outputs)
      }
    } finally {
      data.dispose()
    }
  }

  /** One pass over a piece of data, without an update. */
  #submitPiece(start: number, rows: number, recorded: readonly Recorded[]): Promise<void> {
    const { steps } = this.#plan.residents
    return this.#device.checked('evaluation', () => {
      const encoder = this.#device.gpu.createCommandEncoder({ label: 'webgpu-mlp piece' })
      const pass = encoder.beginComputePass({ label: 'webgpu-mlp piece' })
      encode(pass, recorded, steps.set(0, start, rows, noUpdate), rows)
      pass.end()
      steps.upload(1)
      this.#device.gpu.queue.submit([encoder.finish()])
    })
  }

  async trace(minibatch: Dataset): Promise<Trace> {
    const rows = minibatch.length
    checkRows('minibatch', rows)
    const { data, space, gradients } = await this.#device.checked('trace', () => ({
      data: new WebGPUData(this.#buffers, minibatch.inputs, minibatch.targets),
      space: this.#plan.makeWorkspace('trace', rows),
      gradients: this.#buffers.storage('gradients', this.#bytes / 4),
    }))
    try {
      const { forward, score, backward } = await data.passes(this.#plan, space)
      const keep = await this.#plan.bindGradients(data, space, gradients)
      await this.#submitPiece(0, rows, forward)
      const weightedInputs = await this.#read(space.deltas)
      await this.#submitPiece(0, rows, [...score, ...backward, ...keep])
      const layers = await this.#read([...space.activations, ...space.deltas])
      const [gradient] = await this.#read([gradients], this.#bytes)
      const { loss } = await this.#readScores(space, rows)
      return {
        loss: loss / rows,
        weightedInputs: this.#unpack(weightedInputs, rows),
        activations: this.#unpack(layers.slice(0, space.activations.length), rows),
        deltas: this.#unpack(layers.slice(space.activations.length), rows),
        gradient: toHost(this.#layers, gradient!),
      }
    } finally {
      data.dispose()
      space.dispose()
      this.#buffers.free(gradients)
    }
  }

  /** Each layer's values without what fills them up. */
  #unpack(values: Float32Array[], rows: number): Float32Array[] {
    return values.map((value, l) => unpackRows(value, rows, this.#layers[l]!.outputs))
  }

  #read(sources: readonly GPUBuffer[], bytes?: number): Promise<Float32Array[]> {
    return readBack(this.#device, this.#buffers, sources, bytes)
  }

  async readParameters(): Promise<Float32Array> {
    const [values] = await this.#read([this.#plan.residents.parameters], this.#bytes)
    return toHost(this.#layers, values!)
  }

  async restoreCheckpoint(): Promise<void> {
    await this.#checkpoint.restore(false)
    const { state } = this.#plan.residents
    const start = new Float32Array(state.size / 4).fill(this.#settings.optimizer.initialAccumulator)
    this.#device.gpu.queue.writeBuffer(state, 0, start)
  }

  dispose(): void {
    this.#buffers.dispose()
  }
}
