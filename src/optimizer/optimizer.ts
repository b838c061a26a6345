import { adagrad, adagradRule, adagradSchema } from './adagrad.ts'
import { adam, adamRule, adamSchema } from './adam.ts'
import { adamw, adamwRule, adamwSchema } from './adamw.ts'
import { nadam, nadamRule, nadamSchema } from './nadam.ts'
import { rmsprop, rmspropRule, rmspropSchema } from './rmsprop.ts'
import type { Hyperparameters, OptimizerRule, StepScalars } from './rule.ts'
import { sgd, sgdRule, sgdSchema } from './sgd.ts'

export { adagrad, adam, adamw, nadam, rmsprop, sgd }
export type { StepScalars } from './rule.ts'

/**
 * The table of optimizers: the function that makes each, its options, and its rule. A new one is a file here, a line in this
 * table, a file in shaders/optimizer/, and one of wasm's formulas.
 */
export const optimizers = {
  sgd: { create: sgd, schema: sgdSchema, rule: sgdRule },
  rmsprop: { create: rmsprop, schema: rmspropSchema, rule: rmspropRule },
  adagrad: { create: adagrad, schema: adagradSchema, rule: adagradRule },
  adam: { create: adam, schema: adamSchema, rule: adamRule },
  adamw: { create: adamw, schema: adamwSchema, rule: adamwRule },
  nadam: { create: nadam, schema: nadamSchema, rule: nadamRule },
} as const

/** The name of an optimizer. */
export type OptimizerName = keyof typeof optimizers

/** The names of all optimizers. */
export const optimizerNames = /* @__PURE__ */ Object.keys(optimizers) as OptimizerName[] as readonly OptimizerName[]

/**
 * An optimizer's rule with all its constants; made by {@link sgd}, {@link rmsprop}, {@link adagrad}, {@link adam},
 * {@link adamw} and {@link nadam}. Rules and defaults are PyTorch's (`torch.optim`). It holds no state: that is kept with
 * the parameters.
 */
export interface Optimizer extends Hyperparameters {
  /** Which optimizer it is. */
  readonly name: OptimizerName
}

/** The rule of an optimizer. */
export const ruleOf = ({ name }: Pick<Optimizer, 'name'>): OptimizerRule => optimizers[name].rule

/** How many numbers of state each parameter has; all of them start at `initialAccumulator`. */
export const stateSlots = (optimizer: Optimizer): number => ruleOf(optimizer).slots(optimizer)

/** The scalars of step t, counted from 1. */
export const stepScalars = (optimizer: Optimizer, t: number, learningRate: number): StepScalars =>
  ruleOf(optimizer).scalars(optimizer, t, learningRate)
