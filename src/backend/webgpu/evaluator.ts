import type { DataSource, Sums, Trace } from '../backend.ts'
import { type Profiler, timed } from '../profiler.ts'
import type { Buffers } from './device/buffers.ts'
import { WebGPUData } from './data.ts'
import type { Device } from './device/device.ts'
import type { LayeredPasses } from './plans/layered/passes.ts'
import type { ParameterStore } from './plans/parameters.ts'
import { type DeviceLayer, packsOf, toHost, unpackRows } from './kernels/packs.ts'
import { readBack, sumRows } from './device/readback.ts'
import type { Recorded, Recorder } from './plans/recording.ts'
import { noUpdate } from './plans/steps.ts'
import { makeWorkspace, type Workspace, workspaceBytes } from './plans/workspace.ts'

/** Data are gone through in pieces of about this many values a layer. */
const PIECE_VALUES = 1 << 20
/** A training workspace with at least this many values a layer is used for evaluation too. */
const ENOUGH_VALUES = 1 << 16

/** A kernel takes at least 4 rows a workgroup, and WebGPU at most 65,535 workgroups side by side. */
export const MOST_ROWS = 4 * 65535

export interface EvaluationParts {
  readonly device: Device
  readonly buffers: Buffers
  readonly layers: readonly DeviceLayer[]
  readonly store: ParameterStore
  readonly passes: LayeredPasses
  readonly recorder: Recorder
  /** The workspace of training, which is also used here while it is large enough. */
  readonly training: Workspace
  readonly profiler: Profiler | undefined
}

/** Everything that is computed without training: scores, predictions, and all values of a pass. */
export class Evaluator {
  readonly #device: Device
  readonly #buffers: Buffers
  readonly #layers: readonly DeviceLayer[]
  readonly #store: ParameterStore
  readonly #passes: LayeredPasses
  readonly #recorder: Recorder
  readonly #profiler: Profiler | undefined
  /** The training's own workspace until a larger one is needed. */
  #space: Workspace
  readonly #training: Workspace

  constructor({ device, buffers, layers, store, passes, recorder, training, profiler }: EvaluationParts) {
    this.#device = device
    this.#buffers = buffers
    this.#layers = layers
    this.#store = store
    this.#passes = passes
    this.#recorder = recorder
    this.#training = training
    this.#space = training
    this.#profiler = profiler
  }

  /** Rows of the workspace in which `samples` samples are evaluated. */
  #rowsFor(samples: number): number {
    const widest = Math.max(...this.#layers.map(({ inputs, outputs }) => Math.max(inputs, outputs)))
    const useful = Math.min(samples, MOST_ROWS, Math.max(1, Math.floor(PIECE_VALUES / widest)))
    const enough = Math.min(useful, Math.ceil(ENOUGH_VALUES / widest))
    return this.#space.rows >= enough ? this.#space.rows : useful
  }

  /** Bytes of device memory that scoring `samples` samples takes in addition to what is held now. */
  bytesFor(samples: number): number {
    const rows = this.#rowsFor(samples)
    if (rows === this.#space.rows) return 0
    const released = this.#space === this.#training ? 0 : workspaceBytes(this.#layers, this.#space.rows)
    return workspaceBytes(this.#layers, rows) - released
  }

  #workspaceFor(samples: number): Workspace {
    const rows = this.#rowsFor(samples)
    if (rows !== this.#space.rows) {
      if (this.#space !== this.#training) this.#space.dispose()
      this.#space = makeWorkspace(this.#buffers, this.#layers, 'evaluation', rows)
    }
    return this.#space
  }

  /** Runs work that may make a workspace; if there is no memory for it, training's own remains. */
  async #allocate<T>(what: string, work: () => T): Promise<T> {
    try {
      return await this.#device.checked(what, work)
    } catch (error) {
      this.#space = this.#training
      throw error
    }
  }

  /** Compiles and binds passes. */
  #bind<T>(work: () => Promise<T>): Promise<T> {
    return timed(this.#profiler, 'compile', 'kernels', work)
  }

  /**
   * Submits the scoring of a data set; the sums of loss and correct predictions follow.
   * @param countsLabels whether the predictions are those of labels, and not of samples
   */
  async startScore(data: WebGPUData, countsLabels = false): Promise<{ sums: Promise<Sums> }> {
    const space = await this.#allocate('evaluation', () => {
      data.setOrder(this.#device)
      const space = this.#workspaceFor(data.samples)
      const reset = this.#device.gpu.createCommandEncoder({ label: 'webgpu-mlp evaluation' })
      reset.clearBuffer(space.rowScores)
      this.#device.gpu.queue.submit([reset.finish()])
      return space
    })
    const score = await this.#bind(this.#passes.of(data, space).score)
    for (let start = 0; start < data.samples; start += space.rows) {
      await this.#submit(start, Math.min(space.rows, data.samples - start), score, countsLabels)
    }
    const sums = this.readScores(space, data.samples)
    sums.catch(() => undefined) // Who started it awaits it, later.
    return { sums }
  }

  /** The outputs for each row, row-major: piece after piece, and their results are awaited together. */
  async outputs(data: WebGPUData): Promise<Float32Array> {
    const columns = this.#layers.at(-1)!.outputs
    const outputs = new Float32Array(data.samples * columns)
    const space = await this.#allocate('prediction', () => {
      data.setOrder(this.#device)
      return this.#workspaceFor(data.samples)
    })
    const forward = await this.#bind(this.#passes.of(data, space).forward)
    const reading: Promise<void>[] = []
    for (let start = 0; start < data.samples; start += space.rows) {
      const rows = Math.min(space.rows, data.samples - start)
      await this.#submit(start, rows, forward)
      const read = this.#read([space.activations.at(-1)!], rows * packsOf(columns) * 16)
      const done = read.then(([values]) => {
        outputs.set(unpackRows(values!, rows, columns), start * columns)
      })
      done.catch(() => undefined)
      reading.push(done)
    }
    await Promise.all(reading)
    return outputs
  }

  /** One minibatch forward and back, no update: all that its pass computes. */
  async trace(minibatch: DataSource): Promise<Trace> {
    const rows = minibatch.inputs.rows
    const bytes = this.#store.parameters.size
    const { data, space, gradients } = await this.#device.checked('trace', () => ({
      data: this.#uploadOnce(minibatch),
      space: makeWorkspace(this.#buffers, this.#layers, 'trace', rows),
      gradients: this.#buffers.storage('gradients', bytes / 4),
    }))
    try {
      const passes = this.#passes.of(data, space)
      const [forward, score, backward] = await this.#bind(() =>
        Promise.all([passes.forward(), passes.score(), passes.backward()]),
      )
      const keep = await this.#passes.bindGradients(data, space, gradients)
      await this.#submit(0, rows, forward)
      const weightedInputs = await this.#read(space.deltas)
      await this.#submit(0, rows, [...score, ...backward, ...keep])
      const layers = await this.#read([...space.activations, ...space.deltas])
      const [gradient] = await this.#read([gradients], bytes)
      const { loss } = await this.readScores(space, rows)
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

  #uploadOnce(source: DataSource): WebGPUData {
    const form = { epochs: 1, mayBytes: this.#device.profile.allows('bytes') }
    const data = new WebGPUData(this.#buffers, form, source)
    data.setOrder(this.#device)
    return data
  }

  /** One pass over a piece of data, without an update. */
  #submit(start: number, rows: number, stages: readonly Recorded[], countsLabels = false): Promise<void> {
    const minibatch = { start, rows, number: 0, countsLabels, scalars: noUpdate }
    return this.#recorder.submit('evaluation', stages, 1, () => minibatch)
  }

  /** Each layer's values without what fills them up. */
  #unpack(values: Float32Array[], rows: number): Float32Array[] {
    return values.map((value, l) => unpackRows(value, rows, this.#layers[l]!.outputs))
  }

  /** The sums that a workspace's rows have gathered. */
  async readScores(space: Workspace, samples: number): Promise<Sums> {
    const [values] = await this.#read([space.rowScores])
    return sumRows(values!, samples)
  }

  #read(sources: readonly GPUBuffer[], bytes?: number): Promise<Float32Array[]> {
    return timed(this.#profiler, 'read-back', 'results', () => readBack(this.#device, this.#buffers, sources, bytes))
  }
}
