import { BackendUnavailableError, InputError } from '../../../core/errors.ts'
import { countParameters } from '../../../model/layout.ts'
import type { PlacementSettings } from '../../backend.ts'
import type { DataForm, WebGPUData } from '../data.ts'
import type { Device } from '../device/device.ts'
import type { AdapterProfile, PlanName } from '../device/profile.ts'
import type { DeviceLayer } from '../kernels/packs.ts'
import type { LayeredPlan } from './layered/layered.ts'
import type { Plan } from './plan.ts'
import { residentBytes } from './resident/loop.ts'

/** How networks may be trained on the GPU. */
export const planChoices = ['auto', 'layered', 'resident'] as const
export type PlanChoice = (typeof planChoices)[number]

/**
 * The forms of the resident plan: straight-line code for the shape of one network, which runs in the registers of one
 * invocation (straight.ts in resident/) or, on hardware adapters, of one invocation for each sample of a minibatch
 * (lanes.ts), and loops over the layers, whose values are in the memory of one workgroup (loop.ts).
 */
export const residentForms = ['straight', 'lanes', 'loop'] as const
export type ResidentForm = (typeof residentForms)[number]

/** The most parameters that one invocation keeps in registers; compiling more takes seconds with some drivers. */
const MOST_PARAMETERS = 120
/** The most parameters times samples of a minibatch; above it the layered plan is faster. */
const MOST_WORK = { straight: 40_000, lanes: 100_000 }
/**
 * With fewer samples in a minibatch, one invocation alone is faster (2-3-2 on an NVIDIA H200: 1 sample a step 3.0 against
 * 2.1 million steps per second, 10 samples 0.44 against 1.5).
 */
const FEWEST_LANES = 3
/** With more networks, one invocation each keeps the adapter busy (64 networks 7.5 against 22 million, 1,024 42 against 23). */
const MOST_NETWORKS_IN_LANES = 256
/** Floating-point operations of a step above which one workgroup is too slow on every adapter. */
const MOST_OPERATIONS = 400_000
/** Up to here the resident plan was the faster one where it was measured, so training begins with it. */
const LIKELY = { software: 200_000, hardware: 400_000 }
/** Up to here it was much faster, so that nothing is measured. */
const CERTAIN = 20_000

/** Milliseconds of training before the other plan is tried, and of each measurement. */
const TRAINED_BEFORE = 1000
const MEASURE = 200
/** Where answers come late, a measurement covers at least this many waits, so that one more or less does not matter. */
const WAITS = 10
/** The other plan replaces the first if it takes less than this share of its time. */
const CLEARLY_FASTER = 0.9

/** Floating-point operations of one step: two for a multiplication with its addition; no δ is computed below the first layer. */
function operationsOf(layers: readonly DeviceLayer[], batch: number): number {
  const products = layers.map(({ inputs, outputs }) => inputs * outputs)
  return batch * (6 * products.reduce((sum, product) => sum + product, 0) - 2 * products[0]!)
}

/** Whether the samples of a minibatch are distributed over invocations, which software adapters execute one by one. */
const usesLanes = (profile: AdapterProfile, batchSize: number, networks: number) =>
  !profile.software && profile.allows('lanes') && batchSize >= FEWEST_LANES && networks <= MOST_NETWORKS_IN_LANES

/**
 * The form in which the resident plan can train a network, if it can. Whether the straight form is taken follows from a
 * rule and not from a measurement: its last bits differ from the layered plan's, and the same training must give the same
 * bits every time. The same holds for the form with a sample on each invocation (lanes). The loop form gives the layered
 * plan's bits, so that {@link Crossover} may measure which is faster.
 * @param networks how many are trained side by side
 * @throws InputError if the choice is 'resident' and the network does not fit
 */
export function residentForm(
  { gpu, name, profile }: Device,
  choice: PlanChoice,
  layers: readonly DeviceLayer[],
  { batchSize, optimizer, dropout = [] }: PlacementSettings,
  networks = 1,
): ResidentForm | undefined {
  if (choice === 'layered') return undefined
  if (optimizer.clipNorm > 0 || dropout.some((share) => share > 0)) {
    if (choice === 'auto') return undefined
    throw new InputError("plan: 'resident' has no dropout and no clipNorm; take plan: 'auto'")
  }
  const parameters = countParameters(layers)
  const lanes = usesLanes(profile, batchSize, networks)
  if (parameters <= MOST_PARAMETERS && (lanes || profile.allows('straight'))) {
    const most = lanes ? MOST_WORK.lanes : MOST_WORK.straight
    if (choice === 'resident' || parameters * batchSize <= most) return lanes ? 'lanes' : 'straight'
  }
  const bytes = residentBytes(layers, batchSize)
  const limit = gpu.limits.maxComputeWorkgroupStorageSize
  const mayLoop = profile.allows('loop')
  if (mayLoop && bytes <= limit && (choice === 'resident' || operationsOf(layers, batchSize) <= MOST_OPERATIONS))
    return 'loop'
  if (choice !== 'resident') return undefined
  if (!mayLoop) {
    throw new BackendUnavailableError(
      `plan: 'resident' fails the self-test on '${name}': ${profile.excluded.get('loop')}; take plan: 'auto'`,
    )
  }
  throw new InputError(
    `plan: 'resident' keeps ${bytes} bytes of this network's values for a minibatch of ${batchSize}, more than the ` +
      `${limit} of a workgroup on '${name}'; take smaller batches, or plan: 'auto'`,
  )
}

/**
 * Finds which of two plans with the same results trains a network faster. It begins with the likely one, tries the other
 * after a second of training, and remembers the faster one for this shape in the adapter's profile.
 */
export class Crossover {
  readonly #profile: AdapterProfile
  readonly #key: string
  /** Milliseconds of one measurement. */
  readonly #measure: number
  #plan: PlanName
  #state: 'training' | 'own' | 'other' | 'decided' = 'training'
  #milliseconds = 0
  #steps = 0
  /** Milliseconds a step of the plan that training began with. */
  #own = 0
  /** Whether the first group of the other plan is done: it compiles, and learns how much to submit at once. */
  #warm = false

  constructor(profile: AdapterProfile, layers: readonly DeviceLayer[], batch: number) {
    this.#profile = profile
    this.#measure = Math.max(MEASURE, WAITS * profile.latency)
    this.#key = `${layers.map(({ inputs, outputs }) => `${inputs}-${outputs}`).join(' ')} ${batch}`
    const operations = operationsOf(layers, batch)
    const known = profile.fasterPlans.get(this.#key)
    this.#plan = known ?? (operations <= LIKELY[profile.software ? 'software' : 'hardware'] ? 'resident' : 'layered')
    if (known || operations <= CERTAIN) this.#state = 'decided'
  }

  get plan(): PlanName {
    return this.#plan
  }

  /** Records that `steps` steps by a plan took `milliseconds`; groups of the plan that was left are ignored. */
  learn(steps: number, milliseconds: number, plan = this.#plan): void {
    if (this.#state === 'decided' || plan !== this.#plan) return
    if (this.#state === 'other' && !this.#warm) {
      this.#warm = true
      return
    }
    this.#steps += steps
    this.#milliseconds += milliseconds
    if (this.#milliseconds < (this.#state === 'training' ? TRAINED_BEFORE : this.#measure)) return
    this.#next(this.#milliseconds / this.#steps)
    this.#milliseconds = 0
    this.#steps = 0
  }

  #next(perStep: number): void {
    if (this.#state === 'training') {
      this.#state = 'own'
    } else if (this.#state === 'own') {
      this.#own = perStep
      this.#plan = this.#other()
      this.#state = 'other'
    } else {
      if (perStep > CLEARLY_FASTER * this.#own) this.#plan = this.#other()
      this.#profile.fasterPlans.set(this.#key, this.#plan)
      this.#state = 'decided'
    }
  }

  #other(): PlanName {
    return this.#plan === 'resident' ? 'layered' : 'resident'
  }
}

/** The plans that a placed network can be trained by. */
export class Plans {
  readonly layered: LayeredPlan
  readonly #resident: Plan | undefined
  readonly #crossover: Crossover | undefined

  /** @param crossover where both plans may be used, and the faster one is to be found */
  constructor(layered: LayeredPlan, resident?: Plan, crossover?: Crossover) {
    this.layered = layered
    this.#resident = resident
    this.#crossover = crossover
  }

  /** The most demanding plan that accepts the data: the layered plan can train on data in every form. */
  #mostDemanding(data: Pick<WebGPUData, 'weighted'>): Plan {
    return this.#resident?.accepts(data) ? this.#resident : this.layered
  }

  /** How a data set of `samples` samples is kept on the device. */
  formOf(samples: number, weighted: boolean): DataForm {
    return this.#mostDemanding({ weighted }).formOf(samples)
  }

  /** The plan to train by now. */
  planFor(data: WebGPUData): Plan {
    return this.#crossover?.plan === 'layered' ? this.layered : this.#mostDemanding(data)
  }

  /** Records that a plan trained `steps` steps on a data set in `milliseconds`. */
  learn(plan: Plan, data: WebGPUData, steps: number, milliseconds: number): void {
    if (this.#resident?.accepts(data)) this.#crossover?.learn(steps, milliseconds, plan.name)
  }
}
