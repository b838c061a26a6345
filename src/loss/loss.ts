import { softplus } from '../model/activation.ts'

/**
 * Losses: C for one sample as a sum over its outputs, and ∂C/∂a. Each is averaged over the minibatch by the trainer.
 * The same formulas stand in shaders/loss.wgsl under the same numbers.
 *
 * | name | C of one sample with n outputs |
 * |---|---|
 * | quadratic | ½ Σ (a − y)² |
 * | meanSquaredError | Σ (a − y)² / n |
 * | meanAbsoluteError | Σ \|a − y\| / n |
 * | huber | Σ h(a − y) / n, h(e) = ½ e² up to \|e\| = 1, then \|e\| − ½ |
 * | binaryCrossEntropy | −Σ (y ln a + (1 − y) ln(1 − a)), for sigmoid outputs, computed from z |
 * | crossEntropy | −Σ y ln a, for softmax outputs, computed from z |
 *
 * binaryCrossEntropy sums over the outputs (as scikit-learn's does), so that its output delta is a − y.
 */
export const lossNames = [
  'quadratic',
  'meanSquaredError',
  'meanAbsoluteError',
  'huber',
  'binaryCrossEntropy',
  'crossEntropy',
] as const
export type LossName = (typeof lossNames)[number]

export interface Loss {
  /** What one output adds to C. `logit` is z; for softmax outputs ln a. */
  readonly term: (a: number, y: number, logit: number) => number
  /** ∂C/∂a of one output; for the two cross-entropies, which are taken from z, ∂C/∂z = a − y. */
  readonly slope: (a: number, y: number) => number
  /** Whether C is divided by the number of outputs. */
  readonly meanOverOutputs: boolean
  /** The output activation that the loss is computed together with, where it must be one. */
  readonly requires?: 'sigmoid' | 'softmax'
}

export const losses: Record<LossName, Loss> = {
  quadratic: { term: (a, y) => 0.5 * (a - y) ** 2, slope: (a, y) => a - y, meanOverOutputs: false },
  meanSquaredError: { term: (a, y) => (a - y) ** 2, slope: (a, y) => 2 * (a - y), meanOverOutputs: true },
  meanAbsoluteError: {
    term: (a, y) => Math.abs(a - y),
    slope: (a, y) => Math.sign(a - y),
    meanOverOutputs: true,
  },
  huber: {
    term: (a, y) => {
      const distance = Math.abs(a - y)
      return distance <= 1 ? 0.5 * distance * distance : distance - 0.5
    },
    slope: (a, y) => Math.max(-1, Math.min(1, a - y)),
    meanOverOutputs: true,
  },
  binaryCrossEntropy: {
    term: (_, y, logit) => softplus(logit) - y * logit,
    slope: (a, y) => a - y,
    meanOverOutputs: false,
    requires: 'sigmoid',
  },
  crossEntropy: {
    term: (_, y, logit) => (y === 0 ? 0 : -y * logit),
    slope: (a, y) => a - y,
    meanOverOutputs: false,
    requires: 'softmax',
  },
}

/** The factor of a loss's sum over n outputs: 1/n where it is a mean over them, else 1. */
export function outputShare(loss: Loss, outputs: number): number {
  return loss.meanOverOutputs ? 1 / outputs : 1
}
