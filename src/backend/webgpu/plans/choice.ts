import { BackendUnavailableError, InputError } from '../../../core/errors.ts'
import { countParameters } from '../../../model/layout.ts'
import { stateSlots } from '../../../optimizer/optimizer.ts'
import type { PlacementSettings } from '../../backend.ts'
import type { Device } from '../device/device.ts'
import type { AdapterProfile, PlanName } from '../device/profile.ts'
import type { DeviceLayer } from '../kernels/packs.ts'
import type { PlanChoice } from '../options.ts'
import { residentBytes } from './resident/loop.ts'

/**
 * The forms of the resident plan: straight-line code for the shape of one network, which runs in the registers of one
 * invocation (straight.ts in resident/) or, on hardware adapters, of one invocation for each sample of a minibatch
 * (lanes.ts), and loops over the layers, whose values are in the memory of one workgroup (loop.ts).
 */
export const residentForms = ['straight', 'lanes', 'loop'] as const
export type ResidentForm = (typeof residentForms)[number]

/** What decides the bits of a training on the GPU; 'loop' and 'layered' are meant to give the same. */
export const trainingForms = ['layered', ...residentForms] as const
export type TrainingForm = (typeof trainingForms)[number]

/** Whether the choice of a plan leaves a form possible. */
export const fitsChoice = (form: TrainingForm, choice: PlanChoice) =>
  choice === 'auto' || (choice === 'layered') === (form === 'layered')

/** The most parameters of straight-line code. */
const MOST_PARAMETERS = 120
/**
 * The most numbers that one invocation keeps in registers: parameters, their gradients and the optimizer's state. More
 * than a few hundred do not fit into the registers of a GPU, and compiling them takes seconds with some drivers.
 */
const MOST_NUMBERS = { software: 600, hardware: 256 }
/** Milliseconds after which straight-line code is too slow to compile. */
export const MOST_COMPILE_TIME = 2000
/** The most parameters times samples of a minibatch; above it the layered plan is faster. */
const MOST_WORK = { straight: 40_000, lanes: 100_000 }
/**
 * With fewer samples in a minibatch, one invocation alone is faster (2-3-2 on an NVIDIA H200: 1 sample a step 3.0 against
 * 2.1 million steps per second, 10 samples 0.44 against 1.5).
 */
export const FEWEST_LANES = 3
/** With more networks, one invocation each keeps the adapter busy (NVIDIA H100, 512: 120 against 187 million; 1,024: 216 against 198). */
const MOST_NETWORKS_IN_LANES = 512
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

/** The numbers of a network's parameters, gradients and state: registers of the straight form, and a measure of its code. */
const numbersOf = (layers: readonly DeviceLayer[], { optimizer }: PlacementSettings) =>
  countParameters(layers) * (2 + stateSlots(optimizer))

const SLOW = 'compilation of straight-line code, numbers: '

/** Remembers for this adapter that straight-line code of this size takes too long to compile. */
export function rememberSlowCode(profile: AdapterProfile, layers: readonly DeviceLayer[], settings: PlacementSettings) {
  profile.durations.set(SLOW + String(numbersOf(layers, settings)), MOST_COMPILE_TIME)
}

/** Whether straight-line code of this size, or less of it, was too slow to compile on this adapter. */
function isSlowCode({ durations }: AdapterProfile, numbers: number): boolean {
  return [...durations].some(
    ([name, time]) => name.startsWith(SLOW) && Number(name.slice(SLOW.length)) <= numbers && time >= MOST_COMPILE_TIME,
  )
}

/** Whether straight-line code is expected to be compiled in time, and faster than loops. */
function isCodeBetter(
  { profile }: Device,
  form: 'straight' | 'lanes',
  layers: readonly DeviceLayer[],
  settings: PlacementSettings,
): boolean {
  const numbers = numbersOf(layers, settings)
  // In lanes, the state is distributed over the invocations.
  const fits = form === 'lanes' || numbers <= MOST_NUMBERS[profile.software ? 'software' : 'hardware']
  return fits && countParameters(layers) * settings.batchSize <= MOST_WORK[form] && !isSlowCode(profile, numbers)
}

const isResidentAllowed = ({ optimizer, dropout = [] }: PlacementSettings) =>
  optimizer.clipNorm === 0 && !dropout.some((share) => share > 0)

/** Whether a network can be trained in a form. */
export function isPossible(
  { gpu, profile }: Device,
  form: ResidentForm,
  layers: readonly DeviceLayer[],
  settings: PlacementSettings,
): boolean {
  if (!isResidentAllowed(settings) || !profile.allows(form)) return false
  if (form !== 'loop') return countParameters(layers) <= MOST_PARAMETERS
  return residentBytes(layers, settings.batchSize) <= gpu.limits.maxComputeWorkgroupStorageSize
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
  device: Device,
  choice: PlanChoice,
  layers: readonly DeviceLayer[],
  settings: PlacementSettings,
  networks = 1,
): ResidentForm | undefined {
  if (choice === 'layered') return undefined
  if (!isResidentAllowed(settings)) {
    if (choice === 'auto') return undefined
    throw new InputError("plan: 'resident' has no dropout and no clipNorm; take plan: 'auto'")
  }
  const { gpu, name, profile } = device
  const { batchSize } = settings
  const isChosen = choice === 'resident'
  const code = usesLanes(profile, batchSize, networks) ? 'lanes' : 'straight'
  if (isPossible(device, code, layers, settings) && (isChosen || isCodeBetter(device, code, layers, settings))) {
    return code
  }
  const isWorthwhile = isChosen || (!profile.compilesLate && operationsOf(layers, batchSize) <= MOST_OPERATIONS)
  if (isWorthwhile && isPossible(device, 'loop', layers, settings)) return 'loop'
  if (choice !== 'resident') return undefined
  if (!profile.allows('loop')) {
    throw new BackendUnavailableError(
      `plan: 'resident' fails the self-test on '${name}': ${profile.excluded.get('loop')}; take plan: 'auto'`,
    )
  }
  throw new InputError(
    `plan: 'resident' keeps ${residentBytes(layers, batchSize)} bytes of this network's values for a minibatch of ` +
      `${batchSize}, more than the ${gpu.limits.maxComputeWorkgroupStorageSize} of a workgroup on '${name}'; ` +
      "take smaller batches, or plan: 'auto'",
  )
}

/**
 * Finds which of two plans with the same results trains a network faster. It begins with the likely one, tries the other
 * after a second of training, and remembers the faster one for this shape in the adapter's profile.
 */
export class Crossover {
  readonly #profile: AdapterProfile
  readonly #key: string
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
    this.#key = `${layers.map(({ inputs, outputs }) => `${inputs}-${outputs}`).join(' ')} ${batch}`
    const operations = operationsOf(layers, batch)
    const known = profile.fasterPlans.get(this.#key)
    this.#plan = known ?? (operations <= LIKELY[profile.software ? 'software' : 'hardware'] ? 'resident' : 'layered')
    if (known || operations <= CERTAIN || profile.isPinned) this.#state = 'decided'
  }

  /** Stays with a plan from now on, because the other one does not give the same bits. */
  keep(plan: PlanName): void {
    this.#plan = plan
    this.#state = 'decided'
    this.#profile.fasterPlans.set(this.#key, plan)
  }

  /** Milliseconds of one measurement. */
  get #measure(): number {
    return Math.max(MEASURE, WAITS * this.#profile.latency)
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
