import type { DataForm, WebGPUData } from '../data.ts'
import type { Crossover, ResidentForm, TrainingForm } from './choice.ts'
import type { LayeredPlan } from './layered/layered.ts'
import type { Plan } from './plan.ts'
import type { ResidentPlan } from './resident/resident.ts'

/** Milliseconds for which training waits for the resident plan before the layered one is compiled as well. */
const HEAD_START = 100

/** Whether two plans give the same bits on this adapter. */
export type Comparison = (one: Plan, other: Plan) => Promise<boolean>

export interface PlansParts {
  readonly layered: LayeredPlan
  readonly resident: ResidentPlan | undefined
  /** Where both plans may be used, and the faster one is to be found. */
  readonly crossover: Crossover | undefined
  /** Makes the resident plan in another form, and compiles it; undefined where that form is not possible. */
  readonly open: (form: ResidentForm) => Promise<ResidentPlan | undefined>
}

/**
 * The plans that a placed network can be trained by, and the choice between them. The first step is made by a plan that
 * follows from a rule, or from what is compiled first of two plans that are meant to give the same bits. After it, another
 * plan takes over only if it was seen to give the same bits on this adapter.
 */
export class Plans {
  readonly layered: LayeredPlan
  readonly #open: PlansParts['open']
  #resident: ResidentPlan | undefined
  #crossover: Crossover | undefined
  /** The plan of the last steps, or of the steps before a checkpoint that training goes on from. */
  #current: Plan | undefined
  /** Whether no plan but the layered one is used. */
  #isLayeredOnly = false
  #areCompared = false

  constructor({ layered, resident, crossover, open }: PlansParts) {
    this.layered = layered
    this.#resident = resident
    this.#crossover = crossover
    this.#open = open
  }

  /** The most demanding plan that accepts the data: the layered plan can train on data in every form. */
  #mostDemanding(data: Pick<WebGPUData, 'weighted'>): Plan {
    if (this.#isLayeredOnly || !this.#resident?.accepts(data)) return this.layered
    return this.#resident
  }

  /** How a data set of `samples` samples is kept on the device. */
  formOf(samples: number, weighted: boolean): DataForm {
    return this.#mostDemanding({ weighted }).formOf(samples)
  }

  /** The form in which the last steps were made; before the first, that of the rule for samples without weights. */
  get form(): TrainingForm {
    const plan = this.#current ?? this.planFor({ weighted: false })
    return plan === this.#resident ? this.#resident.form : 'layered'
  }

  /** The plan to train by now, unless its bits turn out to be different. */
  planFor(data: Pick<WebGPUData, 'weighted'>): Plan {
    const plan = this.#crossover?.plan === 'layered' ? this.layered : this.#mostDemanding(data)
    return plan === this.#resident && !this.#resident.isCompiled ? this.layered : plan
  }

  /** Chooses the plan for the next steps; nothing else may be chosen meanwhile. */
  async choose(data: WebGPUData, giveSameBits: Comparison): Promise<Plan> {
    await this.#untilOneIsCompiled(data)
    const next = this.planFor(data)
    const current = this.#current
    if (current && next !== current && current.accepts(data) && !this.#areCompared) {
      this.#areCompared = true
      if (!(await giveSameBits(current, next))) {
        this.#crossover?.keep(current.name)
        return current
      }
    }
    this.#current = next
    return next
  }

  /** Compiling the layered plan too makes both take longer, so that the likely one is waited for a little. */
  async #untilOneIsCompiled(data: WebGPUData): Promise<void> {
    const resident = this.#resident
    if (!resident || resident.isCompiled || this.#mostDemanding(data) !== resident) return
    if (this.#current || this.#crossover?.plan === 'layered') return
    const compiled = resident.compile()
    if (await isWithin(HEAD_START, compiled)) return
    await Promise.race([compiled, this.layered.compile(data)])
  }

  /** Records that a plan trained `steps` steps on a data set in `milliseconds`. */
  learn(plan: Plan, data: WebGPUData, steps: number, milliseconds: number): void {
    const resident = this.#resident
    if (!this.#crossover || !resident?.accepts(data)) return
    this.#crossover.learn(steps, milliseconds, plan.name)
    // Training goes on by the other plan until it is compiled. If that fails, it does so to the end.
    if (this.#crossover.plan === 'resident') resident.compile().catch(() => this.#crossover?.keep('layered'))
  }

  /**
   * Goes on in the form of an earlier training.
   * @returns false where it cannot
   */
  async adopt(form: TrainingForm): Promise<boolean> {
    if (form === 'layered') {
      this.#current = this.layered
      this.#isLayeredOnly = this.#crossover === undefined
      return true
    }
    if (this.#resident?.form !== form) {
      const resident = await this.#open(form)
      if (!resident) return false
      this.#resident = resident
      this.#crossover = undefined
    }
    await this.#resident.compile()
    this.#isLayeredOnly = false
    this.#current = this.#resident
    return true
  }
}

/** Whether a promise resolves within a number of milliseconds. @throws its error, if it rejects within them */
export async function isWithin(milliseconds: number, promise: Promise<unknown>): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<boolean>((resolve) => (timer = setTimeout(() => resolve(false), milliseconds)))
  try {
    return await Promise.race([promise.then(() => true), late])
  } finally {
    clearTimeout(timer)
  }
}
