import type { Loss } from './formula.ts'

/** Σ |a − y| / n */
export const meanAbsoluteError: Loss = {
  term: (a, y) => Math.abs(a - y),
  slope: (a, y) => Math.sign(a - y),
  meanOverOutputs: true,
}
