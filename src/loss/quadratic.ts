import type { Loss } from './formula.ts'

/** ½ Σ (a − y)² */
export const quadratic: Loss = {
  term: (a, y) => 0.5 * (a - y) ** 2,
  slope: (a, y) => a - y,
  meanOverOutputs: false,
}
