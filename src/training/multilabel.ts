import { InputError } from '../core/errors.ts'
import type { MatrixLike } from '../core/matrix.ts'
import { readOptions } from '../core/schema.ts'
import type { Dataset } from '../data/dataset.ts'
import { checkAnswers } from './answers.ts'
import { type ClassScore, meanScores, type PrecisionRecallF1, sharesOf, sum } from './class-scores.ts'
import { type MetricOptions, multilabelReportSchema } from './metric-options.ts'

/** The result of {@link multilabelReport}. */
export interface MultilabelReport {
  /** The number of samples. */
  samples: number
  /** A label is predicted where its output is above this. */
  boundary: number
  /** The share of labels that are predicted correctly, over all samples. */
  accuracy: number
  /** The share of samples of which all labels are predicted correctly; scikit-learn's `accuracy_score`. */
  exactMatch: number
  /** One for each label, in the order of the targets' columns; `support` counts the samples that have the label. */
  labels: ClassScore[]
  /** The plain mean over the labels. */
  macro: PrecisionRecallF1
  /** The mean over the labels, each as often as it occurs. */
  weighted: PrecisionRecallF1
  /** From the sums of TP, FP and FN over all labels. */
  micro: PrecisionRecallF1
}

/** Counts of one label. */
interface LabelCounts {
  /** Samples that have it, those that are predicted to have it, and those that are both. */
  support: number
  predicted: number
  hits: number
}

/**
 * A {@link multilabelReport} over samples that come a part at a time.
 * @example
 * const tally = new MultilabelTally()
 * tally.add([[0.9, 0.2], [0.8, 0.6]], Dataset.from([[1], [2]], [[1, 0], [1, 1]]))
 * tally.report().exactMatch // 1
 */
export class MultilabelTally {
  readonly #boundary: number
  readonly #counts: LabelCounts[] = []
  #samples = 0
  #rightLabels = 0
  #rightSamples = 0

  /** An empty tally. @param options `boundary`: above it, an output or a target is true */
  constructor(options: MetricOptions = {}) {
    this.#boundary = readOptions(multilabelReportSchema, options).boundary
  }

  /**
   * @param answers samples × labels, as {@link Trainer.predict} gives them
   * @param data the samples that they are answers to, targets of 0 and 1; as many labels as in the first part
   * @throws InputError where the shapes differ
   */
  add(answers: MatrixLike, data: Dataset): void {
    const { data: outputs } = checkAnswers(answers, data)
    const { rows, cols, data: targets } = data.targets
    const boundary = this.#boundary
    for (let j = 0; j < cols; j++) this.#counts[j] ??= { support: 0, predicted: 0, hits: 0 }
    if (this.#counts.length !== cols) {
      throw new InputError(`answers: expected the columns of ${this.#counts.length} labels, got ${cols}`)
    }
    for (let i = 0, at = 0; i < rows; i++) {
      let right = 0
      for (const counts of this.#counts) {
        const [predicted, wanted] = [outputs[at]! > boundary, targets[at]! > boundary]
        at++
        right += Number(predicted === wanted)
        counts.support += Number(wanted)
        counts.predicted += Number(predicted)
        counts.hits += Number(predicted && wanted)
      }
      this.#rightLabels += right
      this.#rightSamples += Number(right === cols)
    }
    this.#samples += rows
  }

  /** The scores of everything that was added. */
  score(): {
    /** The share of labels that are predicted correctly. */
    accuracy: number
    /** The share of samples all of whose labels are predicted correctly. */
    exactMatch: number
  } {
    const samples = this.#samples
    return {
      accuracy: this.#rightLabels / (samples * this.#counts.length),
      exactMatch: this.#rightSamples / samples,
    }
  }

  /** The report on everything that was added. */
  report(): MultilabelReport {
    const counts = this.#counts
    const labels = counts.map(({ hits, predicted, support }) => ({ ...sharesOf(hits, predicted, support), support }))
    const total = (key: keyof LabelCounts) => sum(counts.map((one) => one[key]))
    const support = total('support')
    return {
      samples: this.#samples,
      boundary: this.#boundary,
      ...this.score(),
      labels,
      macro: meanScores(labels, () => 1 / labels.length),
      weighted: meanScores(labels, (label) => (support === 0 ? 0 : label.support / support)),
      micro: sharesOf(total('hits'), total('predicted'), support),
    }
  }
}

/**
 * The scores of several labels per sample: precision, recall and F1 of each label and their means, as scikit-learn's
 * `precision_recall_fscore_support` (`zero_division=0`), the share of correct labels and of samples that match exactly.
 * @param answers samples × labels, as {@link Trainer.predict} gives them
 * @param data the samples that they are answers to, targets of 0 and 1
 * @param options the `boundary` above which an output or a target is true; default 0.5, for tanh outputs give 0
 * @throws InputError where the shapes differ
 * @example
 * const { labels, exactMatch } = multilabelReport(await trainer.predict(test.inputs), test)
 * labels.forEach(({ f1 }, j) => console.log(test.classes?.[j], f1))
 */
export function multilabelReport(answers: MatrixLike, data: Dataset, options: MetricOptions = {}): MultilabelReport {
  const tally = new MultilabelTally(options)
  tally.add(answers, data)
  return tally.report()
}
