import { InputError } from '../core/errors.ts'
import type { MatrixLike } from '../core/matrix.ts'
import type { Dataset } from '../data/dataset.ts'
import { inTargetUnits } from '../model/predict.ts'
import { checkAnswers } from './answers.ts'
import { RegressionSums, type TargetScore } from './score.ts'

/** The result of {@link regressionReport}. */
export interface RegressionReport {
  /** The mean over the targets. */
  r2: number
  /** The mean over samples and targets. */
  meanAbsoluteError: number
  /** One for each target. */
  targets: TargetScore[]
}

/**
 * A {@link regressionReport} over samples that come a part at a time.
 * @example
 * const tally = new RegressionTally()
 * tally.add([[1], [2]], Dataset.from([[0], [1]], [1, 3]))
 * tally.report().meanAbsoluteError // 0.5
 */
export class RegressionTally {
  readonly #sums = new RegressionSums()
  /** Of the first part. */
  #targets: number | undefined

  /**
   * @param answers samples × outputs, as {@link Trainer.predict} gives them
   * @param data the samples that they are answers to; targets that are scaled are taken in their own units
   * @throws InputError where the shapes differ, or the number of targets is not that of the first part
   */
  add(answers: MatrixLike, data: Dataset): void {
    const { cols, data: values } = checkAnswers(answers, data)
    this.#targets ??= cols
    if (cols !== this.#targets) throw new InputError(`answers: expected the columns of ${this.#targets} targets, got ${cols}`) // prettier-ignore
    this.#sums.add(values, inTargetUnits(data.targets, data.targetScaling))
  }

  /** @throws InputError where no samples were added */
  report(): RegressionReport {
    if (this.#targets === undefined) throw new InputError('report: no samples were added')
    return { ...this.#sums.score(), targets: this.#sums.targets() }
  }
}

/**
 * R² (the coefficient of determination, the mean over the outputs) and the mean absolute error of a regression,
 * as scikit-learn's `r2_score` and `mean_absolute_error`; both, and the
 * root mean squared error, of each target. An output whose targets are all the same has an R² of 1 where it is hit exactly,
 * else 0.
 * @param answers samples × outputs, as {@link Trainer.predict} gives them
 * @param data the samples that they are answers to; targets that are scaled are taken in their own units
 * @throws InputError where the shapes differ
 * @example const { r2, meanAbsoluteError } = regressionReport(await trainer.predict(test.inputs), test)
 */
export function regressionReport(answers: MatrixLike, data: Dataset): RegressionReport {
  const tally = new RegressionTally()
  tally.add(answers, data)
  return tally.report()
}
