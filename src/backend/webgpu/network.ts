import type { Dataset } from '../../data/dataset.ts'
import { Matrix } from '../../data/matrix.ts'
import type { Layer } from '../../model/layout.ts'
import type { Network } from '../../model/network.ts'
import { stepScalars } from '../../training/optimizer.ts'
import type { EpochPlan, LoadedData, PlacedNetwork, PlacementSettings, Sums, Trace } from '../backend.ts'
import { Buffers } from './buffers.ts'
import type { Device } from './device.ts'
import type { Kernels } from './kernels.ts'
import { type DeviceData, encode, LayeredPlan, type Passes, type Workspace } from './layered.ts'
import { Pace } from './pace.ts'
import { MOST_STEPS, noUpdate } from './steps.ts'
import { submitMilliseconds } from '#gpu'

/** Evaluation and prediction go through the data in pieces of about this many values a layer. */
const PIECE_VALUES = 1 << 20
/** Prediction uploads at most so many values at a time. */
const UPLOAD_VALUES = 1 << 23
/** How many submits may be under way: one that runs, one that waits. */
const MOST_IN_FLIGHT = 2

/** A data set's buffers, with the passes that were bound to it. */
class WebGPUData implements LoadedData, DeviceData {
  readonly samples: number
  readonly inputs: GPUBuffer
  declare readonly targets?: GPUBuffer
  readonly order: GPUBuffer
  readonly #buffers: Buffers
  readonly #passes = new Map<Workspace, Passes>()

  constructor(buffers: Buffers, inputs: Matrix, targets?: Matrix) {
    this.#buffers = buffers
    this.samples = inputs.rows
    this.inputs = buffers.storage('inputs', inputs.data)
    if (targets) this.targets = buffers.storage('targets', targets.data)
    this.order = buffers.storage(
      'order',
      Uint32Array.from({ length: inputs.rows }, (_, i) => i),
    )
  }

  get memory(): number {
    return this.inputs.size + this.order.size + (this.targets?.size ?? 0)
  }

  passes(plan: LayeredPlan, space: Workspace): Passes {
    let passes = this.#passes.get(space)
    if (!passes) {
      passes = plan.bind(this, space)
      this.#passes.set(space, passes)
    }
    return passes
  }

  dispose(): void {
    this.#passes.clear()
    this.#buffers.free(this.inputs, this.order, ...(this.targets ? [this.targets] : []))
  }
}

/** A network on the GPU, trained by the layered plan. */
export class WebGPUNetwork implements PlacedNetwork {
  readonly #device: Device
  readonly #buffers: Buffers
  readonly #layers: readonly Layer[]
  readonly #settings: PlacementSettings
  readonly #plan: LayeredPlan
  readonly #training: Workspace
  readonly #checkpoint: GPUBuffer
  readonly #bytes: number
  readonly #pace = new Pace(submitMilliseconds, MOST_STEPS)
  #pieces: Workspace | undefined

  private constructor(
    device: Device,
    buffers: Buffers,
    network: Network,
    settings: PlacementSettings,
    plan: LayeredPlan,
  ) {
    this.#device = device
    this.#buffers = buffers
    this.#layers = network.layers
    this.#settings = settings
    this.#plan = plan
    this.#training = plan.makeWorkspace('training', settings.batchSize)
    this.#checkpoint = buffers.storage('checkpoint', network.parameters)
    this.#bytes = network.parameters.byteLength
  }

  static async place(device: Device, kernels: Kernels, network: Network, settings: PlacementSettings) {
    const buffers = new Buffers(device)
    try {
      const plan = await LayeredPlan.create(device, kernels, buffers, network.layers, network.parameters, settings)
      return await device.checked('training', () => new WebGPUNetwork(device, buffers, network, settings, plan))
    } catch (error) {
      buffers.dispose()
      throw error
    }
  }

  get memory(): number {
    return this.#buffers.bytes
  }

  load(data: Dataset): Promise<LoadedData> {
    return this.#device.checked('data set', () => new WebGPUData(this.#buffers, data.inputs, data.targets))
  }

  async trainEpoch(loaded: LoadedData, plan: EpochPlan): Promise<Sums> {
    const data = loaded as WebGPUData
    const { order, batchSize, signal } = plan
    const { gpu } = this.#device
    this.#device.check()
    gpu.queue.writeBuffer(data.order, 0, order as GPUAllowSharedBufferSource)
    const begin = gpu.createCommandEncoder({ label: 'webgpu-mlp epoch' })
    begin.copyBufferToBuffer(this.#plan.residents.parameters, 0, this.#checkpoint, 0, this.#bytes)
    begin.clearBuffer(this.#training.rowScores)
    gpu.queue.submit([begin.finish()])

    const inFlight: Promise<void>[] = []
    const steps = Math.ceil(order.length / batchSize)
    let lastEnd = performance.now()
    for (let first = 0; first < steps;) {
      const count = Math.min(this.#pace.steps, steps - first)
      const submitted = this.#submitSteps(data, plan, first, count)
      const began = performance.now()
      inFlight.push(
        submitted.then(() => {
          const now = performance.now()
          this.#pace.learn(count, now - Math.max(began, lastEnd))
          lastEnd = now
        }),
      )
      first += count
      if (inFlight.length >= MOST_IN_FLIGHT) await inFlight.shift()
      if (signal?.aborted) break
    }
    await Promise.all(inFlight)
    signal?.throwIfAborted()
    return this.#readScores(this.#training, order.length)
  }

  /** Encodes and submits `count` minibatches from the given one on; resolves when the device has done them. */
  async #submitSteps(data: WebGPUData, plan: EpochPlan, first: number, count: number): Promise<void> {
    const { order, batchSize, learningRate, stepsBefore } = plan
    const { steps } = this.#plan.residents
    const passes = data.passes(this.#plan, this.#training)
    const recorded = [...passes.forward, ...passes.score, ...passes.backward, ...passes.update]
    await this.#device.checked('training', () => {
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
    await this.#device.settled()
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
    const rows = Math.min(samples, Math.max(1, Math.floor(PIECE_VALUES / widest)))
    if (!this.#pieces || this.#pieces.rows < rows) {
      this.#pieces?.dispose()
      this.#pieces = this.#plan.makeWorkspace('evaluation', rows)
    }
    return this.#pieces
  }

  async score(loaded: LoadedData): Promise<Sums> {
    const data = loaded as WebGPUData
    const space = await this.#device.checked('evaluation', () => this.#piecesFor(data.samples))
    const passes = data.passes(this.#plan, space)
    const reset = this.#device.gpu.createCommandEncoder()
    reset.clearBuffer(space.rowScores)
    this.#device.gpu.queue.submit([reset.finish()])
    for (let start = 0; start < data.samples; start += space.rows) {
      const rows = Math.min(space.rows, data.samples - start)
      await this.#submitPiece(start, rows, [...passes.forward, ...passes.score])
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
      const { forward } = data.passes(this.#plan, space)
      const outputs = this.#layers.at(-1)!.outputs
      for (let start = 0; start < inputs.rows; start += space.rows) {
        const rows = Math.min(space.rows, inputs.rows - start)
        await this.#submitPiece(start, rows, forward)
        const [values] = await this.#read([space.activations.at(-1)!], rows * outputs * 4)
        answers.set(values!, start * outputs)
      }
    } finally {
      data.dispose()
    }
  }

  /** One pass over a piece of data, without an update. */
  #submitPiece(start: number, rows: number, recorded: Passes['forward']): Promise<void> {
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
    const { data, space } = await this.#device.checked('trace', () => ({
      data: new WebGPUData(this.#buffers, minibatch.inputs, minibatch.targets),
      space: this.#plan.makeWorkspace('trace', rows),
    }))
    try {
      const passes = data.passes(this.#plan, space)
      await this.#submitPiece(0, rows, passes.forward)
      const weightedInputs = await this.#read(space.deltas)
      await this.#submitPiece(0, rows, [...passes.score, ...passes.backward])
      const layers = await this.#read([...space.activations, ...space.deltas])
      const [gradient] = await this.#read([this.#plan.residents.gradients], this.#bytes)
      const { loss } = await this.#readScores(space, rows)
      return {
        loss: loss / rows,
        weightedInputs: this.#cut(weightedInputs, rows),
        activations: this.#cut(layers.slice(0, space.activations.length), rows),
        deltas: this.#cut(layers.slice(space.activations.length), rows),
        gradient: gradient!,
      }
    } finally {
      data.dispose()
      space.dispose()
    }
  }

  /** Buffers may be longer than what they hold (16 bytes at least); this cuts each layer's values to rows × outputs. */
  #cut(values: Float32Array[], rows: number): Float32Array[] {
    return values.map((value, l) => value.subarray(0, rows * this.#layers[l]!.outputs))
  }

  /** Reads buffers back, all in one wait. @param bytes how much of each; left out, all of it */
  async #read(sources: readonly GPUBuffer[], bytes?: number): Promise<Float32Array[]> {
    const { gpu } = this.#device
    const sizes = sources.map(({ size }) => bytes ?? size)
    const staging = await this.#device.checked('read-back', () => {
      const targets = sizes.map((size, i) => this.#buffers.readback(`read-back ${i}`, size))
      const encoder = gpu.createCommandEncoder({ label: 'webgpu-mlp read-back' })
      sources.forEach((source, i) => encoder.copyBufferToBuffer(source, 0, targets[i]!, 0, sizes[i]!))
      gpu.queue.submit([encoder.finish()])
      return targets
    })
    try {
      const copies = await Promise.all(staging.map((buffer, i) => this.#device.read(buffer, sizes[i]!)))
      return copies.map((copy) => new Float32Array(copy))
    } finally {
      this.#buffers.free(...staging)
    }
  }

  async readParameters(): Promise<Float32Array> {
    const [values] = await this.#read([this.#plan.residents.parameters], this.#bytes)
    return values!
  }

  restoreCheckpoint(): Promise<void> {
    return this.#device.checked('checkpoint', () => {
      const { queue } = this.#device.gpu
      const { parameters, state } = this.#plan.residents
      const encoder = this.#device.gpu.createCommandEncoder({ label: 'webgpu-mlp checkpoint' })
      encoder.copyBufferToBuffer(this.#checkpoint, 0, parameters, 0, this.#bytes)
      queue.submit([encoder.finish()])
      const start = new Float32Array(state.size / 4).fill(this.#settings.optimizer.initialAccumulator)
      queue.writeBuffer(state, 0, start)
    })
  }

  dispose(): void {
    this.#buffers.dispose()
  }
}
