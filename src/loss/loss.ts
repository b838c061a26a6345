import { binaryCrossEntropy } from './binary-cross-entropy.ts'
import { crossEntropy } from './cross-entropy.ts'
import type { Loss } from './formula.ts'
import { huber } from './huber.ts'
import { meanAbsoluteError } from './mean-absolute-error.ts'
import { meanSquaredError } from './mean-squared-error.ts'
import { quadratic } from './quadratic.ts'

export type { Loss } from './formula.ts'

const table = { quadratic, meanSquaredError, meanAbsoluteError, huber, binaryCrossEntropy, crossEntropy }

/** The name of a loss. */
export type LossName = keyof typeof table

/** The table of losses. A new one is a file here, a line in this table, a file in shaders/loss/ and one of wasm's formulas. */
export const losses: Readonly<Record<LossName, Loss>> = table

/**
 * The names of all losses. The trainer averages C over the minibatch.
 *
 * | name | C of one sample with n outputs |
 * |---|---|
 * | quadratic | ½ Σ (a − y)² |
 * | meanSquaredError | Σ (a − y)² / n |
 * | meanAbsoluteError | Σ \|a − y\| / n |
 * | huber | Σ h(a − y) / n, h(e) = ½ e² up to \|e\| = 1, then \|e\| − ½ |
 * | binaryCrossEntropy | −Σ (y ln a + (1 − y) ln(1 − a)), for sigmoid outputs |
 * | crossEntropy | −Σ y ln a, for softmax outputs |
 */
export const lossNames = /* @__PURE__ */ Object.keys(table) as LossName[] as readonly LossName[]

/** The factor of a loss's sum over n outputs: 1/n where it is a mean over them, else 1. */
export function outputShare(loss: Loss, outputs: number): number {
  return loss.meanOverOutputs ? 1 / outputs : 1
}
