import { adamHyperparameters, type AdamOptions, adamRule } from './adam.ts'
import type { Named, OptimizerRule } from './rule.ts'

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter 2019): p ← p − learningRate·weightDecay·p, then Adam's step.
 * @example adamw({ learningRate: 0.001, weightDecay: 0.01 })
 */
export function adamw(given: AdamOptions = {}): Named<'adamw'> {
  const { weightDecay = 0.01 } = given
  return Object.freeze({
    ...adamHyperparameters('adamw', given),
    name: 'adamw',
    weightDecay,
    decoupledWeightDecay: true,
  })
}

/** Adam's rule: it reads from the hyperparameters that the decay is decoupled. */
export const adamwRule: OptimizerRule = adamRule
