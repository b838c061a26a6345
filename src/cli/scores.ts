import {
  type ClassificationReport,
  escapeControls,
  type MultilabelReport,
  type Network,
  type PrecisionRecallF1,
  type RegressionReport,
} from '../index.ts'
import { count, decimal, percent, table } from './output.ts'

/** Classes up to which a terminal has room for a line each, and for the matrix. */
const MOST_LINES = 20
const MOST_COLUMNS = 12
const MOST_LETTERS = 24

/** The classes' names, or their numbers where they have none. */
export function classNames(names: readonly string[] | undefined, classes: number): string[] {
  return Array.from({ length: classes }, (_, i) => names?.[i] ?? String(i))
}

/** A name from the data, short enough for a column; escaped before it is cut, so that what is shown is its length. */
function shorten(name: string): string {
  const letters = Array.from(escapeControls(name))
  return letters.length > MOST_LETTERS ? `${letters.slice(0, MOST_LETTERS - 1).join('')}…` : letters.join('')
}

/** Precision, recall and F1 of each class and on average, a line each. */
export function scoreTable(names: readonly string[], report: ClassificationReport): string[] {
  const { classes, samples } = report
  const shown = classes.length <= MOST_LINES ? classes : []
  return alignRight([
    ['Class', 'Precision', 'Recall', 'F1', 'Samples'],
    ...shown.map((one, i) => line(shorten(names[i] ?? String(i)), one, one.support)),
    line('macro mean', report.macro, samples),
    line('weighted mean', report.weighted, samples),
    line('micro mean', report.micro, samples),
  ])
}

const line = (name: string, { precision, recall, f1 }: PrecisionRecallF1, support: number) => [
  name,
  ...[precision, recall, f1].map((value) => value.toFixed(3)),
  count(support),
]

/** Precision, recall and F1 of each label and on average, a line each; of how many samples it is true. */
export function labelTable(names: readonly string[], { labels, macro, weighted, micro, samples }: MultilabelReport) {
  const shown = labels.length <= MOST_LINES ? labels : []
  return alignRight([
    ['Label', 'Precision', 'Recall', 'F1', 'Samples'],
    ...shown.map((one, i) => line(shorten(names[i] ?? String(i)), one, one.support)),
    line('macro mean', macro, samples),
    line('weighted mean', weighted, samples),
    line('micro mean', micro, samples),
  ])
}

/** The names of regression targets: those of the network, else the columns of `--target` where it names as many, else numbers. */
export function targetNames(
  network: Pick<Network, 'targetNames'>,
  given: readonly string[] | undefined,
  targets: number,
): string[] {
  if (network.targetNames) return [...network.targetNames]
  const columns = given?.flatMap((text) => (given.length === targets ? [text] : text.split(','))) ?? []
  if (columns.length === targets) return columns.map((name) => name.trim())
  return Array.from({ length: targets }, (_, j) => (targets === 1 ? 'target' : `target ${j + 1}`))
}

/** R², mean absolute error and root mean squared error of each target in its own units, a line each. */
export function targetTable(names: readonly string[], { targets }: RegressionReport): string[] {
  const shown = targets.slice(0, MOST_LINES)
  return alignRight([
    ['Target', 'R²', 'Mean absolute error', 'Root mean squared error'],
    ...shown.map(({ r2, meanAbsoluteError, rootMeanSquaredError }, j) => [
      shorten(names[j] ?? String(j)),
      decimal(r2),
      decimal(meanAbsoluteError),
      decimal(rootMeanSquaredError),
    ]),
  ])
}

/** The confusion matrix, rows what the samples are and columns what was answered; undefined for too many classes. */
export function confusionTable(names: readonly string[], { confusionMatrix }: ClassificationReport) {
  if (confusionMatrix.length > MOST_COLUMNS) return undefined
  const shown = names.map(shorten)
  return alignRight([['', ...shown], ...confusionMatrix.map((row, i) => [shown[i] ?? '', ...row.map(count)])])
}

/** All of it, for people, line by line. */
export function describeScores(names: readonly string[], report: ClassificationReport): string[] {
  const { rocAuc, topK, classes } = report
  const lines = [
    ...(classes.length > 2 ? [`Top ${topK.k}  ${percent(topK.accuracy)}`] : []),
    ...(rocAuc === null ? [] : [`AUC    ${decimal(rocAuc)} (area under the ROC curve)`]),
  ]
  const matrix = confusionTable(names, report)
  return [
    ...(lines.length > 0 ? [...lines, ''] : []),
    ...scoreTable(names, report),
    ...(matrix ? ['', 'Answered (columns) where it is (rows)', ...matrix] : []),
  ]
}

/** A table whose numbers, all columns but the first, end where their heads end. */
function alignRight(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)))
  return table(rows.map((row) => row.map((cell, i) => (i === 0 ? cell : cell.padStart(widths[i] ?? 0)))))
}
