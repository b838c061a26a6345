import { boolean, type Fields, float32, readOptions, share, withDefault } from '../core/schema.ts'
import {
  commonFields,
  type CommonOptions,
  momentumOption,
  type Named,
  neutral,
  type OptimizerRule,
  plainScalars,
  slotStart,
} from './rule.ts'

/** The options of {@link rmsprop}. */
export interface RmspropOptions extends CommonOptions {
  /** How much of the mean square is kept in each step, from 0 up to, but not including, 1. Default 0.99. */
  alpha?: number | undefined
  /** Default 1e-8. */
  epsilon?: number | undefined
  /** Default 0. */
  momentum?: number | undefined
  /** Default false. */
  centered?: boolean | undefined
}

export const rmspropSchema = {
  name: 'rmsprop',
  prefix: 'rmsprop: ',
  fields: {
    ...commonFields(0.01),
    alpha: withDefault(share, 0.99),
    epsilon: withDefault(float32(), 1e-8),
    momentum: momentumOption,
    centered: withDefault(boolean, neutral.centered),
  } satisfies Fields<RmspropOptions>,
}

/**
 * RMSprop: s ← alpha·s + (1 − alpha)·g², p ← p − learningRate·g / (√s + epsilon); with momentum the quotient is first
 * accumulated in v ← momentum·v + quotient; centered takes √(s − mean(g)²).
 * @param options `learningRate`, a number or a schedule (default 0.01); `alpha` (default 0.99); `epsilon` (default
 *   1e-8); `momentum` (default 0); `centered` (default false); `weightDecay` (default 0); and `clipNorm`, the largest
 *   norm of the gradients of a step (default unlimited)
 * @example rmsprop({ learningRate: 0.01, alpha: 0.99 })
 */
export function rmsprop(options: RmspropOptions = {}): Named<'rmsprop'> {
  const { alpha, ...others } = readOptions(rmspropSchema, options)
  return Object.freeze({ ...neutral, name: 'rmsprop', decay2: alpha, ...others })
}

export const rmspropRule: OptimizerRule = {
  hasChangingScalars: false,
  switches: ({ centered }) => ({ CENTERED: centered }),
  slots: ({ momentum, centered }) => 1 + (momentum > 0 ? 1 : 0) + (centered ? 1 : 0),
  scalars: (optimizer, _, learningRate) => plainScalars(optimizer, learningRate),
  update(optimizer, { stepSize }, parameters, gradients, state) {
    const { weightDecay, momentum, centered, decay2, epsilon } = optimizer
    const velocities = slotStart(1, parameters)
    const means = slotStart(momentum > 0 ? 2 : 1, parameters)
    for (let i = 0; i < parameters.length; i++) {
      const p = parameters[i]!
      const g = gradients[i]! + weightDecay * p
      const s = decay2 * state[i]! + (1 - decay2) * g * g
      state[i] = s
      let variance = s
      if (centered) {
        const mean = decay2 * state[means + i]! + (1 - decay2) * g
        state[means + i] = mean
        variance = Math.max(0, s - mean * mean)
      }
      let quotient = g / (Math.sqrt(variance) + epsilon)
      if (momentum > 0) {
        quotient += momentum * state[velocities + i]!
        state[velocities + i] = quotient
      }
      parameters[i] = p - stepSize * quotient
    }
  },
}
