import { InputError } from '../../errors.ts'
import { countParameters, type Layer } from '../../model/layout.ts'
import { stateSlots, stepScalars } from '../../training/optimizer.ts'
import type { EpochPlan, PlacementSettings } from '../backend.ts'
import type { Buffers } from './buffers.ts'
import type { Device } from './device.ts'
import type { Kernel, Kernels } from './kernels.ts'
import type { DeviceData, Residents } from './layered.ts'
import type { DeviceLayer } from './packs.ts'
import type { KernelClock } from './profile.ts'
import { residentSource } from './resident-source.ts'
import { optimizerConstants } from './stages.ts'

/** So many parameters are kept in one invocation's registers at most; compiling more takes seconds on some drivers. */
const MOST_PARAMETERS = 120
/** So many parameters times samples of a minibatch; above it the layered plan's many invocations are faster. */
const MOST_WORK = 40_000
/** Steps with scalars of their own (adam, adagrad) that one dispatch takes at most. */
const MOST_RECORDS = 8192
/** Entries of the order buffer: so many epochs of a small data set are visited without the host. */
const ORDER_ENTRIES = 1 << 17
/** Epochs whose scores are kept on the device before they are read. */
const MOST_EPOCHS = 1024

/** How networks may be trained on the GPU. */
export const planChoices = ['auto', 'layered', 'resident'] as const
export type PlanChoice = (typeof planChoices)[number]

/**
 * Whether a network is trained by the resident plan. A rule and not a measurement of the moment: the plan decides the
 * last bits of a result, and the same run must give the same bits on every day.
 * @throws InputError where it was asked for by name and the network is too large
 */
export function choosesResident(
  choice: PlanChoice,
  layers: readonly Layer[],
  { batchSize }: PlacementSettings,
): boolean {
  const parameters = countParameters(layers)
  if (choice === 'resident' && parameters > MOST_PARAMETERS) {
    throw new InputError(
      `plan: 'resident' is for at most ${MOST_PARAMETERS} parameters, this network has ${parameters}`,
    )
  }
  if (choice !== 'auto') return choice === 'resident'
  return parameters <= MOST_PARAMETERS && parameters * batchSize <= MOST_WORK
}

/** How many epochs of so many samples the order buffer of a data set holds. */
export function epochsHeld(samples: number): number {
  return Math.max(1, Math.min(MOST_EPOCHS, Math.floor(ORDER_ENTRIES / samples)))
}

/** The resident plan: whole epochs of a small network in one dispatch, its parameters in registers throughout. */
export class ResidentPlan {
  readonly #device: Device
  readonly #kernel: Kernel
  readonly #residents: Residents
  readonly #settings: PlacementSettings
  readonly #run: GPUBuffer
  readonly #scalars: GPUBuffer
  readonly #bindGroups = new WeakMap<DeviceData, GPUBindGroup>()
  /** Per epoch of a group: loss and right answers, summed. */
  readonly scores: GPUBuffer
  /** Whether each step has scalars of its own. */
  readonly #ownScalars: boolean
  readonly #records: Float32Array
  readonly #clock: KernelClock | undefined

  private constructor(
    device: Device,
    kernel: Kernel,
    buffers: Buffers,
    residents: Residents,
    settings: PlacementSettings,
    clock: KernelClock | undefined,
  ) {
    this.#clock = clock
    this.#device = device
    this.#kernel = kernel
    this.#residents = residents
    this.#settings = settings
    this.#ownScalars = settings.optimizer.name !== 'sgd' && settings.optimizer.name !== 'rmsprop'
    this.#records = new Float32Array(4 * (this.#ownScalars ? MOST_RECORDS : 1))
    this.#run = buffers.uniform('run', 32)
    this.#scalars = buffers.storage('scalars', this.#records.length)
    this.scores = buffers.storage('epoch scores', 2 * MOST_EPOCHS)
  }

  static async create(
    device: Device,
    kernels: Kernels,
    buffers: Buffers,
    layers: readonly DeviceLayer[],
    residents: Residents,
    settings: PlacementSettings,
    clock?: KernelClock,
  ): Promise<ResidentPlan> {
    const { loss, optimizer } = settings
    const source = residentSource({ layers, loss, slots: stateSlots(optimizer) })
    const kernel = await kernels.compileResident(source, optimizerConstants(optimizer))
    return device.checked('resident plan', () => new ResidentPlan(device, kernel, buffers, residents, settings, clock))
  }

  /** Steps that one dispatch takes at most. */
  get mostSteps(): number {
    return this.#ownScalars ? MOST_RECORDS : 1 << 24
  }

  /**
   * Trains `steps` minibatches from step `first` of the group on. The group's orders stand one after another in the
   * data's order buffer; its epochs are all alike but for their order.
   */
  async submit(data: DeviceData, plan: EpochPlan, perEpoch: number, first: number, steps: number): Promise<void> {
    const clock = this.#clock
    const began = performance.now()
    let encoded = began
    let submitted = began
    await this.#device.checked('training', () => {
      this.#setRun(plan, perEpoch, first, steps)
      const { gpu } = this.#device
      const encoder = gpu.createCommandEncoder({ label: 'webgpu-mlp resident' })
      const pass = clock?.beginPass(encoder, 'resident') ?? encoder.beginComputePass({ label: 'webgpu-mlp resident' })
      pass.setPipeline(this.#kernel.pipeline)
      pass.setBindGroup(0, this.#bind(data))
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
  #setRun({ order, batchSize, learningRate, stepsBefore }: EpochPlan, perEpoch: number, first: number, steps: number) {
    const { gpu } = this.#device
    const { optimizer } = this.#settings
    const records = this.#ownScalars ? steps : 1
    for (let i = 0; i < records; i++) {
      const { stepSize, decay, correction } = stepScalars(optimizer, stepsBefore + first + i + 1, learningRate)
      this.#records[4 * i] = stepSize
      this.#records[4 * i + 1] = decay
      this.#records[4 * i + 2] = correction
    }
    gpu.queue.writeBuffer(this.#scalars, 0, this.#records, 0, 4 * records)
    const run = Uint32Array.of(first, steps, order.length, batchSize, perEpoch, Number(this.#ownScalars))
    gpu.queue.writeBuffer(this.#run, 0, run)
  }

  #bind(data: DeviceData): GPUBindGroup {
    let group = this.#bindGroups.get(data)
    if (!group) {
      const { parameters, state } = this.#residents
      const { inputs, targets, order } = data
      if (!targets) throw new Error('the data were loaded without targets')
      const buffers = [this.#run, inputs, targets, order, this.#scalars, parameters, state, this.scores]
      const entries = buffers.map((buffer, binding) => ({ binding, resource: { buffer } }))
      group = this.#device.gpu.createBindGroup({ label: 'webgpu-mlp resident', layout: this.#kernel.layout, entries })
      this.#bindGroups.set(data, group)
    }
    return group
  }
}
