import { countMinibatches } from '../../../../data/minibatch.ts'
import { stateSlots } from '../../../../optimizer/optimizer.ts'
import type { PlacementSettings } from '../../../backend.ts'
import type { WebGPUData } from '../../data.ts'
import type { Buffers } from '../../device/buffers.ts'
import type { KernelClock } from '../../device/clock.ts'
import type { Device } from '../../device/device.ts'
import type { Kernel, Kernels } from '../../kernels/kernels.ts'
import { countPacks, type DeviceLayer } from '../../kernels/packs.ts'
import { hyperparameterConstants, ruleConstants } from '../../kernels/rule.ts'
import { divideUp } from '../../kernels/tiling.ts'
import type { ResidentForm } from '../choice.ts'
import type { ParameterStore } from '../parameters.ts'
import type { ResidentEpochs } from './epochs.ts'
import { LANES, residentLanesSource } from './lanes.ts'
import { residentLoopConstants, residentLoopSource } from './loop.ts'
import type { DeviceOrders } from './orders.ts'
import { type DispatchRecord, DispatchRecords } from './records.ts'
import { ResidentScalars } from './scalars.ts'
import { residentSource } from './straight.ts'

/** The most epochs whose scores are kept on the device until they are read. */
const MOST_EPOCHS = 1024
/** The most pairs of scores. */
const MOST_SCORES = { single: 1 << 15, population: 1 << 20 }
/** The most dispatches of one submit: of training, and of making orders. */
const MOST_DISPATCHES = { single: 1, population: 128 }

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

/** What is trained: epochs of each network, over one data set. */
export interface ResidentWork {
  readonly data: WebGPUData
  readonly orders: DeviceOrders
  readonly epochs: ResidentEpochs
}

/** Steps that follow each other in one dispatch: the buffer holds the orders of all their epochs. */
interface Segment {
  readonly first: number
  readonly steps: number
  /** The first epoch of those whose orders are in the buffer, and how many they are. */
  readonly orderFirst: number
  readonly epochs: number
  /** Whether the orders are made before. */
  readonly begins: boolean
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
  /** The most epochs of one group. */
  readonly mostEpochs: number
  readonly #parts: ResidentKernelParts
  #kernel: Kernel | undefined
  readonly #groups: number
  readonly #records: DispatchRecords
  readonly #scalars: ResidentScalars
  readonly #hyperparameters: { readonly buffer: GPUBuffer; readonly numbers: Float32Array }
  readonly #bound = new WeakMap<WebGPUData, { readonly order: GPUBuffer; readonly group: GPUBindGroup }>()
  readonly #slotStride: number

  /** Allocates its buffers; {@link compile} comes before the first step. */
  constructor(parts: ResidentKernelParts) {
    const { device, kernels, buffers, form, layers, settings } = parts
    this.#parts = parts
    this.networks = settings.length
    const size = this.networks === 1 ? 'single' : 'population'
    this.#groups = form === 'straight' ? divideUp(this.networks, straightWidth(parts)) : this.networks
    this.#slotStride = countPacks(layers) * this.networks * (form === 'loop' ? 1 : 4)
    this.#records = new DispatchRecords(device, kernels, buffers, MOST_DISPATCHES[size])
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
    const whole = MOST_DISPATCHES.population / 2 - 1
    return orders.maker ? Math.min(this.mostSteps, whole * orders.epochs * perEpoch) : this.mostSteps
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
    this.#parts.buffers.free(this.#records.buffer, this.#scalars.buffer, this.#hyperparameters.buffer, this.scores)
  }

  /**
   * Trains `steps` minibatches of every network, from step `first` of its epochs on, in one submit. Where the device makes
   * the orders, the first submit begins with step 0, and the others follow.
   */
  async submit(work: ResidentWork, first: number, steps: number): Promise<void> {
    const { device, clock } = this.#parts
    const began = performance.now()
    let encoded = began
    let submitted = began
    await device.checked('training', () => {
      const segments = segmentsOf(work, first, steps)
      this.#write(work, segments, first, steps)
      const encoder = device.gpu.createCommandEncoder({ label: 'webgpu-mlp resident' })
      const pass = clock?.beginPass(encoder, 'resident') ?? encoder.beginComputePass({ label: 'webgpu-mlp resident' })
      this.#encode(pass, work, segments)
      pass.end()
      clock?.end(encoder)
      const commands = encoder.finish()
      encoded = performance.now()
      device.gpu.queue.submit([commands])
      submitted = performance.now()
    })
    await clock?.collect({ began, encoded, submitted, steps })
  }

  #encode(pass: GPUComputePassEncoder, work: ResidentWork, segments: readonly Segment[]): void {
    const { maker, buffer } = work.orders
    let record = 0
    for (const { begins, epochs } of segments) {
      if (begins) maker!.encode(pass, this.#records.group(record++), buffer, this.networks * epochs)
      pass.setPipeline(this.#kernel!.pipeline)
      pass.setBindGroup(0, this.#records.group(record++))
      pass.setBindGroup(1, this.#bind(work))
      pass.dispatchWorkgroups(this.#groups)
    }
  }

  /** Writes the steps' scalars, and the records of the dispatches. */
  #write({ data, orders, epochs }: ResidentWork, segments: readonly Segment[], first: number, steps: number): void {
    const { samples, batchSize: batch, countsLabels, seeded } = epochs
    const apart = this.#scalars.write(epochs, first, steps)
    if (seeded) orders.maker!.write(seeded.seeds)
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
        scalarsStride: apart.ofNetworks,
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

  #bind({ data, orders }: ResidentWork): GPUBindGroup {
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
      layout: this.#kernel!.layout,
      entries: buffers.map((buffer, i) => ({ binding: i + 1, resource: { buffer } })),
    })
    this.#bound.set(data, { order, group })
    return group
  }
}

/** The dispatches of some steps: where the device makes the orders, one for each filling of their buffer. */
function segmentsOf({ orders, epochs }: ResidentWork, first: number, steps: number): Segment[] {
  if (!orders.maker) return [{ first, steps, orderFirst: 0, epochs: epochs.count, begins: false }]
  const perEpoch = countMinibatches(epochs.samples, epochs.batchSize)
  const perFilling = orders.epochs * perEpoch
  const segments: Segment[] = []
  for (let from = first; from < first + steps;) {
    const orderFirst = Math.floor(from / perFilling) * orders.epochs
    const to = Math.min(first + steps, (orderFirst + orders.epochs) * perEpoch)
    const held = Math.min(orders.epochs, epochs.count - orderFirst)
    segments.push({ first: from, steps: to - from, orderFirst, epochs: held, begins: from % perFilling === 0 })
    from = to
  }
  return segments
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
