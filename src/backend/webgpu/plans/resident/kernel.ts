import { countMinibatches } from '../../../../data/minibatch.ts'
import { ruleOf, stateSlots, stepScalars } from '../../../../optimizer/optimizer.ts'
import type { EpochOrder, PlacementSettings } from '../../../backend.ts'
import type { WebGPUData } from '../../data.ts'
import type { Buffers } from '../../device/buffers.ts'
import type { KernelClock } from '../../device/clock.ts'
import type { Device } from '../../device/device.ts'
import { type Kernel, type Kernels, DISPATCH_BYTES } from '../../kernels/kernels.ts'
import { countPacks, type DeviceLayer } from '../../kernels/packs.ts'
import { hyperparameterConstants, ruleConstants, writeScalars } from '../../kernels/rule.ts'
import { divideUp } from '../../kernels/tiling.ts'
import type { ResidentForm } from '../choice.ts'
import type { ParameterStore } from '../parameters.ts'
import { LANES, residentLanesSource } from './lanes.ts'
import { residentLoopConstants, residentLoopSource } from './loop.ts'
import { residentSource } from './straight.ts'

/** The most records of scalars of one dispatch, if they differ from step to step (adam, adagrad, schedules). */
const MOST_RECORDS = { single: 1 << 13, population: 1 << 18 }
/** The most steps of one dispatch, if all steps have the same scalars. */
const MOST_STEPS = 1 << 24
/** The most epochs whose scores are kept on the device until they are read. */
const MOST_EPOCHS = 1024
/** The most pairs of scores. */
const MOST_SCORES = { single: 1 << 15, population: 1 << 20 }

/**
 * Invocations that share the work of a network in the loop form. On an emulated GPU, those of one vector: barriers
 * between several vectors are slow there (8-32-32-4: 4,000 steps/s with 4, 1,600 with 16 on SwiftShader).
 */
const LOOP_WIDTH = { software: 4, hardware: 128 }
/** Networks of a population that one workgroup trains in the straight form, one in each invocation. */
const STRAIGHT_WIDTH = { software: 4, hardware: 32 }
/** Float32 numbers of a network's hyperparameters on the device, three vec4. */
const HYPERPARAMETERS = 12
/** The place among them of the number of epochs that a network is trained for, and a number that is no limit. */
const EPOCH_LIMIT = { place: 9, none: 2 * MOST_EPOCHS }

/** What a resident kernel is made of. */
export interface ResidentKernelParts {
  readonly device: Device
  readonly kernels: Kernels
  readonly buffers: Buffers
  readonly layers: readonly DeviceLayer[]
  readonly form: ResidentForm
  /** The parameters and states of all networks. */
  readonly store: ParameterStore
  /** One for each network; they differ in numbers only (plans/alike.ts). */
  readonly settings: readonly PlacementSettings[]
  readonly clock: KernelClock | undefined
  /** Invocations of a workgroup in the straight form; left out, as many as suit the number of networks. */
  readonly width?: number
}

/** Epochs of each network, over one data set. */
export interface ResidentEpochs {
  readonly data: WebGPUData
  /** The orders of the epochs one after another, for each network or, with a stride of 0, for all. */
  readonly order: GPUBuffer
  readonly orderStride: number
  /** epochs[network][epoch]; a network's epochs differ from another's in nothing but order and learning rate. */
  readonly epochs: readonly (readonly EpochOrder[])[]
}

type Width = Record<'software' | 'hardware', number>

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
  /** The most steps of one dispatch, and the most epochs of one group. */
  readonly mostSteps: number
  readonly mostEpochs: number
  readonly #parts: ResidentKernelParts
  #kernel: Kernel | undefined
  readonly #groups: number
  readonly #record: GPUBuffer
  readonly #recordGroup: GPUBindGroup
  readonly #scalars: GPUBuffer
  readonly #hyperparameters: { readonly buffer: GPUBuffer; readonly numbers: Float32Array }
  readonly #bound = new WeakMap<WebGPUData, { readonly order: GPUBuffer; readonly group: GPUBindGroup }>()
  /** Whether the scalars differ from step to step. */
  readonly #scalarsChange: boolean
  readonly #records: Float32Array
  readonly #slotStride: number

  /** Allocates its buffers; {@link compile} comes before the first step. */
  constructor(parts: ResidentKernelParts) {
    const { device, kernels, buffers, form, layers, settings } = parts
    this.#parts = parts
    this.networks = settings.length
    const size = this.networks === 1 ? 'single' : 'population'
    this.#groups = form === 'straight' ? divideUp(this.networks, straightWidth(parts)) : this.networks
    this.#slotStride = countPacks(layers) * this.networks * (form === 'loop' ? 1 : 4)
    this.#scalarsChange = settings.some(
      ({ optimizer }) => ruleOf(optimizer).hasChangingScalars || typeof optimizer.learningRate !== 'number',
    )
    const records = Math.max(this.networks, this.#scalarsChange ? MOST_RECORDS[size] : 1)
    this.mostSteps = this.#scalarsChange ? Math.floor(records / this.networks) : MOST_STEPS
    this.#records = new Float32Array(4 * records)
    this.#record = buffers.uniform('dispatch', DISPATCH_BYTES)
    this.#scalars = buffers.storage('scalars', this.#records.length)
    const numbers = hyperparametersOf(settings)
    this.#hyperparameters = { buffer: buffers.storage('hyperparameters', numbers), numbers }
    this.scoresPerEpoch = { straight: 1, lanes: LANES, loop: settings[0]!.batchSize }[form]
    const scores = this.networks * this.scoresPerEpoch
    this.mostEpochs = Math.max(1, Math.min(MOST_EPOCHS, Math.floor(MOST_SCORES[size] / scores)))
    this.scores = buffers.storage('epoch scores', 2 * scores * this.mostEpochs)
    this.#recordGroup = device.gpu.createBindGroup({
      label: 'webgpu-mlp dispatch',
      layout: kernels.dispatchLayout,
      entries: [{ binding: 0, resource: { buffer: this.#record } }],
    })
  }

  static async create(parts: ResidentKernelParts): Promise<ResidentKernel> {
    const kernel = await parts.device.checked('resident plan', () => new ResidentKernel(parts))
    await kernel.compile()
    return kernel
  }

  async compile(): Promise<void> {
    this.#kernel ??= await compile(this.#parts)
  }

  /** A kernel that trains one of the networks alone to the same bits, in another store; it compiles nothing. */
  alone(network: number, store: ParameterStore): ResidentKernel {
    const settings = [this.#parts.settings[network]!]
    const kernel = new ResidentKernel({ ...this.#parts, store, settings, width: straightWidth(this.#parts) })
    kernel.#kernel = this.#kernel
    return kernel
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

  dispose(): void {
    this.#parts.buffers.free(this.#record, this.#scalars, this.#hyperparameters.buffer, this.scores)
  }

  /** Trains `steps` minibatches of every network, from step `first` of its epochs on, in one dispatch. */
  async submit(epochs: ResidentEpochs, first: number, steps: number): Promise<void> {
    const { device, clock } = this.#parts
    const began = performance.now()
    let encoded = began
    let submitted = began
    await device.checked('training', () => {
      this.#writeRecord(epochs, first, steps)
      const encoder = device.gpu.createCommandEncoder({ label: 'webgpu-mlp resident' })
      const pass = clock?.beginPass(encoder, 'resident') ?? encoder.beginComputePass({ label: 'webgpu-mlp resident' })
      pass.setPipeline(this.#kernel!.pipeline)
      pass.setBindGroup(0, this.#recordGroup)
      pass.setBindGroup(1, this.#bind(epochs))
      pass.dispatchWorkgroups(this.#groups)
      pass.end()
      clock?.end(encoder)
      const commands = encoder.finish()
      encoded = performance.now()
      device.gpu.queue.submit([commands])
      submitted = performance.now()
    })
    await clock?.collect({ began, encoded, submitted, steps })
  }

  /** Writes the steps' scalars, and which steps they are. */
  #writeRecord({ data, orderStride, epochs }: ResidentEpochs, first: number, steps: number): void {
    const { device } = this.#parts
    const { order, batchSize, countsLabels = false } = epochs[0]![0]!
    const perEpoch = countMinibatches(order.length, batchSize)
    const records = this.#scalarsChange ? steps : 1
    for (const [k, own] of epochs.entries()) this.#setScalars(k, own, perEpoch, first, records)
    device.write(this.#scalars, 0, this.#records, 0, 4 * records * this.networks)
    const record = Uint32Array.of(
      first,
      steps,
      order.length,
      batchSize,
      perEpoch,
      Number(this.#scalarsChange),
      Number(data.sorted !== undefined),
      this.networks,
      orderStride,
      records,
      epochs[0]!.length,
      this.#slotStride,
      Number(countsLabels),
    )
    device.write(this.#record, 0, record)
  }

  #setScalars(network: number, epochs: readonly EpochOrder[], perEpoch: number, first: number, records: number): void {
    const { optimizer } = this.#parts.settings[network]!
    const { stepsBefore } = epochs[0]!
    for (let i = 0; i < records; i++) {
      const { learningRate } = epochs[Math.floor((first + i) / perEpoch)]!
      const scalars = stepScalars(optimizer, stepsBefore + first + i + 1, learningRate)
      writeScalars(this.#records, 4 * (network * records + i), scalars)
    }
  }

  #bind({ data, order }: ResidentEpochs): GPUBindGroup {
    const known = this.#bound.get(data)
    if (known?.order === order) return known.group
    const { parameters, state } = this.#parts.store
    const { inputs, targets } = data.sorted ?? data
    if (!targets) throw new Error('the data were uploaded without targets')
    const hyperparameters = this.#hyperparameters.buffer
    const buffers = [inputs, order, targets, parameters, state, this.#scalars, this.scores, hyperparameters]
    const group = this.#parts.device.gpu.createBindGroup({
      label: 'webgpu-mlp resident',
      layout: this.#kernel!.layout,
      entries: buffers.map((buffer, i) => ({ binding: i + 1, resource: { buffer } })),
    })
    this.#bound.set(data, { order, group })
    return group
  }
}

const widthOn = ({ profile }: Device, width: Width) => width[profile.software ? 'software' : 'hardware']

const straightWidth = ({ device, settings, width }: ResidentKernelParts) =>
  width ?? (settings.length === 1 ? 1 : widthOn(device, STRAIGHT_WIDTH))

function hyperparametersOf(settings: readonly PlacementSettings[]): Float32Array {
  const numbers = new Float32Array(HYPERPARAMETERS * settings.length)
  for (const [k, rule] of settings.entries()) {
    numbers.set(Object.values(hyperparameterConstants(rule)), HYPERPARAMETERS * k)
    numbers[HYPERPARAMETERS * k + EPOCH_LIMIT.place] = EPOCH_LIMIT.none
  }
  return numbers
}

function compile(parts: ResidentKernelParts): Promise<Kernel> {
  const { device, kernels, layers, form } = parts
  const settings = parts.settings[0]!
  const { loss, optimizer, batchSize } = settings
  const slots = stateSlots(optimizer)
  const rule = ruleConstants(settings)
  const formulas = { activations: layers.map(({ activation }) => activation), loss, optimizer: optimizer.name }
  if (form !== 'loop') {
    const penalised = (settings.l1 ?? 0) > 0 || (settings.l2 ?? 0) > 0
    const shape = { layers, loss, slots, penalised }
    if (form === 'lanes') return kernels.compileStraight(residentLanesSource(shape, batchSize), formulas, rule)
    return kernels.compileStraight(residentSource(shape), formulas, { ...rule, WIDTH: straightWidth(parts) })
  }
  const constants = residentLoopConstants(layers, loss, widthOn(device, LOOP_WIDTH))
  const sizes = { PACKS: countPacks(layers), SLOTS: slots }
  return kernels.compileLoop(residentLoopSource(layers, batchSize), formulas, { ...constants, ...sizes, ...rule })
}
