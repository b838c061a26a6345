import { readOptions } from '../core/schema.ts'
import { adamFields, adamHyperparameters, type AdamOptions, adamRule } from './adam.ts'
import type { Named, OptimizerRule } from './rule.ts'

export const adamwSchema = { name: 'adamw', prefix: 'adamw: ', fields: adamFields(1e-3, 0.01) }

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter 2019): p ← p − learningRate·weightDecay·p, then Adam's step.
 * @param options `learningRate`, a number or a schedule (default 0.001); `weightDecay` (default 0.01); `betas`, β₁ and
 *   β₂ (default [0.9, 0.999]); `epsilon` (default 1e-8); and `clipNorm`, the largest norm of the gradients of a step
 *   (default unlimited)
 * @example adamw({ learningRate: 0.001, weightDecay: 0.01 })
 */
export function adamw(options: AdamOptions = {}): Named<'adamw'> {
  const checked = readOptions(adamwSchema, options)
  return Object.freeze({ ...adamHyperparameters(checked), name: 'adamw', decoupledWeightDecay: true })
}

/** Adam's rule: it reads from the hyperparameters that the decay is decoupled. */
export const adamwRule: OptimizerRule = adamRule
