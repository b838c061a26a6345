import { type Fields, float32, readOptions, withDefault } from '../core/schema.ts'
import { commonFields, type CommonOptions, type Named, neutral, type OptimizerRule, plainScalars } from './rule.ts'

/** The options of {@link adagrad}. */
export interface AdagradOptions extends CommonOptions {
  /** Default 0. */
  learningRateDecay?: number | undefined
  /** The initial value of the sums of squares. Default 0. */
  initialAccumulator?: number | undefined
  /** Default 1e-10. */
  epsilon?: number | undefined
}

export const adagradSchema = {
  name: 'adagrad',
  prefix: 'adagrad: ',
  fields: {
    ...commonFields(0.01),
    learningRateDecay: withDefault(float32(), 0),
    initialAccumulator: withDefault(float32(), 0),
    epsilon: withDefault(float32(), 1e-10),
  } satisfies Fields<AdagradOptions>,
}

/**
 * Adagrad: s ← s + g², p ← p − learningRate / (1 + (t − 1)·learningRateDecay) · g / (√s + epsilon).
 * @param options `learningRate`, a number or a schedule (default 0.01); `learningRateDecay` (default 0);
 *   `initialAccumulator`, with which s begins (default 0); `epsilon` (default 1e-10); `weightDecay` (default 0); and
 *   `clipNorm`, the largest norm of the gradients of a step (default unlimited)
 * @example adagrad({ learningRate: 0.01 })
 */
export function adagrad(options: AdagradOptions = {}): Named<'adagrad'> {
  return Object.freeze({ ...neutral, name: 'adagrad', ...readOptions(adagradSchema, options) })
}

export const adagradRule: OptimizerRule = {
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
