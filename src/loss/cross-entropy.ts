import type { Loss } from './formula.ts'

/** −Σ y ln a, for softmax outputs, computed from z; its output delta is a − y. */
export const crossEntropy: Loss = {
  term: (_, y, logit) => (y === 0 ? 0 : -y * logit),
  slope: (a, y) => a - y,
  meanOverOutputs: false,
  requires: 'softmax',
}
