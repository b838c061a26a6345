import { binaryCrossEntropy } from './binary-cross-entropy.ts'
import { crossEntropy } from './cross-entropy.ts'
import type { Loss } from './formula.ts'
import { huber } from './huber.ts'
import { meanAbsoluteError } from './mean-absolute-error.ts'
import { meanSquaredError } from './mean-squared-error.ts'
import { quadratic } from './quadratic.ts'

export type { Loss } from './formula.ts'

const table = { quadratic, meanSquaredError, meanAbsoluteError, huber, binaryCrossEntropy, crossEntropy }

export type LossName = keyof typeof table

/** The table of losses. */
export const losses: Readonly<Record<LossName, Loss>> = table

/** Every loss. */
export const lossNames = /* @__PURE__ */ Object.keys(table) as LossName[] as readonly LossName[]

/** The factor of a loss's sum over n outputs: 1/n where it is a mean over them, else 1. */
export function outputShare(loss: Loss, outputs: number): number {
  return loss.meanOverOutputs ? 1 / outputs : 1
}
