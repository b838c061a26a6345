import { describe, InputError } from '../core/errors.ts'
import { type Fields, float32, kind, readOptions, share, withDefault } from '../core/schema.ts'
import {
  commonFields,
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
  betas?: readonly [number, number] | undefined
  /** Default 1e-8. */
  epsilon?: number | undefined
}

const betas = kind<readonly [number, number]>((argument, value) => {
  if (!Array.isArray(value) || value.length !== 2) {
    throw new InputError(`${argument}: expected two numbers, got ${describe(value)}`)
  }
  const [decay1, decay2] = value as unknown[]
  return [share.check(`${argument}[0]`, decay1), share.check(`${argument}[1]`, decay2)]
})

/** The options of adam, adamw and nadam, with their defaults of the learning rate and the weight decay. */
export const adamFields = (rate = 1e-3, decay = 0) =>
  ({
    ...commonFields(rate, decay),
    betas: withDefault<readonly [number, number]>(betas, [0.9, 0.999]),
    epsilon: withDefault(float32(), 1e-8),
  }) satisfies Fields<AdamOptions>

export const adamSchema = { name: 'adam', prefix: 'adam: ', fields: adamFields() }

/** The hyperparameters that checked options give: betas are two of them. */
export function adamHyperparameters<O extends { readonly betas: readonly [number, number] }>({ betas, ...others }: O) {
  const [decay1, decay2] = betas
  return { ...neutral, decay1, decay2, ...others }
}

/**
 * Adam (Kingma and Ba 2015): m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g²,
 * p ← p − learningRate / (1 − β₁ᵗ) · m / (√v / √(1 − β₂ᵗ) + epsilon).
 * @param options `learningRate`, a number or a schedule (default 0.001); `betas`, β₁ and β₂ (default [0.9, 0.999]);
 *   `epsilon` (default 1e-8); `weightDecay`, which acts through the gradient (default 0); and `clipNorm`, the largest
 *   norm of the gradients of a step (default unlimited)
 * @example adam({ learningRate: 0.001, betas: [0.9, 0.999] })
 */
export function adam(options: AdamOptions = {}): Named<'adam'> {
  return Object.freeze({ ...adamHyperparameters(readOptions(adamSchema, options)), name: 'adam' })
}

export const adamRule: OptimizerRule = {
  hasChangingScalars: true,
  slots: () => 2,
  scalars: (optimizer, t, learningRate) => ({
    ...plainScalars(optimizer, learningRate),
    stepSize: learningRate / (1 - optimizer.decay1 ** t),
    correction: 1 / Math.sqrt(1 - optimizer.decay2 ** t),
  }),
  /** Also NAdam's, whose step has a part along the gradient itself. */
  update(optimizer, { stepSize, gradientStep, decay, correction }, parameters, gradients, state) {
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
      const step = gradientStep === 0 ? stepSize * m : gradientStep * g + stepSize * m
      parameters[i] = kept - step / (Math.sqrt(v) * correction + epsilon)
    }
  },
}
