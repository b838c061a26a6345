import { countMinibatches } from '../../../../data/minibatch.ts'
import { stepScalars } from '../../../../optimizer/optimizer.ts'
import type { EpochOrder, PlacementSettings } from '../../../backend.ts'
import type { StepValues } from '../../../fault.ts'
import { timed } from '../../../profiler.ts'
import type { DataForm, WebGPUData } from '../../data.ts'
import type { Buffers } from '../../device/buffers.ts'
import type { Device } from '../../device/device.ts'
import { Pace } from '../../device/pace.ts'
import { readBack, sumRows } from '../../device/readback.ts'
import { unpackRows } from '../../kernels/packs.ts'
import type { Plan, PreparedEpochs } from '../plan.ts'
import type { Recorded, Recorder } from '../recording.ts'
import { type Minibatch, MOST_STEPS } from '../steps.ts'
import type { Workspace } from '../workspace.ts'
import type { LayeredPasses } from './passes.ts'
import { compileTiles, hasTilesToMeasure, measureTiles } from './tiles.ts'

/** Milliseconds of training before the kernels' tiles are measured, which takes about as long. */
const TRAINED_BEFORE_TUNING = 1000

interface LayeredParts {
  readonly device: Device
  readonly buffers: Buffers
  readonly settings: PlacementSettings
  readonly passes: LayeredPasses
  readonly recorder: Recorder
  /** For minibatches of the largest size. */
  readonly space: Workspace
}

/** The layered plan: one dispatch for each stage and layer, networks and data sets of any size. */
export class LayeredPlan implements Plan {
  readonly name = 'layered'
  readonly pace: Pace
  readonly scores: GPUBuffer
  readonly scoresPerEpoch: number
  readonly #device: Device
  readonly #buffers: Buffers
  readonly #settings: PlacementSettings
  readonly #passes: LayeredPasses
  readonly #recorder: Recorder
  readonly #space: Workspace
  /** Milliseconds of training so far. */
  #trained = 0
  /** How far the measurement of tiles has come. */
  #tuning: 'compiling' | 'compiled' | 'done' | undefined

  constructor({ device, buffers, settings, passes, recorder, space }: LayeredParts) {
    this.#device = device
    this.#buffers = buffers
    this.#settings = settings
    this.#passes = passes
    this.#recorder = recorder
    this.#space = space
    this.pace = new Pace(device.profile.submitMilliseconds, MOST_STEPS, () => device.profile.latency)
    this.scores = space.rowScores
    this.scoresPerEpoch = space.rowScores.size / 8
  }

  accepts(): boolean {
    return true
  }

  formOf(): DataForm {
    return { epochs: 1, mayBytes: this.#passes.parts.device.profile.allows('bytes') }
  }

  mostEpochs(): number {
    return 1
  }

  addTime(milliseconds: number): void {
    this.#trained += milliseconds
  }

  /** Compiles the kernels and binds them to the data, if that is not done yet. */
  async compile(data: WebGPUData): Promise<void> {
    await this.#kernelsOf(data)
  }

  /** A step of training, and what follows the last step of an epoch. */
  #kernelsOf(data: WebGPUData): Promise<[training: readonly Recorded[], check: readonly Recorded[]]> {
    const { training, check } = this.#passes.of(data, this.#space)
    return Promise.all([training(), check()])
  }

  async prepare(data: WebGPUData, [epoch]: readonly EpochOrder[]): Promise<PreparedEpochs> {
    await this.#tuneOnce(data)
    const { profiler } = this.#settings
    const [stages, check] = await timed(profiler, 'compile', 'kernels', () => this.#kernelsOf(data))
    const steps = countMinibatches(epoch!.order.length, epoch!.batchSize)
    return {
      mostSteps: this.#recorder.mostSteps([...stages, ...check]),
      submit: (first, count) => {
        const after = first + count === steps ? check : []
        return this.#recorder.submit('training', stages, count, (i) => this.#minibatch(epoch!, first + i), after)
      },
    }
  }

  #minibatch(epoch: EpochOrder, step: number): Minibatch {
    const { order, batchSize, learningRate, stepsBefore, countsLabels = false } = epoch
    const start = step * batchSize
    const number = stepsBefore + step + 1
    const scalars = stepScalars(this.#settings.optimizer, number, learningRate)
    return { start, rows: Math.min(batchSize, order.length - start), number, countsLabels, scalars }
  }

  /** Makes one step of an epoch, whose order the data have, and reads what it computed. */
  async valuesOf(data: WebGPUData, epoch: EpochOrder, step: number): Promise<Omit<StepValues, 'parameters'>> {
    const [training] = await this.#kernelsOf(data)
    const { activations, deltas, rowScores } = this.#space
    await this.#device.checked('search for a fault', () => {
      const encoder = this.#device.gpu.createCommandEncoder({ label: 'webgpu-mlp search for a fault' })
      encoder.clearBuffer(rowScores)
      this.#device.gpu.queue.submit([encoder.finish()])
    })
    const minibatch = this.#minibatch(epoch, step)
    await this.#recorder.submit('training', training, 1, () => minibatch)
    const { rows } = minibatch
    const { layers } = this.#passes.parts
    const [scores, ...values] = await readBack(this.#device, this.#buffers, [rowScores, ...activations, ...deltas])
    const unpacked = values.map((packed, i) => unpackRows(packed, rows, layers[i % layers.length]!.outputs))
    const { loss } = sumRows(scores!, rows)
    return { activations: unpacked.slice(0, layers.length), loss, deltas: unpacked.slice(layers.length) }
  }

  /**
   * Measures the tiles once training has taken long enough for it to pay; a short run uses those of the rule. Training goes
   * on while the kernels are compiled.
   */
  async #tuneOnce(data: WebGPUData): Promise<void> {
    if (this.#trained < TRAINED_BEFORE_TUNING || this.#tuning === 'done') return
    const { profiler } = this.#settings
    const { parts } = this.#passes
    if (!hasTilesToMeasure(parts, this.#space)) this.#tuning = 'done'
    else if (this.#tuning === undefined && !profiler) this.#compileTiles(data)
    if (this.#tuning === 'done' || this.#tuning === 'compiling') return
    this.#tuning = 'done'
    // Timestamps measure the kernels alone, whatever was submitted before.
    if (parts.device.profile.latency === 0) await this.pace.idle()
    await timed(profiler, 'compile', 'tiles measured', () => measureTiles(parts, data, this.#space))
    this.#passes.forget(data, this.#space)
  }

  #compileTiles(data: WebGPUData): void {
    this.#tuning = 'compiling'
    // Where a kernel does not compile, measuring it throws the same error.
    const end = () => void (this.#tuning = 'compiled')
    compileTiles(this.#passes.parts, data, this.#space).then(end, end)
  }
}
