import { countMinibatches } from '../../../../data/minibatch.ts'
import { ruleOf, stateSlots, stepScalars } from '../../../../optimizer/optimizer.ts'
import type { EpochOrder, PlacementSettings } from '../../../backend.ts'
import type { DataForm, WebGPUData } from '../../data.ts'
import type { Buffers } from '../../device/buffers.ts'
import type { KernelClock } from '../../device/clock.ts'
import type { Device } from '../../device/device.ts'
import { Pace } from '../../device/pace.ts'
import { type Kernel, type Kernels, RUN_BYTES } from '../../kernels/kernels.ts'
import { countPacks, type DeviceLayer } from '../../kernels/packs.ts'
import { optimizerConstants, writeScalars } from '../../kernels/rule.ts'
import type { ResidentForm } from '../choice.ts'
import type { ParameterStore } from '../parameters.ts'
import type { Plan, PreparedEpochs } from '../plan.ts'
import type { Recorder } from '../recording.ts'
import { residentLoopConstants, residentLoopSource } from './loop.ts'
import { DataSorter } from './sorter.ts'
import { residentSource } from './straight.ts'
import { submitMilliseconds } from '#gpu'

/** The most steps of one dispatch where each step has its own scalars (adam, adagrad, schedules). */
const MOST_RECORDS = 8192
/** And where all steps have the same. */
const MOST_STEPS = 1 << 24
/** Entries of the order buffer, which holds the orders of many epochs of a small data set. */
const ORDER_ENTRIES = 1 << 17
/** The most epochs whose scores are kept on the device until they are read. */
const MOST_EPOCHS = 1024
/** The most pairs of scores: one for each epoch, or one for each epoch and row of the minibatch. */
const MOST_SCORES = 1 << 15
const mostEpochsFor = (scoresPerEpoch: number) =>
  Math.max(1, Math.min(MOST_EPOCHS, Math.floor(MOST_SCORES / scoresPerEpoch)))

/** How many epochs' orders the order buffer of a data set of `samples` samples holds. */
function epochsHeld(samples: number): number {
  return Math.max(1, Math.min(MOST_EPOCHS, Math.floor(ORDER_ENTRIES / samples)))
}

/**
 * Invocations that share the work of a network in the loop form. On an emulated GPU, those of one vector: barriers
 * between several vectors are slow there (8-32-32-4: 4,000 steps/s with 4, 1,600 with 16 on SwiftShader).
 */
const WIDTH = { software: 4, hardware: 128 }

/** What a resident plan is made of. */
export interface ResidentParts {
  readonly device: Device
  readonly kernels: Kernels
  readonly buffers: Buffers
  readonly layers: readonly DeviceLayer[]
  readonly form: ResidentForm
  readonly store: ParameterStore
  readonly settings: PlacementSettings
  readonly recorder: Recorder
  readonly clock: KernelClock | undefined
}

function compile({ device, kernels, layers, form, settings }: ResidentParts): Promise<Kernel> {
  const { loss, optimizer, batchSize } = settings
  const slots = stateSlots(optimizer)
  const penalised = (settings.l1 ?? 0) > 0 || (settings.l2 ?? 0) > 0
  const rule = optimizerConstants(settings)
  const formulas = { activations: layers.map(({ activation }) => activation), loss, optimizer: optimizer.name }
  if (form === 'straight') {
    return kernels.compileStraight(residentSource({ layers, loss, slots, penalised }), formulas, rule)
  }
  const width = device.profile.software ? WIDTH.software : WIDTH.hardware
  const constants = residentLoopConstants(layers, loss, width)
  const sizes = { PACKS: countPacks(layers), SLOTS: slots }
  return kernels.compileLoop(residentLoopSource(layers, batchSize), formulas, { ...constants, ...sizes, ...rule })
}

/** The resident plan: whole epochs of a small network in one dispatch. */
export class ResidentPlan implements Plan {
  readonly name = 'resident'
  readonly groupsEpochs = true
  readonly pace: Pace
  readonly scores: GPUBuffer
  /** 1 in the straight form; in the loop form one for each row of the minibatch. */
  readonly scoresPerEpoch: number
  readonly #device: Device
  readonly #kernel: Kernel
  /** Only in the straight form, whose one invocation reads rows one after another. */
  readonly #sorter: DataSorter | undefined
  readonly #store: ParameterStore
  readonly #settings: PlacementSettings
  readonly #clock: KernelClock | undefined
  readonly #run: GPUBuffer
  readonly #runGroup: GPUBindGroup
  readonly #scalars: GPUBuffer
  readonly #bindGroups = new WeakMap<WebGPUData, GPUBindGroup>()
  /** Whether the scalars differ from step to step. */
  readonly #ownScalars: boolean
  readonly #records: Float32Array

  private constructor(
    { device, kernels, buffers, form, store, settings, clock }: ResidentParts,
    kernel: Kernel,
    sorter: DataSorter | undefined,
  ) {
    this.#device = device
    this.#kernel = kernel
    this.#sorter = sorter
    this.#store = store
    this.#settings = settings
    this.#clock = clock
    const { optimizer } = settings
    this.#ownScalars = ruleOf(optimizer).hasChangingScalars || typeof optimizer.learningRate !== 'number'
    const mostSteps = this.#ownScalars ? MOST_RECORDS : MOST_STEPS
    this.pace = new Pace(submitMilliseconds, mostSteps, () => device.profile.latency)
    this.#records = new Float32Array(4 * (this.#ownScalars ? MOST_RECORDS : 1))
    this.#run = buffers.uniform('run', RUN_BYTES)
    this.#scalars = buffers.storage('scalars', this.#records.length)
    this.scoresPerEpoch = form === 'loop' ? settings.batchSize : 1
    this.scores = buffers.storage('epoch scores', 2 * this.scoresPerEpoch * mostEpochsFor(this.scoresPerEpoch))
    this.#runGroup = device.gpu.createBindGroup({
      label: 'webgpu-mlp run',
      layout: kernels.runLayout,
      entries: [{ binding: 0, resource: { buffer: this.#run } }],
    })
  }

  static async create(parts: ResidentParts): Promise<ResidentPlan> {
    const [kernel, sorter] = await Promise.all([
      compile(parts),
      parts.form === 'straight' ? DataSorter.create(parts) : undefined,
    ])
    return parts.device.checked('resident plan', () => new ResidentPlan(parts, kernel, sorter))
  }

  /** Samples with weights are left to the layered plan. */
  accepts({ weighted }: Pick<WebGPUData, 'weighted'>): boolean {
    return !weighted
  }

  /** Inputs as floats, with the orders of many epochs; if one order fills the buffer, with a copy in the epoch's order. */
  formOf(samples: number): DataForm {
    const epochs = epochsHeld(samples)
    return { epochs, mayBytes: false, sorted: this.#sorter !== undefined && epochs === 1 }
  }

  mostEpochs(samples: number): number {
    return Math.min(epochsHeld(samples), mostEpochsFor(this.scoresPerEpoch))
  }

  prepare(data: WebGPUData, epochs: readonly EpochOrder[]): Promise<PreparedEpochs> {
    const begin = this.#sorter?.sorting(data)
    const submit = (first: number, count: number) => this.#submit(data, epochs, first, count)
    return Promise.resolve({ submit, mostSteps: Infinity, ...(begin && { begin }) })
  }

  /** Trains `steps` minibatches from step `first` of the group on, in one dispatch. */
  async #submit(data: WebGPUData, epochs: readonly EpochOrder[], first: number, steps: number): Promise<void> {
    const clock = this.#clock
    const began = performance.now()
    let encoded = began
    let submitted = began
    await this.#device.checked('training', () => {
      this.#setRun(data, epochs, first, steps)
      const { gpu } = this.#device
      const encoder = gpu.createCommandEncoder({ label: 'webgpu-mlp resident' })
      const pass = clock?.beginPass(encoder, 'resident') ?? encoder.beginComputePass({ label: 'webgpu-mlp resident' })
      pass.setPipeline(this.#kernel.pipeline)
      pass.setBindGroup(0, this.#runGroup)
      pass.setBindGroup(1, this.#bind(data))
      pass.dispatchWorkgroups(1)
      pass.end()
      clock?.end(encoder)
      const commands = encoder.finish()
      encoded = performance.now()
      gpu.queue.submit([commands])
      submitted = performance.now()
    })
    if (!clock) return
    clock.profiler.add('encode', 'steps', encoded - began, steps)
    clock.profiler.add('submit', 'steps', submitted - encoded)
    await clock.collect(submitted)
  }

  /** Writes the steps' scalars, and which steps they are. */
  #setRun({ sorted }: WebGPUData, epochs: readonly EpochOrder[], first: number, steps: number): void {
    const { order, batchSize, stepsBefore } = epochs[0]!
    const perEpoch = countMinibatches(order.length, batchSize)
    const { optimizer } = this.#settings
    const records = this.#ownScalars ? steps : 1
    for (let i = 0; i < records; i++) {
      const { learningRate } = epochs[Math.floor((first + i) / perEpoch)]!
      writeScalars(this.#records, 4 * i, stepScalars(optimizer, stepsBefore + first + i + 1, learningRate))
    }
    this.#device.write(this.#scalars, 0, this.#records, 0, 4 * records)
    const isSorted = Number(sorted !== undefined)
    const run = [first, steps, order.length, batchSize, perEpoch, Number(this.#ownScalars), isSorted]
    this.#device.write(this.#run, 0, Uint32Array.from(run))
  }

  #bind(data: WebGPUData): GPUBindGroup {
    let group = this.#bindGroups.get(data)
    if (!group) {
      const { parameters, state } = this.#store
      const { order } = data
      const { inputs, targets } = data.sorted ?? data
      if (!targets) throw new Error('the data were uploaded without targets')
      const buffers = [inputs, order, targets, parameters, state, this.#scalars, this.scores]
      const entries = buffers.map((buffer, i) => ({ binding: i + 1, resource: { buffer } }))
      group = this.#device.gpu.createBindGroup({ label: 'webgpu-mlp resident', layout: this.#kernel.layout, entries })
      this.#bindGroups.set(data, group)
    }
    return group
  }
}
