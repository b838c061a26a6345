import { isSoftware, nameAdapter } from './adapter.ts'
import { MeasuredChoices } from './choices.ts'

export type { PlanName } from './choices.ts'

/** A latency from this on is a timer's, and is kept between processes; shorter ones may be those of a busy machine. */
const KEPT_LATENCY = { least: 50, most: 200 }

const isKept = (latency: number) => latency >= KEPT_LATENCY.least && latency <= KEPT_LATENCY.most

/** What is known about an adapter before anything is measured. */
export interface AdapterFacts {
  /** For messages; default `an adapter`. */
  readonly name?: string
  /** Whether the adapter emulates a GPU on the CPU. */
  readonly software: boolean
  /** Whether the four invocations of a quad can exchange values (the feature `subgroups`). */
  readonly quads: boolean
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
  #choices = new MeasuredChoices()
  #latency = 0

  constructor({ name = 'an adapter', software, quads }: AdapterFacts) {
    this.name = name
    this.software = software
    this.quads = quads
  }

  /** The profile of a device, with nothing measured yet. */
  static of({ adapterInfo, features }: GPUDevice): AdapterProfile {
    return new AdapterProfile({
      name: nameAdapter(adapterInfo),
      software: isSoftware(adapterInfo),
      quads: features.has('subgroups'),
    })
  }

  /** Uses measured choices that are kept between processes, in the place of new ones that are not. */
  remember(choices: MeasuredChoices): void {
    this.#choices = choices
    const latency = choices.durations.get('latency') ?? 0
    if (isKept(latency)) this.#latency = latency
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

  /** Milliseconds by which the device's answers may be late; 0 until it is measured, and where it is negligible. */
  get latency(): number {
    return this.#latency
  }

  set latency(milliseconds: number) {
    this.#latency = milliseconds
    if (isKept(milliseconds)) this.durations.set('latency', milliseconds)
  }
}
