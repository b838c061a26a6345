import { InputError } from '../../../../core/errors.ts'
import { countParameters } from '../../../../model/layout.ts'
import { stateSlots, stepScalars } from '../../../../optimizer/optimizer.ts'
import type { EpochOrder, PlacementSettings } from '../../../backend.ts'
import type { Buffers } from '../../device/buffers.ts'
import { mayBeResident } from '../crossover.ts'
import type { DataForm } from '../../data.ts'
import type { Device } from '../../device/device.ts'
import { type Kernel, type Kernels, RUN_BYTES } from '../../kernels/kernels.ts'
import type { DeviceData, Residents } from '../layered.ts'
import { countPacks, type DeviceLayer } from '../../kernels/packs.ts'
import type { KernelClock } from '../../device/clock.ts'
import { residentBytes, residentLoopConstants, residentLoopSource } from './loop.ts'
import { residentSource } from './straight.ts'
import { bindStage, type Recorded } from '../recording.ts'
import { optimizerConstants, writeScalars } from '../../kernels/rule.ts'
import { gather, type Stage } from '../../kernels/stage-kernels.ts'

/** So many parameters are kept in one invocation's registers at most; compiling more takes seconds on some drivers. */
const MOST_PARAMETERS = 120
/** So many parameters times samples of a minibatch; above it more than one invocation is faster. */
const MOST_WORK = 40_000
/** Steps with scalars of their own (adam, adagrad) that one dispatch takes at most. */
const MOST_RECORDS = 8192
/** Entries of the order buffer: so many epochs of a small data set are visited without the host. */
const ORDER_ENTRIES = 1 << 17
/** Epochs whose scores are kept on the device before they are read. */
const MOST_EPOCHS = 1024
/** And pairs of sums: one an epoch, or one an epoch and row of the minibatch. */
const MOST_SCORES = 1 << 15
const mostEpochs = (scoresPerEpoch: number) =>
  Math.max(1, Math.min(MOST_EPOCHS, Math.floor(MOST_SCORES / scoresPerEpoch)))

/** How networks may be trained on the GPU. */
export const planChoices = ['auto', 'layered', 'resident'] as const
export type PlanChoice = (typeof planChoices)[number]

/**
 * The two forms of the resident plan: straight-line code for one network's very shape, all of it in one invocation's
 * registers (resident-source.ts), and loops over the layers, its values in one workgroup's memory (resident-loop.ts).
 */
export type ResidentForm = 'straight' | 'loop'

/**
 * The form in which a network can be trained by the resident plan, if any. Whether the straight form is taken is a rule
 * and not a measurement: its last bits differ from the layered plan's, and the same run must give the same bits on every
 * day. The loop form's do not, so it is measured against the layered plan (crossover.ts).
 * @throws InputError where it was asked for by name and the network is too large
 */
export function residentForm(
  device: Device,
  choice: PlanChoice,
  layers: readonly DeviceLayer[],
  { batchSize, optimizer, dropout = [] }: PlacementSettings,
): ResidentForm | undefined {
  if (choice === 'layered') return undefined
  if (optimizer.clipNorm > 0 || dropout.some((share) => share > 0)) {
    if (choice === 'auto') return undefined
    throw new InputError("plan: 'resident' has no dropout and no clipNorm; take plan: 'auto'")
  }
  const parameters = countParameters(layers)
  if (parameters <= MOST_PARAMETERS && (choice === 'resident' || parameters * batchSize <= MOST_WORK)) return 'straight'
  const bytes = residentBytes(layers, batchSize)
  const limit = device.gpu.limits.maxComputeWorkgroupStorageSize
  if (bytes <= limit && (choice === 'resident' || mayBeResident(layers, batchSize))) return 'loop'
  if (choice !== 'resident') return undefined
  throw new InputError(
    `plan: 'resident' keeps ${bytes} bytes of this network's values for a minibatch of ${batchSize}, more than the ` +
      `${limit} of a workgroup on '${device.name}'; take smaller batches, or plan: 'auto'`,
  )
}

/** How many epochs of so many samples the order buffer of a data set holds. */
function epochsHeld(samples: number): number {
  return Math.max(1, Math.min(MOST_EPOCHS, Math.floor(ORDER_ENTRIES / samples)))
}

/**
 * Invocations that share the work of a network in the loop form. Where a GPU is emulated, those of one vector: barriers
 * between several are dear there (8-32-32-4: 4,000 steps/s with 4, 1,600 with 16 on SwiftShader).
 */
const WIDTH = { software: 4, hardware: 128 }

async function compile(
  device: Device,
  kernels: Kernels,
  layers: readonly DeviceLayer[],
  form: ResidentForm,
  settings: PlacementSettings,
): Promise<Kernel> {
  const { loss, optimizer, batchSize } = settings
  const slots = stateSlots(optimizer)
  const penalised = (settings.l1 ?? 0) > 0 || (settings.l2 ?? 0) > 0
  const rule = optimizerConstants(settings)
  if (form === 'straight') return kernels.compileStraight(residentSource({ layers, loss, slots, penalised }), rule)
  const width = device.profile.software ? WIDTH.software : WIDTH.hardware
  const constants = residentLoopConstants(layers, loss, width)
  const sizes = { PACKS: countPacks(layers), SLOTS: slots }
  return kernels.compileLoop(residentLoopSource(layers, batchSize), { ...constants, ...sizes, ...rule })
}

/** What a resident plan is made of. */
interface ResidentParts {
  readonly device: Device
  readonly kernels: Kernels
  readonly buffers: Buffers
  readonly layers: readonly DeviceLayer[]
  readonly form: ResidentForm
  readonly residents: Residents
  readonly settings: PlacementSettings
  readonly clock: KernelClock | undefined
}

/** The resident plan: whole epochs of a small network in one dispatch. */
export class ResidentPlan {
  /** Per epoch of a group, and in the loop form per row of the minibatch: loss and right answers, summed. */
  readonly scores: GPUBuffer
  /** How many pairs of them an epoch has. */
  readonly scoresPerEpoch: number
  readonly #device: Device
  readonly #kernel: Kernel
  /** Puts inputs and targets into the epoch's order; none in the loop form. */
  readonly #gathers: readonly Stage[]
  readonly #residents: Residents
  readonly #settings: PlacementSettings
  readonly #clock: KernelClock | undefined
  readonly #run: GPUBuffer
  readonly #runGroup: GPUBindGroup
  readonly #scalars: GPUBuffer
  readonly #bindGroups = new WeakMap<DeviceData, GPUBindGroup>()
  readonly #sorting = new WeakMap<DeviceData, readonly Recorded[]>()
  /** Whether each step has scalars of its own. */
  readonly #ownScalars: boolean
  readonly #records: Float32Array

  private constructor(
    { device, kernels, buffers, form, residents, settings, clock }: ResidentParts,
    kernel: Kernel,
    gathers: readonly Stage[],
  ) {
    this.#device = device
    this.#kernel = kernel
    this.#gathers = gathers
    this.#residents = residents
    this.#settings = settings
    this.#clock = clock
    const { name, learningRate } = settings.optimizer
    this.#ownScalars = (name !== 'sgd' && name !== 'rmsprop') || typeof learningRate !== 'number'
    this.#records = new Float32Array(4 * (this.#ownScalars ? MOST_RECORDS : 1))
    this.#run = buffers.uniform('run', RUN_BYTES)
    this.#scalars = buffers.storage('scalars', this.#records.length)
    this.scoresPerEpoch = form === 'loop' ? settings.batchSize : 1
    this.scores = buffers.storage('epoch scores', 2 * this.scoresPerEpoch * mostEpochs(this.scoresPerEpoch))
    this.#runGroup = device.gpu.createBindGroup({
      label: 'webgpu-mlp run',
      layout: kernels.runLayout,
      entries: [{ binding: 0, resource: { buffer: this.#run } }],
    })
  }

  static async create(parts: ResidentParts): Promise<ResidentPlan> {
    const { device, kernels, layers, form, settings } = parts
    const [kernel, gathers] = await Promise.all([
      compile(device, kernels, layers, form, settings),
      // Rows are read one by one in the straight form only; in loops, many invocations wait for theirs together.
      form === 'straight'
        ? Promise.all([gather({ kernels }, layers[0]!.inputPacks), gather({ kernels }, layers.at(-1)!.outputPacks)])
        : [],
    ])
    return device.checked('resident plan', () => new ResidentPlan(parts, kernel, gathers))
  }

  /** How a data set of so many samples is to be kept: floats, with the orders of many epochs or, if large, in order. */
  formOf(samples: number): DataForm {
    const epochs = epochsHeld(samples)
    return { epochs, mayBytes: false, sorted: this.#gathers.length > 0 && epochs === 1 }
  }

  /** The stages that put a large data set into the epoch's order; to be submitted with all samples as one minibatch. */
  sorting(data: DeviceData): readonly Recorded[] {
    let stages = this.#sorting.get(data)
    if (!stages) {
      const { inputs, targets, order, sorted } = data
      const [inputStage, targetStage] = this.#gathers
      stages =
        sorted && targets && inputStage && targetStage
          ? [
              bindStage(this.#device, 'gather inputs', inputStage, [inputs, order, sorted.inputs]),
              bindStage(this.#device, 'gather targets', targetStage, [targets, order, sorted.targets]),
            ]
          : []
      this.#sorting.set(data, stages)
    }
    return stages
  }

  /** Steps that one dispatch takes at most. */
  get mostSteps(): number {
    return this.#ownScalars ? MOST_RECORDS : 1 << 24
  }

  /** Epochs of so many samples that can be trained without the host. */
  mostEpochs(samples: number): number {
    return Math.min(epochsHeld(samples), mostEpochs(this.scoresPerEpoch))
  }

  /**
   * Trains `steps` minibatches from step `first` of the group on. The group's orders stand one after another in the
   * data's order buffer; its epochs are all alike but for their order and their learning rate.
   */
  async submit(
    data: DeviceData,
    plans: readonly EpochOrder[],
    perEpoch: number,
    first: number,
    steps: number,
  ): Promise<void> {
    const clock = this.#clock
    const began = performance.now()
    let encoded = began
    let submitted = began
    await this.#device.checked('training', () => {
      this.#setRun(data, plans, perEpoch, first, steps)
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

  /** Sends what the kernel must know of its steps. */
  #setRun({ sorted }: DeviceData, plans: readonly EpochOrder[], perEpoch: number, first: number, steps: number): void {
    const { order, batchSize, stepsBefore } = plans[0]!
    const { optimizer } = this.#settings
    const records = this.#ownScalars ? steps : 1
    for (let i = 0; i < records; i++) {
      const { learningRate } = plans[Math.floor((first + i) / perEpoch)]!
      writeScalars(this.#records, 4 * i, stepScalars(optimizer, stepsBefore + first + i + 1, learningRate))
    }
    this.#device.write(this.#scalars, 0, this.#records, 0, 4 * records)
    const run = Uint32Array.of(
      first,
      steps,
      order.length,
      batchSize,
      perEpoch,
      +this.#ownScalars,
      +(sorted !== undefined),
    )
    this.#device.write(this.#run, 0, run)
  }

  #bind(data: DeviceData): GPUBindGroup {
    let group = this.#bindGroups.get(data)
    if (!group) {
      const { parameters, state } = this.#residents
      const { order } = data
      const { inputs, targets } = data.sorted ?? data
      if (!targets) throw new Error('the data were loaded without targets')
      const buffers = [inputs, order, targets, parameters, state, this.#scalars, this.scores]
      const entries = buffers.map((buffer, i) => ({ binding: i + 1, resource: { buffer } }))
      group = this.#device.gpu.createBindGroup({ label: 'webgpu-mlp resident', layout: this.#kernel.layout, entries })
      this.#bindGroups.set(data, group)
    }
    return group
  }
}
