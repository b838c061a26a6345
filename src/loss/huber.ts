import type { Loss } from './formula.ts'

/** Σ h(a − y) / n, where h(e) = ½ e² up to |e| = 1, then |e| − ½ */
export const huber: Loss = {
  term: (a, y) => {
    const distance = Math.abs(a - y)
    return distance <= 1 ? 0.5 * distance * distance : distance - 0.5
  },
  slope: (a, y) => Math.max(-1, Math.min(1, a - y)),
  meanOverOutputs: true,
}
