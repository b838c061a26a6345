import { boolean, type Fields, float32, readOptions, withDefault } from '../core/schema.ts'
import { adamFields, adamHyperparameters, type AdamOptions, adamRule } from './adam.ts'
import { type Hyperparameters, type Named, type OptimizerRule, plainScalars } from './rule.ts'

/** The options of {@link nadam}; learningRate is 0.002 by default. */
export interface NadamOptions extends AdamOptions {
  /** ψ ≥ 0. Default 0.004. */
  momentumDecay?: number | undefined
  /** Weight decay as in adamw and not through the gradient. Default false. */
  decoupledWeightDecay?: boolean | undefined
}

export const nadamSchema = {
  name: 'nadam',
  prefix: 'nadam: ',
  fields: {
    ...adamFields(2e-3),
    momentumDecay: withDefault(float32(), 4e-3),
    decoupledWeightDecay: withDefault(boolean, false),
  } satisfies Fields<NadamOptions>,
}

export interface NadamHyperparameters extends Hyperparameters {
  /** ψ: how fast μₜ approaches β₁. */
  readonly momentumDecay: number
}

/**
 * NAdam, Adam with Nesterov momentum (Dozat 2016), as `torch.optim.NAdam`: with μₜ = β₁ (1 − ½ · 0.96^(t·ψ)), where ψ is
 * `momentumDecay`, and Πₜ = μ₁ μ₂ … μₜ, m and v as in {@link adam},
 * p ← p − learningRate · ((1 − μₜ) / (1 − Πₜ) · g + μₜ₊₁ / (1 − Πₜ₊₁) · m) / (√v / √(1 − β₂ᵗ) + epsilon).
 * @param options `learningRate`, a number or a schedule (default 0.002); `betas`, β₁ and β₂ (default [0.9, 0.999]);
 *   `momentumDecay` (default 0.004); `epsilon` (default 1e-8); `weightDecay` (default 0); whether that is decoupled as
 *   in {@link adamw} (`decoupledWeightDecay`, default false); and `clipNorm`, the largest norm of the gradients of a
 *   step (default unlimited)
 * @example nadam({ learningRate: 0.002, momentumDecay: 0.004 })
 */
export function nadam(options: NadamOptions = {}): Named<'nadam'> & NadamHyperparameters {
  return Object.freeze({ ...adamHyperparameters(readOptions(nadamSchema, options)), name: 'nadam' })
}

/** μₜ */
const muAt = ({ decay1, momentumDecay }: NadamHyperparameters, t: number) =>
  decay1 * (1 - 0.5 * 0.96 ** (t * momentumDecay))

/** Products below this, half a unit in the last place of 1, do not change 1 when they are added to it. */
const NEGLIGIBLE = 2 ** -54

/** The last product of each optimizer, from which the next step's follows. */
const products = new WeakMap<object, { t: number; product: number }>()

/**
 * Πₜ, computed from the step's number alone: a training that continues from a checkpoint has the same product, although
 * no checkpoint holds it. Only 1 − Πₜ and multiples of Πₜ below it are used, so that the product ends where it is negligible.
 */
function productUpTo(optimizer: NadamHyperparameters, t: number): number {
  const last = products.get(optimizer)
  let { t: from, product } = last !== undefined && last.t <= t ? last : { t: 0, product: 1 }
  while (from < t && product >= NEGLIGIBLE) product *= muAt(optimizer, ++from)
  if (product < NEGLIGIBLE) product = 0
  products.set(optimizer, { t, product })
  return product
}

export const nadamRule: OptimizerRule<NadamHyperparameters> = {
  hasChangingScalars: true,
  slots: () => 2,
  scalars(optimizer, t, learningRate) {
    const product = productUpTo(optimizer, t)
    const next = muAt(optimizer, t + 1)
    return {
      ...plainScalars(optimizer, learningRate),
      stepSize: (learningRate * next) / (1 - product * next),
      correction: adamRule.scalars(optimizer, t, learningRate).correction,
      gradientStep: (learningRate * (1 - muAt(optimizer, t))) / (1 - product),
    }
  },
  update: adamRule.update,
}
