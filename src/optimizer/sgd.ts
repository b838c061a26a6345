import { InputError } from '../core/errors.ts'
import { checkOptions, type CommonOptions, type Named, neutral, type OptimizerRule, plainScalars } from './rule.ts'

const options = ['momentum', 'nesterov']

/**
 * Stochastic gradient descent: v ← momentum·v + g, p ← p − learningRate·v (with nesterov, g + momentum·v for v).
 * @example sgd({ learningRate: 3 })
 */
export function sgd(given: CommonOptions & { momentum?: number; nesterov?: boolean } = {}): Named<'sgd'> {
  checkOptions('sgd', given, options)
  if (given.nesterov === true && !given.momentum) throw new InputError('sgd: nesterov needs a momentum above 0')
  return Object.freeze({ ...neutral, name: 'sgd', learningRate: 1e-3, ...given })
}

export const sgdRule: OptimizerRule = {
  options,
  hasChangingScalars: false,
  switches: ({ nesterov }) => ({ NESTEROV: nesterov }),
  slots: ({ momentum }) => (momentum > 0 ? 1 : 0),
  scalars: (optimizer, _, learningRate) => plainScalars(optimizer, learningRate),
  update({ weightDecay, momentum, nesterov }, { stepSize }, parameters, gradients, state) {
    if (momentum === 0) {
      for (let i = 0; i < parameters.length; i++) {
        const p = parameters[i]!
        parameters[i] = p - stepSize * (gradients[i]! + weightDecay * p)
      }
      return
    }
    for (let i = 0; i < parameters.length; i++) {
      const p = parameters[i]!
      const g = gradients[i]! + weightDecay * p
      const v = momentum * state[i]! + g
      state[i] = v
      parameters[i] = p - stepSize * (nesterov ? g + momentum * v : v)
    }
  },
}
