import type { Sums } from '../backend/backend.ts'
import type { Matrix } from '../core/matrix.ts'
import type { Task } from '../model/description.ts'

/** How well a network does on a data set. */
export interface Score {
  /** Mean over the samples. */
  loss: number
  /**
   * 0 to 1. Of classes, the share of correct predictions: one output, the same side of 0.5 (of 0 for tanh); several, argmax
   * agrees. Of several labels per sample, the share of labels on the right side of it, over all samples. Regression has none.
   * Of an epoch's training data, each minibatch counts before its step.
   */
  accuracy?: number
}

/** The result of {@link Trainer.evaluate}. */
export interface Evaluation extends Score {
  /** The number of samples. */
  samples: number
  /** Multilabel only: the share of samples of which all labels are right, scikit-learn's `accuracy_score`. */
  exactMatch?: number
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

/**
 * The means of summed-up scores.
 * @param task of the network: of labels, the sums count each
 * @param outputs of the network
 */
export function meanScore({ loss, right, samples }: Sums, task: Task | undefined, outputs: number): Score {
  if (task === undefined || task === 'regression') return { loss: loss / samples }
  return { loss: loss / samples, accuracy: right / (task === 'multilabel' ? samples * outputs : samples) }
}

/** Sums over one output. */
interface Moments {
  mean: number
  /** The smallest and the largest target. */
  least: number
  most: number
  /** Σ(y − ȳ)² */
  total: number
  /** Σ(a − y)² */
  residual: number
  /** Σ|a − y| */
  distance: number
}

/** The scores of one regression target, in its own units. */
export interface TargetScore {
  /** The coefficient of determination: 1 is perfect, 0 is as good as the mean. */
  r2: number
  /** The mean of |prediction − target|, in the units of the targets. */
  meanAbsoluteError: number
  /** The root of the mean of (prediction − target)², in the units of the targets. */
  rootMeanSquaredError: number
}

/**
 * R² = 1 − Σ(a − y)² / Σ(y − ȳ)² for each output, averaged (an output that does not vary counts 1 where it is hit
 * exactly, else 0, as in scikit-learn), and the mean absolute error, over samples that come a part at a time: parts are
 * put together as Chan, Golub and LeVeque do (1979).
 */
export class RegressionSums {
  readonly #outputs: Moments[] = []
  #samples = 0
  #distance = 0
  readonly #scale: ArrayLike<number> | undefined

  /** @param scale of targets and outputs, where both are scaled: the error is in the units of the data */
  constructor(scale?: ArrayLike<number>) {
    this.#scale = scale
  }

  /** @param answers samples × outputs */
  add(answers: Float32Array, { rows, cols, data: targets }: Matrix): void {
    for (let j = 0; j < cols; j++) {
      let mean = 0
      let [least, most] = [Infinity, -Infinity]
      for (let i = 0; i < rows; i++) {
        const y = targets[i * cols + j]!
        mean += y / rows
        if (y < least) least = y
        if (y > most) most = y
      }
      let [residual, total, distance] = [0, 0, 0]
      for (let i = 0; i < rows; i++) {
        const y = targets[i * cols + j]!
        const error = answers[i * cols + j]! - y
        residual += error ** 2
        total += (y - mean) ** 2
        distance += Math.abs(error)
        this.#distance += Math.abs(error) * (this.#scale?.[j] ?? 1)
      }
      const before = (this.#outputs[j] ??= { mean, least, most, total: 0, residual: 0, distance: 0 })
      const away = mean - before.mean
      const all = this.#samples + rows
      before.total += total + (away ** 2 * this.#samples * rows) / all
      before.mean += (away * rows) / all
      before.residual += residual
      before.distance += distance
      before.least = Math.min(before.least, least)
      before.most = Math.max(before.most, most)
    }
    this.#samples += rows
  }

  /** R² from the sums Σ(a − y)² of each output over the same targets, where they were added up elsewhere. */
  r2From(squares: ArrayLike<number>): number {
    const r2 = this.#outputs.map((moments, j) => determination({ ...moments, residual: squares[j]! }))
    return r2.reduce((sum, one) => sum + one / r2.length, 0)
  }

  /** Of each output. */
  targets(): TargetScore[] {
    return this.#outputs.map((moments, j) => {
      const scale = this.#scale?.[j] ?? 1
      return {
        r2: determination(moments),
        meanAbsoluteError: (moments.distance * scale) / this.#samples,
        rootMeanSquaredError: Math.sqrt(moments.residual / this.#samples) * scale,
      }
    })
  }

  score(): { r2: number; meanAbsoluteError: number } {
    const outputs = this.#outputs.length
    const r2 = this.#outputs.map(determination)
    return {
      r2: r2.reduce((sum, one) => sum + one / outputs, 0),
      meanAbsoluteError: this.#distance / (this.#samples * outputs),
    }
  }
}

/** R² of one output. The sum of squares of a constant is not 0 where its mean is rounded. */
const determination = ({ least, most, total, residual }: Moments) =>
  least < most ? 1 - residual / total : Number(residual === 0)
