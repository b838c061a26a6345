import { InputError } from '../core/errors.ts'
import {
  checkOptions,
  checkShare,
  type CommonOptions,
  type Named,
  neutral,
  type OptimizerRule,
  plainScalars,
  slotStart,
} from './rule.ts'

/** The options of the optimizers that keep the means of the gradient and of its square. */
export interface AdamOptions extends CommonOptions {
  /** β₁ and β₂, each from 0 up to, but not including, 1. Default [0.9, 0.999]. */
  betas?: readonly [number, number]
  /** Default 1e-8. */
  epsilon?: number
}

export const adamOptions = ['betas', 'epsilon']

/**
 * Adam's hyperparameters from its options.
 * @param known the names of further options
 */
export function adamHyperparameters(name: string, given: AdamOptions, known: readonly string[] = adamOptions) {
  checkOptions(name, given, known)
  const { betas = [0.9, 0.999], ...rest } = given
  if (!Array.isArray(betas) || betas.length !== 2) throw new InputError(`${name}: betas: expected two numbers`)
  const decay1 = checkShare(`${name}: betas[0]`, betas[0])
  const decay2 = checkShare(`${name}: betas[1]`, betas[1])
  return { ...neutral, learningRate: 1e-3, decay1, decay2, epsilon: 1e-8, ...rest }
}

/**
 * Adam (Kingma and Ba 2015): m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g²,
 * p ← p − learningRate / (1 − β₁ᵗ) · m / (√v / √(1 − β₂ᵗ) + epsilon).
 * @example adam({ learningRate: 0.001, betas: [0.9, 0.999] })
 */
export function adam(given: AdamOptions = {}): Named<'adam'> {
  return Object.freeze({ ...adamHyperparameters('adam', given), name: 'adam' })
}

export const adamRule: OptimizerRule = {
  options: adamOptions,
  hasChangingScalars: true,
  slots: () => 2,
  scalars: (optimizer, t, learningRate) => ({
    ...plainScalars(optimizer, learningRate),
    stepSize: learningRate / (1 - optimizer.decay1 ** t),
    correction: 1 / Math.sqrt(1 - optimizer.decay2 ** t),
  }),
  update(optimizer, { stepSize, decay, correction }, parameters, gradients, state) {
    const { decoupledWeightDecay, weightDecay, decay1, decay2, epsilon } = optimizer
    const squares = slotStart(1, parameters)
    for (let i = 0; i < parameters.length; i++) {
      const p = parameters[i]!
      const g = decoupledWeightDecay ? gradients[i]! : gradients[i]! + weightDecay * p
      const m = decay1 * state[i]! + (1 - decay1) * g
      const v = decay2 * state[squares + i]! + (1 - decay2) * g * g
      state[i] = m
      state[squares + i] = v
      const kept = decoupledWeightDecay ? p - decay * p : p
      parameters[i] = kept - (stepSize * m) / (Math.sqrt(v) * correction + epsilon)
    }
  },
}
