import { checkOptions, type CommonOptions, type Named, neutral, type OptimizerRule, plainScalars } from './rule.ts'

const options = ['learningRateDecay', 'initialAccumulator', 'epsilon']

/**
 * Adagrad: s ← s + g², p ← p − learningRate / (1 + (t − 1)·learningRateDecay) · g / (√s + epsilon).
 * @example adagrad({ learningRate: 0.01 })
 */
export function adagrad(
  given: CommonOptions & { learningRateDecay?: number; initialAccumulator?: number; epsilon?: number } = {},
): Named<'adagrad'> {
  checkOptions('adagrad', given, options)
  return Object.freeze({ ...neutral, name: 'adagrad', learningRate: 0.01, epsilon: 1e-10, ...given })
}

export const adagradRule: OptimizerRule = {
  options,
  hasChangingScalars: true,
  slots: () => 1,
  scalars: (optimizer, t, learningRate) => ({
    ...plainScalars(optimizer, learningRate),
    stepSize: learningRate / (1 + (t - 1) * optimizer.learningRateDecay),
  }),
  update({ weightDecay, epsilon }, { stepSize }, parameters, gradients, state) {
    for (let i = 0; i < parameters.length; i++) {
      const p = parameters[i]!
      const g = gradients[i]! + weightDecay * p
      const s = state[i]! + g * g
      state[i] = s
      parameters[i] = p - (stepSize * g) / (Math.sqrt(s) + epsilon)
    }
  },
}
