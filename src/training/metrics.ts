import { checkInteger, InputError } from '../core/errors.ts'
import { argmax, Matrix, type MatrixLike } from '../core/matrix.ts'
import { readOptions } from '../core/schema.ts'
import type { Dataset } from '../data/dataset.ts'
import { checkAnswers } from './answers.ts'
import { type ClassScores, precisionRecallF1, sum } from './class-scores.ts'
import {
  classificationReportSchema,
  confusionMatrixSchema,
  type MetricOptions,
  predictedClassesSchema,
  rocAucSchema,
  topKAccuracySchema,
} from './metric-options.ts'

/** The result of {@link classificationReport}. */
export interface ClassificationReport extends ClassScores {
  /** The number of samples. */
  samples: number
  /** The share of samples whose class is predicted correctly. */
  accuracy: number
  /** The share of samples whose class is among the k most probable ones. */
  topK: {
    /** How many of the most probable classes count. */
    k: number
    /** The share of samples whose class is among them. */
    accuracy: number
  }
  /** The area under the ROC curve; null for more than two classes, and where all samples are of one. */
  rocAuc: number | null
  /** How often each class (rows) was predicted as each class (columns). */
  confusionMatrix: number[][]
}

/** Outputs with the classes that they should predict. */
interface Answered {
  readonly answers: Matrix
  readonly labels: Uint32Array
  /** At least 2: one column distinguishes two classes. */
  readonly classes: number
  readonly boundary: number
}

function readAnswers(answers: MatrixLike, data: Dataset, boundary: number): Answered {
  const matrix = checkAnswers(answers, data)
  return { answers: matrix, labels: data.labels(boundary), classes: classesOf(matrix.cols), boundary }
}

/**
 * The class that each row of outputs predicts: the column with the largest output (the first of equal ones), or for a
 * single column class 1 where the output is above `boundary`, else class 0.
 * @param outputs samples × outputs, as {@link Trainer.predict} gives them
 * @param options the `boundary` for a single column; default 0.5, for tanh outputs give 0
 * @returns the index of a class for each sample
 * @example const names = Array.from(predictedClasses(await trainer.predict(test.inputs)), (i) => test.classes?.[i])
 */
export function predictedClasses(outputs: MatrixLike, options: MetricOptions = {}): Uint32Array {
  const { boundary } = readOptions(predictedClassesSchema, options)
  return classesOfRows(outputs instanceof Matrix ? outputs : Matrix.from(outputs, 'outputs'), boundary)
}

const classesOfRows = ({ rows, cols, data }: Matrix, boundary: number): Uint32Array =>
  Uint32Array.from({ length: rows }, (_, i) =>
    cols === 1 ? Number(data[i]! > boundary) : argmax(data, i * cols, cols),
  )

/** Columns of a tally at most: its matrix has as many rows as columns. */
const MOST_COLUMNS = 1 << 13

/** One column distinguishes two classes. */
const classesOf = (columns: number) => Math.max(2, columns)

/**
 * How often each class was predicted as which: row i counts the samples of class i, column j those predicted as class j,
 * as in scikit-learn's `confusion_matrix`. The diagonal counts the correct predictions.
 * @param answers samples × outputs, as {@link Trainer.predict} gives them; one column is two classes
 * @param data the samples that they are answers to, targets one-hot or one column of 0 and 1
 * @param options the `boundary` above which a single column means class 1, in answers and in targets; default 0.5, for
 *   tanh outputs give 0
 * @throws InputError where the shapes differ
 * @example confusionMatrix(await trainer.predict(test.inputs), test)[3]?.[8] // how many threes were taken for eights
 */
export function confusionMatrix(answers: MatrixLike, data: Dataset, options: MetricOptions = {}): number[][] {
  const answered = readAnswers(answers, data, readOptions(confusionMatrixSchema, options).boundary)
  const counts = noCounts(answered.classes)
  countAnswers(answered, counts)
  return counts
}

const noCounts = (classes: number) => Array.from({ length: classes }, () => new Array<number>(classes).fill(0))

function countAnswers({ answers, labels, boundary }: Answered, counts: readonly number[][]): void {
  const predicted = classesOfRows(answers, boundary)
  labels.forEach((label, i) => {
    counts[label]![predicted[i]!]!++
  })
}

/**
 * The share of samples whose class is among the `k` with the largest answers, as scikit-learn's
 * `top_k_accuracy_score`. Of equal answers the first column counts as the larger, so that `k` = 1 is the accuracy.
 * @param answers samples × outputs; one column is two classes
 * @param data the samples that they are answers to, targets one-hot or one column of 0 and 1
 * @param options `k`: from 1 to the number of classes; default 2
 * @throws InputError where the shapes differ, and for another `k`
 * @example const topFive = topKAccuracy(await trainer.predict(test.inputs), test, { k: 5 })
 */
export function topKAccuracy(
  answers: MatrixLike,
  data: Dataset,
  options: MetricOptions & { /** How many of the most probable classes count. Default: 2. */ k?: number } = {},
): number {
  const { k, boundary } = readOptions(topKAccuracySchema, options)
  const answered = readAnswers(answers, data, boundary)
  return countTopK(answered, checkInteger('k', k, 1, answered.classes)) / data.length
}

/** How many predictions are correct. */
function countTopK({ answers, labels, boundary }: Answered, k: number): number {
  const { cols, data } = answers
  let right = 0
  labels.forEach((label, i) => {
    if (cols === 1) {
      right += Number(k > 1 || Number(data[i]! > boundary) === label)
      return
    }
    const own = data[i * cols + label]!
    let before = 0
    for (let j = 0; j < cols; j++) {
      const other = data[i * cols + j]!
      before += Number(other > own || (other === own && j < label))
    }
    right += Number(before < k)
  })
  return right
}

/**
 * The area under the ROC curve of two classes, as scikit-learn's `roc_auc_score`: the share of pairs, one sample of each
 * class, in which that of the second class has the larger answer; equal answers count half (Mann and Whitney's U).
 * @param answers samples × 1, or samples × 2: then what counts is how far the second column is above the first
 * @param data the samples that they are answers to, targets one-hot or one column of 0 and 1
 * @param options the `boundary` above which a single target column means class 1 (default 0.5); answers are not
 *   compared with it
 * @returns 0 to 1, and NaN where all samples are of one class
 * @throws InputError for more than two classes, and where the shapes differ
 * @example const area = rocAuc(await trainer.predict(test.inputs), test)
 */
export function rocAuc(answers: MatrixLike, data: Dataset, options: MetricOptions = {}): number {
  const answered = readAnswers(answers, data, readOptions(rocAucSchema, options).boundary)
  if (answered.classes > 2) throw new InputError(`answers: rocAuc is for two classes, got ${answered.classes} columns`)
  return areaUnderCurve(secondClassScores(answered), answered.labels)
}

/** How much each answer is for the second of two classes. */
function secondClassScores({ answers: { cols, data }, labels }: Answered): Float64Array {
  return Float64Array.from(labels, (_, i) => (cols === 1 ? data[i]! : data[2 * i + 1]! - data[2 * i]!))
}

function areaUnderCurve(scores: Float64Array, labels: ArrayLike<number>): number {
  const order = Uint32Array.from(scores.keys()).sort((a, b) => scores[a]! - scores[b]!)
  let [firsts, seconds, below] = [0, 0, 0]
  for (let start = 0; start < order.length;) {
    // All samples with the same answer are taken together.
    let [tiedFirsts, tiedSeconds] = [0, 0]
    const answer = scores[order[start]!]!
    for (; start < order.length && scores[order[start]!] === answer; start++) {
      if (labels[order[start]!] === 1) tiedSeconds++
      else tiedFirsts++
    }
    below += tiedSeconds * (firsts + tiedFirsts / 2)
    firsts += tiedFirsts
    seconds += tiedSeconds
  }
  return below / (firsts * seconds)
}

/**
 * Everything that scikit-learn's `classification_report` reports, and more: precision, recall and
 * F1 a class and averaged, accuracy, top-k accuracy, the area under the ROC curve of two classes, the confusion matrix.
 * @param answers samples × outputs, as {@link Trainer.predict} gives them; one column is two classes
 * @param data the samples that they are answers to, targets one-hot or one column of 0 and 1
 * @param options `topK`: default 2, or 1 for two classes
 * @throws InputError where the shapes differ, and for a `topK` that is not from 1 to the count of classes
 * @example
 * const report = classificationReport(await trainer.predict(test.inputs), test, { topK: 3 })
 * report.classes.forEach(({ precision, recall, f1, support }, i) => console.log(i, precision, recall, f1, support))
 * console.log(report.macro.f1, report.topK.accuracy)
 */
export function classificationReport(
  answers: MatrixLike,
  data: Dataset,
  options: MetricOptions & {
    /** How many of the most probable classes count for `topK`. */ topK?: number | undefined
  } = {},
): ClassificationReport {
  const checked = readOptions(classificationReportSchema, options)
  const tally = new ClassificationTally(checkAnswers(answers, data).cols, checked)
  tally.add(answers, data)
  return tally.report()
}

/**
 * A {@link classificationReport} over samples that come a part at a time.
 * @example
 * const tally = new ClassificationTally(10)
 * for await (const part of stream.windows(1000)) tally.add(await trainer.predict(part.inputs), part)
 * console.log(tally.report().accuracy)
 */
export class ClassificationTally {
  readonly #boundary: number
  readonly #k: number
  readonly #counts: number[][]
  #samples = 0
  #topK = 0
  /** Of two classes: what the area under the curve is of. */
  readonly #scores: Float64Array[] = []
  readonly #labels: Uint32Array[] = []

  /**
   * An empty tally.
   * @param columns of the answers
   * @param options `topK`, how many of the largest outputs count (default 2, or 1 for two classes), and the `boundary`
   *   above which a single column means class 1 (default 0.5, for tanh outputs give 0)
   */
  constructor(
    columns: number,
    options: MetricOptions & {
      /** How many of the most probable classes count for `topK`. */ topK?: number | undefined
    } = {},
  ) {
    const { boundary, topK } = readOptions(classificationReportSchema, options)
    const classes = classesOf(checkInteger('columns', columns, 1, MOST_COLUMNS))
    this.#boundary = boundary
    this.#k = checkInteger('topK', topK ?? Math.min(2, classes - 1), 1, classes)
    this.#counts = noCounts(classes)
  }

  /**
   * Adds predictions and their samples.
   * @param answers one row per sample of `data`
   * @param data the samples that they are answers to, targets one-hot or one column of 0 and 1
   */
  add(answers: MatrixLike, data: Dataset): void {
    const answered = readAnswers(answers, data, this.#boundary)
    if (classesOf(answered.answers.cols) !== this.#counts.length) {
      throw new InputError(
        `answers: expected the columns of ${this.#counts.length} classes, got ${answered.answers.cols}`,
      )
    }
    this.#samples += data.length
    this.#topK += countTopK(answered, this.#k)
    countAnswers(answered, this.#counts)
    if (answered.classes > 2) return
    this.#scores.push(secondClassScores(answered))
    this.#labels.push(answered.labels)
  }

  /** The report on everything that was added. */
  report(): ClassificationReport {
    const counts = this.#counts
    const all = <T extends number>(parts: readonly Iterable<T>[]) => parts.flatMap((part) => [...part])
    const area = counts.length === 2 ? areaUnderCurve(Float64Array.from(all(this.#scores)), all(this.#labels)) : NaN
    return {
      samples: this.#samples,
      accuracy: sum(counts.map((row, i) => row[i]!)) / this.#samples,
      ...precisionRecallF1(counts),
      topK: { k: this.#k, accuracy: this.#topK / this.#samples },
      rocAuc: Number.isNaN(area) ? null : area,
      confusionMatrix: counts,
    }
  }
}
