import type { Tiling } from '../kernels/tiling.ts'

/** The ways of training a network on the GPU; see plans/plan.ts. */
export type PlanName = 'layered' | 'resident'

/** A map whose values are kept between processes: it reports changes, and takes in only valid values of earlier processes. */
export class KeptMap<Value> extends Map<string, Value> {
  readonly #isValid: (value: unknown) => value is Value
  #changed: (() => void) | undefined

  constructor(isValid: (value: unknown) => value is Value) {
    super()
    this.#isValid = isValid
  }

  /** Calls `changed` after each change from now on. */
  watch(changed: () => void): void {
    this.#changed = changed
  }

  override set(key: string, value: Value): this {
    const isNew = JSON.stringify(this.get(key)) !== JSON.stringify(value)
    super.set(key, value)
    if (isNew) this.#changed?.()
    return this
  }

  override clear(): void {
    super.clear()
    this.#changed?.()
  }

  /** Adds the valid values of an object for the keys that have none. */
  restore(kept: unknown): void {
    if (typeof kept !== 'object' || kept === null) return
    for (const [key, value] of Object.entries(kept)) {
      if (!this.has(key) && this.#isValid(value)) super.set(key, value)
    }
  }

  toJSON(): Record<string, Value> {
    return Object.fromEntries(this)
  }
}

const isIn = (value: unknown, from: number, to: number) =>
  typeof value === 'number' && Number.isInteger(value) && value >= from && value <= to

/** The tiles that the product kernels have and that are measured: sums that are divided into slices are not. */
function isTiling(value: unknown): value is Tiling {
  const { rowTiles, columnTiles, width, slices, block, ...others } = (value ?? {}) as Record<string, unknown>
  const isWidth = isIn(width, 4, 64) && (width as number) % 4 === 0
  const isTile =
    isIn(rowTiles, 1, 4) &&
    isIn(columnTiles, 1, 2) &&
    isWidth &&
    (block === true ? isIn(slices, 4, 16) : slices === 1 && block === undefined)
  return isTile && Object.keys(others).length === 0
}

const isPlanName = (value: unknown): value is PlanName => value === 'layered' || value === 'resident'

const isDuration = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0

/**
 * What was measured on an adapter, and decides how it is used from then on. Nothing of it changes which network a training
 * gives beyond what the plans allow; deterministic backends do without (see {@link AdapterRecord}).
 */
export class MeasuredChoices {
  /** The fastest measured tiles, by stage and shape (kernels/tuning.ts). */
  readonly tilings = new KeptMap(isTiling)
  /** The faster of two plans, as measured, by the shape of the network (plans/choice.ts). */
  readonly fasterPlans = new KeptMap(isPlanName)
  /** Milliseconds, by what was measured. */
  readonly durations = new KeptMap(isDuration)

  /** All of them, by the names under which they are kept. */
  get maps(): Record<string, KeptMap<unknown>> {
    const { tilings, fasterPlans, durations } = this
    return { tilings, fasterPlans, durations }
  }
}
