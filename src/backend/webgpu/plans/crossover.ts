import type { AdapterProfile, PlanName } from '../device/profile.ts'
import type { DeviceLayer } from '../kernels/packs.ts'

/** Floating-point operations of a step above which one workgroup is too little, whatever the adapter. */
const MOST_OPERATIONS = 400_000
/** Up to here the resident plan was the faster one where it was measured, so it is begun with. */
const LIKELY = { software: 200_000, hardware: 400_000 }
/** And here it is so by far. */
const CERTAIN = 20_000

/** Milliseconds of training before the other plan is tried, and of each measurement. */
const TRAINED_BEFORE = 1000
const MEASURE = 200
/** Where answers come late, as many of such waits at least; one more or less then makes no difference. */
const WAITS = 10
/** The other plan must be faster by so much. */
const CLEARLY_FASTER = 0.9

/** Floating-point operations of one step: two a multiplication with its addition; the first layer passes no δ on. */
function operationsOf(layers: readonly DeviceLayer[], batch: number): number {
  const products = layers.map(({ inputs, outputs }) => inputs * outputs)
  return batch * (6 * products.reduce((sum, product) => sum + product, 0) - 2 * products[0]!)
}

/** Whether a network is small enough that its whole training may be the work of one workgroup. */
export const mayBeResident = (layers: readonly DeviceLayer[], batch: number) =>
  operationsOf(layers, batch) <= MOST_OPERATIONS

/**
 * Which of two plans with the same results trains a network faster. It begins with the likely one, tries the other once
 * training has gone on for a second, and remembers what was faster for the adapter and the shape.
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
  /** Milliseconds a step of the plan begun with. */
  #own = 0
  /** The first run of a plan compiles, and learns how much to submit at once. */
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

  /** Takes in that `steps` steps of a plan took so long; what is still under way by the other plan tells nothing. */
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
