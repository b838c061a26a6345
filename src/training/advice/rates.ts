import type { OptimizerName } from '../../optimizer/optimizer.ts'

/** Learning rates from which on they are the likely cause of a divergence. */
export const largeRates: Readonly<Record<OptimizerName, number>> = {
  sgd: 1,
  rmsprop: 0.1,
  adagrad: 1,
  adam: 0.1,
  adamw: 0.1,
  nadam: 0.1,
}
