import { softplus } from '../model/activation.ts'
import type { Loss } from './formula.ts'

/**
 * −Σ (y ln a + (1 − y) ln(1 − a)), for sigmoid outputs, computed from z. It sums over the outputs (as scikit-learn's
 * does), so that its output delta is a − y.
 */
export const binaryCrossEntropy: Loss = {
  term: (_, y, logit) => softplus(logit) - y * logit,
  slope: (a, y) => a - y,
  meanOverOutputs: false,
  requires: 'sigmoid',
}
