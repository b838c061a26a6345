import type { Loss } from './formula.ts'

/** Σ (a − y)² / n */
export const meanSquaredError: Loss = {
  term: (a, y) => (a - y) ** 2,
  slope: (a, y) => 2 * (a - y),
  meanOverOutputs: true,
}
