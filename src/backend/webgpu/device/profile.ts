import type { Tiling } from '../kernels/tiling.ts'
import { isSoftware, nameAdapter } from './adapter.ts'

/** The ways of training a network on the GPU; see plans/plan.ts. */
export type PlanName = 'layered' | 'resident'

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
  /** Milliseconds by which the device's answers may be late; 0 until it is measured, and where it is negligible. */
  latency = 0
  /** The fastest measured tiles, by stage and shape (kernels/tuning.ts). */
  readonly tilings = new Map<string, Tiling>()
  /** The faster of two plans, as measured, by the shape of the network (plans/choice.ts). */
  readonly fasterPlans = new Map<string, PlanName>()

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
}
