import { countMinibatches } from '../../../../data/minibatch.ts'
import type { PlacementSettings } from '../../../backend.ts'
import type { WebGPUData } from '../../data.ts'
import type { Kernel } from '../../kernels/kernels.ts'
import { countPacks } from '../../kernels/packs.ts'
import { hyperparameterConstants } from '../../kernels/rule.ts'
import { divideUp } from '../../kernels/tiling.ts'
import type { ParameterStore } from '../parameters.ts'
import { compileResident, type ResidentKernelParts, straightWidth } from './compile.ts'
import { LANES } from './lanes.ts'
import type { ResidentEpochs } from './epochs.ts'
import { type DispatchRecord, DispatchRecords } from './records.ts'
import { ResidentScalars, type ScalarRows } from './scalars.ts'
import { type ResidentWork, type Segment, segmentsOf } from './segments.ts'

/** The most epochs whose scores are kept on the device until they are read. */
const MOST_EPOCHS = 1024
/** The most pairs of scores. */
const MOST_SCORES = { single: 1 << 15, population: 1 << 21 }

/** Float32 numbers of a network's hyperparameters on the device, three vec4. */
const HYPERPARAMETERS = 12
/** The place among them of the number of epochs that a network is trained for, and a number that is no limit. */
const EPOCH_LIMIT = { place: 9, none: 2 * MOST_EPOCHS }
/** The place of the number of a network's row of scalars. */
const SCALARS_ROW = 10

/** Trains whole epochs of one or many networks of the same shape in one dispatch. */
export class ResidentKernel {
  readonly networks: number
  /**
   * Loss and correct predictions for each network, each epoch of a group and, in the loop form, each row of the minibatch,
   * in the form of lanes, each invocation.
   */
  readonly scores: GPUBuffer
  /** Pairs of them that an epoch of one network has. */
  readonly scoresPerEpoch: number
  /** The most epochs of one group. */
  readonly mostEpochs: number
  readonly #parts: ResidentKernelParts
  /** Compiled, by whether they count correct labels. */
  readonly #kernels: Map<boolean, Kernel>
  readonly #groups: number
  readonly #records: DispatchRecords
  readonly #scalars: ResidentScalars
  readonly #hyperparameters: { readonly buffer: GPUBuffer; readonly numbers: Float32Array }
  /** The rows of scalars that the hyperparameters name. */
  #rows: ScalarRows | undefined
  readonly #bound = new WeakMap<WebGPUData, { readonly order: GPUBuffer; readonly group: GPUBindGroup }>()
  readonly #slotStride: number

  /**
   * Allocates its buffers; {@link compile} comes before the first step.
   * @param compiled shared with another one
   */
  constructor(parts: ResidentKernelParts, compiled = new Map<boolean, Kernel>()) {
    this.#kernels = compiled
    const { device, kernels, buffers, form, layers, settings } = parts
    this.#parts = parts
    this.networks = settings.length
    const size = this.networks === 1 ? 'single' : 'population'
    this.#groups = form === 'straight' ? divideUp(this.networks, straightWidth(parts)) : this.networks
    this.#slotStride = countPacks(layers) * this.networks * (form === 'loop' ? 1 : 4)
    this.#records = new DispatchRecords(device, kernels, buffers, parts.mostDispatches ?? 1)
    this.#scalars = new ResidentScalars(device, buffers, settings)
    const numbers = hyperparametersOf(settings)
    this.#hyperparameters = { buffer: buffers.storage('hyperparameters', numbers), numbers }
    this.scoresPerEpoch = { straight: 1, lanes: LANES, loop: settings[0]!.batchSize }[form]
    const scores = this.networks * this.scoresPerEpoch
    this.mostEpochs = Math.max(1, Math.min(MOST_EPOCHS, Math.floor(MOST_SCORES[size] / scores)))
    this.scores = buffers.storage('epoch scores', 2 * scores * this.mostEpochs)
  }

  static async create(parts: ResidentKernelParts): Promise<ResidentKernel> {
    const kernel = await parts.device.checked('resident plan', () => new ResidentKernel(parts))
    await kernel.compile()
    return kernel
  }

  /** The most steps of one submit, of whatever orders. */
  get mostSteps(): number {
    return this.#scalars.mostSteps
  }

  /** The most steps of one submit of this work. */
  mostStepsOf({ orders, epochs }: ResidentWork): number {
    const perEpoch = countMinibatches(epochs.samples, epochs.batchSize)
    // The first and the last dispatch of a submit may be parts of what the buffer holds.
    const whole = Math.floor((this.#parts.mostDispatches ?? 1) / 2) - 1
    const most = this.#scalars.mostStepsOf(epochs)
    return orders.maker ? Math.min(most, whole * orders.epochs * perEpoch) : most
  }

  /** Compiles what training most likely needs; whether labels are counted is known with the first data. */
  async compile(): Promise<void> {
    if (this.#kernels.size === 0) await this.#kernelFor(this.#parts.settings[0]!.loss === 'binaryCrossEntropy')
  }

  async #kernelFor(countsLabels: boolean): Promise<Kernel> {
    const known = this.#kernels.get(countsLabels)
    if (known) return known
    const kernel = await compileResident(this.#parts, countsLabels)
    this.#kernels.set(countsLabels, kernel)
    return kernel
  }

  /** A kernel that trains one of the networks alone to the same bits, in another store; it compiles nothing. */
  alone(network: number, store: ParameterStore): ResidentKernel {
    const settings = [this.#parts.settings[network]!]
    const choices = { ...this.#parts.choices, width: straightWidth(this.#parts) }
    return new ResidentKernel({ ...this.#parts, store, settings, choices }, this.#kernels)
  }

  /**
   * Limits, for what is submitted from now on, how many epochs of a group each network is trained for.
   * @param epochsOf undefined for all of them
   */
  limitEpochs(epochsOf: (network: number) => number | undefined): void {
    const { buffer, numbers } = this.#hyperparameters
    for (let k = 0; k < this.networks; k++) {
      numbers[HYPERPARAMETERS * k + EPOCH_LIMIT.place] = epochsOf(k) ?? EPOCH_LIMIT.none
    }
    this.#parts.device.write(buffer, 0, numbers)
  }

  /** Names the rows of scalars that these epochs need, unless they are named already. */
  #useRows(epochs: ResidentEpochs): void {
    const rows = this.#scalars.rowsOf(epochs)
    if (this.#rows === rows) return
    this.#rows = rows
    const { buffer, numbers } = this.#hyperparameters
    for (const [k, row] of rows.ofNetworks.entries()) numbers[HYPERPARAMETERS * k + SCALARS_ROW] = row
    this.#parts.device.write(buffer, 0, numbers)
  }

  dispose(): void {
    this.#parts.buffers.free(this.#records.buffer, this.#scalars.buffer, this.#hyperparameters.buffer, this.scores)
  }

  /**
   * Trains `steps` minibatches of every network, from step `first` of its epochs on, in one submit. Where the device makes
   * the orders, the first submit begins with step 0, and the others follow.
   */
  async submit(work: ResidentWork, first: number, steps: number): Promise<void> {
    const { device, clock } = this.#parts
    const kernel = await this.#kernelFor(work.epochs.countsLabels)
    const began = performance.now()
    let encoded = began
    let submitted = began
    await device.checked('training', () => {
      const segments = segmentsOf(work, first, steps)
      this.#write(work, segments, first, steps)
      const encoder = device.gpu.createCommandEncoder({ label: 'webgpu-mlp resident' })
      const pass = clock?.beginPass(encoder, 'resident') ?? encoder.beginComputePass({ label: 'webgpu-mlp resident' })
      this.#encode(pass, kernel, work, segments)
      pass.end()
      clock?.end(encoder)
      const commands = encoder.finish()
      encoded = performance.now()
      device.gpu.queue.submit([commands])
      submitted = performance.now()
    })
    await clock?.collect({ began, encoded, submitted, steps })
  }

  #encode(pass: GPUComputePassEncoder, kernel: Kernel, work: ResidentWork, segments: readonly Segment[]): void {
    const { maker, buffer } = work.orders
    let record = 0
    for (const { begins, epochs } of segments) {
      if (begins) maker!.encode(pass, this.#records.group(record++), buffer, this.networks * epochs)
      pass.setPipeline(kernel.pipeline)
      pass.setBindGroup(0, this.#records.group(record++))
      pass.setBindGroup(1, this.#bind(kernel, work))
      pass.dispatchWorkgroups(this.#groups)
    }
  }

  /** Writes the steps' scalars, and the records of the dispatches. */
  #write({ data, orders, epochs }: ResidentWork, segments: readonly Segment[], first: number, steps: number): void {
    const { samples, batchSize: batch, countsLabels, seeded } = epochs
    this.#useRows(epochs)
    const apart = this.#scalars.write(epochs, first, steps)
    if (seeded) orders.maker?.write(seeded.seeds)
    const ofOrders = { samples, networks: this.networks, orderStride: orders.stride, orderStep: orders.step }
    const records = segments.flatMap((segment): DispatchRecord[] => {
      const training = {
        ...ofOrders,
        first: segment.first,
        steps: segment.steps,
        batch,
        perEpoch: countMinibatches(samples, batch),
        stride: apart.ofSteps,
        isSorted: data.sorted !== undefined,
        scalarsStride: apart.ofRows,
        epochs: epochs.count,
        slotStride: this.#slotStride,
        countsLabels,
        scalarsFirst: apart.ofSteps * (segment.first - first),
        orderFirst: segment.orderFirst,
      }
      const making = { ...ofOrders, epochs: segment.epochs, epoch: (seeded?.first ?? 0) + segment.orderFirst }
      return segment.begins ? [making, training] : [training]
    })
    this.#records.write(records)
  }

  #bind({ layout }: Kernel, { data, orders }: ResidentWork): GPUBindGroup {
    const order = orders.buffer
    const known = this.#bound.get(data)
    if (known?.order === order) return known.group
    const { parameters, state } = this.#parts.store
    const { inputs, targets } = data.sorted ?? data
    if (!targets) throw new Error('the data were uploaded without targets')
    const hyperparameters = this.#hyperparameters.buffer
    const buffers = [inputs, order, targets, parameters, state, this.#scalars.buffer, this.scores, hyperparameters]
    const group = this.#parts.device.gpu.createBindGroup({
      label: 'webgpu-mlp resident',
      layout,
      entries: buffers.map((buffer, i) => ({ binding: i + 1, resource: { buffer } })),
    })
    this.#bound.set(data, { order, group })
    return group
  }
}

function hyperparametersOf(settings: readonly PlacementSettings[]): Float32Array {
  const numbers = new Float32Array(HYPERPARAMETERS * settings.length)
  const known = new Map<PlacementSettings, number[]>()
  for (const [k, rule] of settings.entries()) {
    let own = known.get(rule)
    if (!own) known.set(rule, (own = Object.values(hyperparameterConstants(rule))))
    numbers.set(own, HYPERPARAMETERS * k)
    numbers[HYPERPARAMETERS * k + EPOCH_LIMIT.place] = EPOCH_LIMIT.none
  }
  return numbers
}
