import { countMinibatches } from '../../data/minibatch.ts'
import type { PlacementSettings, PopulationScore } from '../backend.ts'
import type { WebGPUData } from './data.ts'
import type { Buffers } from './device/buffers.ts'
import type { Device } from './device/device.ts'
import { inSubmits, Pace } from './device/pace.ts'
import { readRanges, sumRows } from './device/readback.ts'
import type { Kernel, Kernels } from './kernels/kernels.ts'
import { countPacks, type DeviceLayer, packsOf } from './kernels/packs.ts'
import { divideUp } from './kernels/tiling.ts'
import type { ResidentForm } from './plans/choice.ts'
import type { ParameterStore } from './plans/parameters.ts'
import { LOOP_WIDTH, STRAIGHT_WIDTH, widthOn } from './plans/resident/compile.ts'
import { residentLoopConstants, scoringLoopSource } from './plans/resident/loop.ts'
import { DispatchRecords } from './plans/resident/records.ts'
import { scoringSource } from './plans/resident/scoring.ts'

/** Samples of a step of straight-line code: what a step adds up is added to the sums of the others. */
const STRAIGHT_ROWS = 64
/** Samples that a workgroup passes through a network at a time, if its memory has space for as many. */
const LOOP_ROWS = 32
/** Steps of one submit at most. */
const MOST_STEPS = 1 << 24

export interface ScoringParts {
  readonly device: Device
  readonly kernels: Kernels
  readonly buffers: Buffers
  readonly layers: readonly DeviceLayer[]
  readonly settings: PlacementSettings
  readonly form: ResidentForm
  readonly store: ParameterStore
  readonly networks: number
}

/** What a data set is scored with. */
interface Bound {
  readonly kernel: Kernel
  readonly group: GPUBindGroup
}

/**
 * Scores all networks of a population over a data set at once: one dispatch passes it through all networks, in as many
 * submits as the time for one asks for, and one read-back has the sums of all.
 */
export class PopulationScoring {
  readonly #parts: ScoringParts
  /** Whether each network has an invocation, or a workgroup. */
  readonly #isStraight: boolean
  /** Samples of a step. */
  readonly #rows: number
  readonly #pace: Pace
  readonly #records: DispatchRecords
  /** Pairs of loss and correct predictions: one for each network, or for each of its rows of a step. */
  readonly #scores: GPUBuffer
  #squares: GPUBuffer | undefined
  #noScalars: GPUBuffer | undefined
  readonly #bound = new Map<boolean, WeakMap<WebGPUData, Bound>>()

  constructor(parts: ScoringParts) {
    const { device, kernels, buffers, settings, form, networks } = parts
    this.#parts = parts
    this.#isStraight = form !== 'loop'
    // The values of a workgroup are those of four rows at least, and of a minibatch at most.
    this.#rows = this.#isStraight ? STRAIGHT_ROWS : Math.min(LOOP_ROWS, 4 * Math.ceil(settings.batchSize / 4))
    this.#pace = new Pace(device.profile.submitMilliseconds, MOST_STEPS, () => device.profile.latency)
    this.#records = new DispatchRecords(device, kernels, buffers, 1)
    this.#scores = buffers.storage('scores', 2 * networks * this.#pairs)
  }

  /** Pairs of scores of each network. */
  get #pairs(): number {
    return this.#isStraight ? 1 : this.#rows
  }

  /** Floats of the squared errors of each network. */
  get #outputs(): number {
    return 4 * packsOf(this.#parts.layers.at(-1)!.outputs)
  }

  /** Submits the scoring of a data set; see {@link Population.score}. */
  async start(
    data: WebGPUData,
    countsLabels: boolean,
    wantsSquares: boolean,
  ): Promise<{ readonly result: Promise<PopulationScore[]> }> {
    const { device } = this.#parts
    const bound = await this.#bind(data, wantsSquares)
    await this.#pace.ready()
    await device.checked('scores', () => {
      data.setOrder(device)
      const encoder = device.gpu.createCommandEncoder({ label: 'webgpu-mlp scoring' })
      encoder.clearBuffer(this.#scores)
      if (wantsSquares) encoder.clearBuffer(this.#squares!)
      device.gpu.queue.submit([encoder.finish()])
    })
    const submit = (first: number, steps: number) => this.#submit(data, bound, first, steps, countsLabels)
    await inSubmits(device, this.#pace, countMinibatches(data.samples, this.#rows), undefined, submit)
    const result = this.#read(data.samples, wantsSquares)
    result.catch(() => undefined) // Who started it awaits it, later.
    return { result }
  }

  #submit(data: WebGPUData, { kernel, group }: Bound, first: number, steps: number, countsLabels: boolean) {
    const { device, networks } = this.#parts
    const { samples } = data
    const width = widthOn(device, STRAIGHT_WIDTH)
    return device.checked('scores', () => {
      // Without a limit to its epochs, and with the scores of one.
      const all = { samples, networks, batch: this.#rows, perEpoch: countMinibatches(samples, this.#rows), epochs: 1 }
      this.#records.write([{ ...all, first, steps, countsLabels, orderStride: 0, orderStep: 1 }])
      const encoder = device.gpu.createCommandEncoder({ label: 'webgpu-mlp scoring' })
      const pass = encoder.beginComputePass({ label: 'webgpu-mlp scoring' })
      pass.setPipeline(kernel.pipeline)
      pass.setBindGroup(0, this.#records.group(0))
      pass.setBindGroup(1, group)
      pass.dispatchWorkgroups(this.#isStraight ? divideUp(networks, width) : networks)
      pass.end()
      device.gpu.queue.submit([encoder.finish()])
    })
  }

  async #read(samples: number, wantsSquares: boolean): Promise<PopulationScore[]> {
    const { device, buffers, networks, layers } = this.#parts
    const sources = [this.#scores, ...(wantsSquares ? [this.#squares!] : [])]
    const ranges = sources.map((buffer) => ({ buffer, offset: 0, size: buffer.size }))
    const [scores, squares] = await readRanges(device, buffers, ranges)
    const own = 2 * this.#pairs
    const { outputs } = layers.at(-1)!
    return Array.from({ length: networks }, (_, k) => {
      const sums = sumRows(scores!.subarray(own * k, own * (k + 1)), samples)
      if (!squares) return sums
      return { ...sums, squares: squares.subarray(this.#outputs * k, this.#outputs * k + outputs) }
    })
  }

  async #bind(data: WebGPUData, wantsSquares: boolean): Promise<Bound> {
    let groups = this.#bound.get(wantsSquares)
    if (!groups) this.#bound.set(wantsSquares, (groups = new WeakMap()))
    let bound = groups.get(data)
    if (!bound) {
      const kernel = await this.#compile(wantsSquares)
      bound = {
        kernel,
        group: await this.#parts.device.checked('scores', () => this.#groupOf(data, kernel, wantsSquares)),
      }
      groups.set(data, bound)
    }
    return bound
  }

  #groupOf({ inputs, targets, order }: WebGPUData, { layout }: Kernel, wantsSquares: boolean): GPUBindGroup {
    const { device, buffers, store, networks } = this.#parts
    if (!targets) throw new Error('the data were uploaded without targets')
    // Not those of an earlier call for which there was no memory.
    const isHeld = (buffer: GPUBuffer | undefined) => buffer && buffers.holds(buffer)
    if (wantsSquares && !isHeld(this.#squares)) {
      this.#squares = buffers.storage('squared errors', networks * this.#outputs)
    }
    if (!this.#isStraight && !isHeld(this.#noScalars)) this.#noScalars = buffers.storage('no scalars', 4)
    const straight = [inputs, targets, store.parameters, this.#scores, this.#squares]
    const loop = [inputs, order, targets, store.parameters, this.#squares, this.#noScalars, this.#scores]
    const buffersOf = this.#isStraight ? straight : loop
    const isBound = (buffer: GPUBuffer | undefined) => buffer && (wantsSquares || buffer !== this.#squares)
    const entries = buffersOf.flatMap((buffer, i) =>
      isBound(buffer) ? [{ binding: i + 1, resource: { buffer: buffer! } }] : [],
    )
    return device.gpu.createBindGroup({ label: 'webgpu-mlp scoring', layout, entries })
  }

  #compile(wantsSquares: boolean): Promise<Kernel> {
    const { device, kernels, layers, settings } = this.#parts
    const { loss } = settings
    const formulas = { activations: layers.map(({ activation }) => activation), loss }
    if (this.#isStraight) {
      const source = scoringSource({ layers, loss }, wantsSquares)
      return kernels.compileStraightScoring(source, formulas, widthOn(device, STRAIGHT_WIDTH))
    }
    const constants = residentLoopConstants(layers, loss, widthOn(device, LOOP_WIDTH))
    const source = scoringLoopSource(layers, this.#rows, wantsSquares)
    return kernels.compileLoopScoring(source, formulas, { ...constants, PACKS: countPacks(layers) })
  }
}
