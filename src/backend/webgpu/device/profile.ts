import { compilesLate, isSoftware, nameAdapter } from './adapter.ts'
import { MeasuredChoices } from './choices.ts'
import type { OptionalForm } from './forms.ts'
import { invocationsOf, MOST_INVOCATIONS } from './needed-limits.ts'
import { submitMilliseconds } from '#gpu'

export type { PlanName } from './choices.ts'

/** By how much submits are shortened after a loss, and the shortest, in milliseconds. */
const SHORTENING = 8
const SHORTEST = 1

/** What is known about an adapter before anything is measured. */
export interface AdapterFacts {
  /** For messages; default `an adapter`. */
  readonly name?: string
  /** Whether the adapter emulates a GPU on the CPU. */
  readonly software: boolean
  /** Whether the four invocations of a quad can exchange values (the feature `subgroups`). */
  readonly quads: boolean
  /** Whether the driver compiles a kernel when it first runs; default false. See {@link compilesLate}. */
  readonly compilesLate?: boolean
  /** The most invocations of a workgroup; default {@link MOST_INVOCATIONS}. */
  readonly invocations?: number
}

/**
 * The facts about one adapter that decisions depend on: which tiles, which plan, how much work to submit at once. Some
 * are known when the device is opened, others are measured during training and remembered here. All backends on the same
 * GPUDevice share one profile.
 * @example new AdapterProfile({ software: false, quads: false }) // a test of what a hardware adapter would do
 */
export class AdapterProfile {
  readonly name: string
  readonly software: boolean
  readonly quads: boolean
  readonly compilesLate: boolean
  readonly invocations: number
  /** The forms of kernels that are not used on this adapter, and why. */
  readonly excluded: ReadonlyMap<OptionalForm, string>
  /** Whether all choices follow from rules: nothing is measured to choose by, and nothing measured is used. */
  readonly isPinned: boolean
  #choices = new MeasuredChoices()
  /** Milliseconds; shared with profiles that exclude more. */
  #times = { latency: 0, submit: submitMilliseconds }

  constructor(
    { name = 'an adapter', software, quads, compilesLate = false, invocations = MOST_INVOCATIONS }: AdapterFacts,
    excluded: ReadonlyMap<OptionalForm, string> = new Map<OptionalForm, string>(),
    isPinned = false,
  ) {
    this.name = name
    this.software = software
    this.quads = quads
    this.compilesLate = compilesLate
    this.invocations = invocations
    this.excluded = excluded
    this.isPinned = isPinned
  }

  /** The profile of a device, with nothing measured yet. */
  static of({ adapterInfo, features, limits }: GPUDevice): AdapterProfile {
    return new AdapterProfile({
      name: nameAdapter(adapterInfo),
      software: isSoftware(adapterInfo),
      quads: features.has('subgroups'),
      compilesLate: compilesLate(adapterInfo),
      invocations: invocationsOf(limits),
    })
  }

  /** A profile of the same adapter that excludes more forms. */
  excluding(forms: Iterable<readonly [OptionalForm, string]>): AdapterProfile {
    const profile = new AdapterProfile(this, new Map([...this.excluded, ...forms]), this.isPinned)
    profile.#choices = this.#choices
    profile.#times = this.#times
    return profile
  }

  /** A profile of the same adapter for deterministic backends: it has no measured choices. */
  pinned(): AdapterProfile {
    const profile = new AdapterProfile(this, this.excluded, true)
    profile.#times = this.#times
    return profile
  }

  /** Whether the adapter has a form, and gives correct results with it as far as is known. */
  allows(form: OptionalForm): boolean {
    if (this.excluded.has(form)) return false
    if (form === 'quads') return this.quads
    // A software adapter executes the invocations of a workgroup one by one.
    return form !== 'sharedRows' || !this.software
  }

  /** Uses measured choices that are kept between processes, in the place of new ones that are not. */
  remember(choices: MeasuredChoices): void {
    this.#choices = choices
  }

  /** The fastest measured tiles, by stage and shape (kernels/tuning.ts). */
  get tilings() {
    return this.#choices.tilings
  }

  /** The faster of two plans, as measured, by the shape of the network (plans/choice.ts). */
  get fasterPlans() {
    return this.#choices.fasterPlans
  }

  /** Milliseconds that were measured, by what they are of. */
  get durations() {
    return this.#choices.durations
  }

  /**
   * Milliseconds by which the device's answers may be late; 0 until it is measured, and where it is negligible. It is
   * measured in each process, because a busy machine answers late as well.
   */
  get latency(): number {
    return this.#times.latency
  }

  set latency(milliseconds: number) {
    this.#times.latency = milliseconds
  }

  /** Milliseconds of work that one submit should have. */
  get submitMilliseconds(): number {
    return this.#times.submit
  }

  /** Shortens submits: a driver ended the device, perhaps because one took too long. */
  shortenSubmits(): void {
    this.#times.submit = Math.max(SHORTEST, this.#times.submit / SHORTENING)
  }
}
