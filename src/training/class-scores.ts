import { checkInteger, describe, InputError } from '../core/errors.ts'

/** How well one class, or several on average, are distinguished from the others; each from 0 to 1. */
export interface PrecisionRecallF1 {
  /** TP / (TP + FP): the share of the samples predicted as the class that belong to it. */
  precision: number
  /** TP / (TP + FN): the share of the samples of the class that are predicted as it. */
  recall: number
  /** 2·TP / (2·TP + FP + FN), the harmonic mean of the two. */
  f1: number
}

/** A class's scores. */
export interface ClassScore extends PrecisionRecallF1 {
  /** How many samples are of the class. */
  support: number
}

/** The scores of all classes, and their means. */
export interface ClassScores {
  /** One for each class, in the order of the targets' columns. */
  classes: ClassScore[]
  /** The plain mean over the classes that occur among samples or answers. */
  macro: PrecisionRecallF1
  /** The mean over the classes, each as often as it has samples. */
  weighted: PrecisionRecallF1
  /** From the sums of TP, FP and FN over all classes: where each sample is of one class, the accuracy. */
  micro: PrecisionRecallF1
}

/**
 * Precision, recall and F1 of each class, and their macro, weighted and micro means, as scikit-learn's
 * `precision_recall_fscore_support` gives them; a share of nothing is 0 (its `zero_division=0`).
 * @param counts classes × classes, as {@link confusionMatrix} gives them
 * @throws InputError where the counts are not a square of whole numbers
 * @example
 * const { classes, macro } = precisionRecallF1(confusionMatrix(answers, test))
 * console.log(macro.f1, ...classes.map(({ recall }) => recall))
 */
export function precisionRecallF1(counts: readonly (readonly number[])[]): ClassScores {
  checkCounts(counts)
  const answered = counts.map((_, j) => sum(counts.map((row) => row[j]!)))
  const supports = counts.map(sum)
  const hits = counts.map((row, i) => row[i]!)
  const classes = counts.map((_, i) => ({ ...sharesOf(hits[i]!, answered[i]!, supports[i]!), support: supports[i]! }))
  const occurring = classes.filter((_, i) => answered[i]! + supports[i]! > 0)
  const samples = sum(supports)
  return {
    classes,
    macro: meanScores(occurring, () => 1 / occurring.length),
    weighted: meanScores(occurring, ({ support }) => support / samples),
    micro: sharesOf(sum(hits), samples, samples),
  }
}

/** The weighted sum of scores. */
export function meanScores(scores: readonly ClassScore[], weight: (one: ClassScore) => number): PrecisionRecallF1 {
  const of = (key: keyof PrecisionRecallF1) => sum(scores.map((one) => weight(one) * one[key]))
  return { precision: of('precision'), recall: of('recall'), f1: of('f1') }
}

export const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0)
const share = (part: number, whole: number) => (whole === 0 ? 0 : part / whole)

/** @param answered TP + FP @param support TP + FN */
export function sharesOf(hits: number, answered: number, support: number): PrecisionRecallF1 {
  return { precision: share(hits, answered), recall: share(hits, support), f1: share(2 * hits, answered + support) }
}

function checkCounts(counts: readonly (readonly number[])[]): void {
  const classes = Array.isArray(counts) ? counts.length : 0
  if (classes < 2) throw new InputError(`counts: expected at least two rows, one a class, got ${describe(counts)}`)
  counts.forEach((row, i) => {
    if (!Array.isArray(row) || row.length !== classes) {
      throw new InputError(`counts: row ${i} is ${describe(row)}, expected ${classes} counts, one a class`)
    }
    row.forEach((count, j) => checkInteger(`counts[${i}][${j}]`, count, 0, Number.MAX_SAFE_INTEGER))
  })
}
