import type { Sums } from '../backend/backend.ts'
import type { Dataset } from '../data/dataset.ts'
import type { Layer } from '../model/layout.ts'
import { type LossName, losses } from './loss.ts'

/** How well a network does on a data set. */
export interface Score {
  /** Mean over the samples. */
  loss: number
  /** The share answered right, 0 to 1: one output, the right side of 0.5 (of 0 for tanh); several, argmax agrees. */
  accuracy: number
}

/** What {@link Trainer.evaluate} tells. */
export interface Evaluation extends Score {
  samples: number
  /** Regression only: the coefficient of determination, the mean over the outputs. */
  r2?: number
  /** Regression only: the mean of |a − y| over samples and outputs. */
  meanAbsoluteError?: number
}

/** Adds more samples' sums to those of some. */
export function addSums(sums: Sums, more: Sums): void {
  sums.loss += more.loss
  sums.right += more.right
  sums.samples += more.samples
}

/** The means of summed-up scores. */
export function meanScore({ loss, right, samples }: Sums): Score {
  return { loss: loss / samples, accuracy: right / samples }
}

/** Whether a network predicts quantities rather than classes: a distance as its loss, and no classes to choose from. */
export function isRegression(output: Layer, loss: LossName, data: Dataset): boolean {
  return data.classes === undefined && losses[loss].requires === undefined && output.activation !== 'softmax'
}

/**
 * R² = 1 − Σ(a − y)² / Σ(y − ȳ)² for each output, averaged (an output that does not vary counts 1 where it is hit
 * exactly, else 0, as in scikit-learn), and the mean absolute error.
 * @param answers samples × outputs
 */
export function regressionScore(answers: Float32Array, data: Dataset): { r2: number; meanAbsoluteError: number } {
  const { rows, cols, data: targets } = data.targets
  let r2 = 0
  let distance = 0
  for (let j = 0; j < cols; j++) {
    let mean = 0
    for (let i = 0; i < rows; i++) mean += targets[i * cols + j]! / rows
    let residual = 0
    let total = 0
    for (let i = 0; i < rows; i++) {
      const y = targets[i * cols + j]!
      const error = answers[i * cols + j]! - y
      residual += error ** 2
      total += (y - mean) ** 2
      distance += Math.abs(error)
    }
    r2 += (total > 0 ? 1 - residual / total : Number(residual === 0)) / cols
  }
  return { r2, meanAbsoluteError: distance / (rows * cols) }
}
