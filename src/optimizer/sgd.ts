import { InputError } from '../core/errors.ts'
import { boolean, type Fields, readOptions, withDefault } from '../core/schema.ts'
import {
  commonFields,
  type CommonOptions,
  momentumOption,
  type Named,
  neutral,
  type OptimizerRule,
  plainScalars,
} from './rule.ts'

/** The options of {@link sgd}. */
export interface SgdOptions extends CommonOptions {
  /** Default 0. */
  momentum?: number | undefined
  /** Default false. */
  nesterov?: boolean | undefined
}

export const sgdSchema = {
  name: 'sgd',
  prefix: 'sgd: ',
  fields: {
    ...commonFields(1e-3),
    momentum: momentumOption,
    nesterov: withDefault(boolean, neutral.nesterov),
  } satisfies Fields<SgdOptions>,
}

/**
 * Stochastic gradient descent: v ← momentum·v + g, p ← p − learningRate·v (with nesterov, g + momentum·v for v).
 * @param options `learningRate`, a number or a schedule (default 0.001); `momentum` (default 0); `nesterov` (default
 *   false); `weightDecay` (default 0); and `clipNorm`, the largest norm of the gradients of a step (default unlimited)
 * @example sgd({ learningRate: 3 })
 */
export function sgd(options: SgdOptions = {}): Named<'sgd'> {
  const checked = readOptions(sgdSchema, options)
  if (checked.nesterov && checked.momentum === 0) throw new InputError('sgd: nesterov needs a momentum above 0')
  return Object.freeze({ ...neutral, name: 'sgd', ...checked })
}

export const sgdRule: OptimizerRule = {
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
