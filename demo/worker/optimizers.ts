import { adagrad, adam, adamw, nadam, type Optimizer, type OptimizerName, rmsprop, sgd } from '../../src/index.ts'
import type { Settings } from '../settings.ts'

const optimizers: Record<OptimizerName, (options: { learningRate: number }) => Optimizer> = {
  sgd,
  rmsprop,
  adagrad,
  adam,
  adamw,
  nadam,
}

/** The optimizer that the settings describe. */
export const optimizerOf = ({ optimizer, learningRate }: Settings): Optimizer => optimizers[optimizer]({ learningRate })
