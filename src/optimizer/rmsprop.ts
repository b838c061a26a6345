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

const options = ['alpha', 'epsilon', 'momentum', 'centered']

/**
 * RMSprop: s ← alpha·s + (1 − alpha)·g², p ← p − learningRate·g / (√s + epsilon); with momentum the quotient is first
 * accumulated in v ← momentum·v + quotient; centered takes √(s − mean(g)²).
 * @example rmsprop({ learningRate: 0.01, alpha: 0.99 })
 */
export function rmsprop(
  given: CommonOptions & { alpha?: number; epsilon?: number; momentum?: number; centered?: boolean } = {},
): Named<'rmsprop'> {
  checkOptions('rmsprop', given, options)
  const { alpha = 0.99, ...rest } = given
  const decay2 = checkShare('rmsprop: alpha', alpha)
  return Object.freeze({ ...neutral, name: 'rmsprop', learningRate: 0.01, decay2, epsilon: 1e-8, ...rest })
}

export const rmspropRule: OptimizerRule = {
  options,
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
