import { type MultilabelReport, multilabelReport, regressionReport } from '../../index.ts'
import { count, decimal, percent } from '../output.ts'
import { classNames, targetNames } from '../scores.ts'
import { dataTable, escapeHtml } from './html.ts'
import type { Examined } from './mistakes.ts'
import type { TrainedRun } from './trained-run.ts'

/** Targets that are drawn, and points of each chart. */
const MOST_TARGETS = 4
const MOST_POINTS = 2000
/** More labels than this make a table that no one reads. */
const MOST_LABELS = 100

/** One regression target: true and predicted values of some samples, in its own units, and all errors as a histogram. */
interface TargetChart {
  readonly name: string
  readonly actual: number[]
  readonly predicted: number[]
  readonly bins: { readonly edges: number[]; readonly counts: number[] }
}

/** What the page's script draws of a regression; null for other tasks. */
export function targetCharts(run: TrainedRun, { set, answers }: Examined): TargetChart[] | null {
  if (run.network.task !== 'regression') return null
  const { targets } = set
  const names = namesOf(run, targets.cols)
  const every = Math.ceil(set.length / MOST_POINTS)
  const shown = Array.from({ length: Math.ceil(set.length / every) }, (_, i) => i * every)
  return names.slice(0, MOST_TARGETS).map((name, j) => {
    const errors = Float64Array.from({ length: set.length }, (_, i) => answers.get(i, j) - targets.get(i, j))
    return {
      name,
      actual: shown.map((i) => targets.get(i, j)),
      predicted: shown.map((i) => answers.get(i, j)),
      bins: histogram(errors),
    }
  })
}

const namesOf = ({ network, settings }: TrainedRun, targets: number) => {
  const { target } = settings as { target?: unknown }
  return targetNames(network, Array.isArray(target) ? (target as string[]) : undefined, targets)
}

/** Errors counted in bins of one width, with 0 at an edge. */
function histogram(values: Float64Array): TargetChart['bins'] {
  const most = values.reduce((a, b) => Math.max(a, Math.abs(b)), 0) || 1
  const bins = 2 * Math.max(4, Math.min(15, Math.ceil(Math.sqrt(values.length) / 2)))
  const width = (2 * most) / bins
  const counts = new Array<number>(bins).fill(0)
  for (const value of values) counts[Math.min(bins - 1, Math.floor((value + most) / width))]!++
  return { edges: Array.from({ length: bins + 1 }, (_, i) => -most + i * width), counts }
}

/** What the scores are of. */
const noteOf = ({ set, of, held }: Examined) => {
  const looked = set.length < of ? `${count(set.length)} of the ${count(of)}` : `the ${count(of)}`
  return `On ${looked} ${held ? 'validation' : 'training'} samples`
}

/** R², errors and charts of each target. */
export function regressionSection(run: TrainedRun, examined: Examined): string {
  if (run.network.task !== 'regression') return ''
  const { targets } = regressionReport(examined.answers, examined.set)
  const names = namesOf(run, targets.length)
  const rows = targets.map(
    ({ r2, meanAbsoluteError, rootMeanSquaredError }, j) =>
      `<tr><th scope="row">${escapeHtml(names[j]!)}</th>${[r2, meanAbsoluteError, rootMeanSquaredError].map((v) => `<td>${decimal(v)}</td>`).join('')}</tr>`,
  )
  const head = ['target', 'R²', 'mean absolute error', 'root mean squared error']
  const charts = names.slice(0, MOST_TARGETS).map((name, j) => {
    const figure = (kind: string, caption: string) =>
      `<figure><div class="chart" data-chart="${kind}" data-target="${j}"></div><figcaption>${escapeHtml(caption)}</figcaption></figure>`
    return `<div class="pair triple">${figure('fit', `Predicted ${name} against the true; on the line: exact`)}${figure('residuals', `Error (predicted − true) against the prediction`)}${figure('histogram', `How often which error occurs`)}</div>`
  })
  const rest = targets.length > MOST_TARGETS ? ` The first ${MOST_TARGETS} targets are drawn.` : ''
  return `<section id="targets"><h2>Predicted and true values</h2><p class="note">${noteOf(examined)}, in the units of the data.${rest}</p>
${dataTable(head, rows.join(''), { label: 'Scores of each target' })}${charts.join('')}</section>`
}

/** Precision, recall and F1 of each label, and how often labels are present. */
export function labelsSection(run: TrainedRun, examined: Examined): string {
  if (run.network.task !== 'multilabel') return ''
  const { boundary, set, answers } = examined
  const report = multilabelReport(answers, set, { boundary })
  const names = classNames(run.network.classes ?? set.classes, report.labels.length)
  const note = `${noteOf(examined)}; a label is predicted where its output is above ${boundary}. ${percent(report.exactMatch)} of the samples have all labels right.`
  return `<section id="labels"><h2>Label by label</h2><p class="note">${note}</p>${labelRows(names, report)}</section>`
}

function labelRows(names: readonly string[], { labels, macro, weighted, micro, samples }: MultilabelReport): string {
  const row = (name: string, { precision, recall, f1 }: typeof macro, support: number) =>
    `<tr><th scope="row">${escapeHtml(name)}</th>${[precision, recall, f1].map((v) => `<td>${v.toFixed(3)}</td>`).join('')}<td>${count(support)}</td></tr>`
  const rows = [
    ...labels.slice(0, MOST_LABELS).map((one, j) => row(names[j] ?? String(j), one, one.support)),
    row('macro mean', macro, samples),
    row('weighted mean', weighted, samples),
    row('micro mean', micro, samples),
  ]
  return dataTable(['label', 'precision', 'recall', 'F1', 'samples'], rows.join(''), { label: 'Scores of each label' })
}

/** The scores of a cross-validation. */
export function foldsSection({ crossValidation, data }: TrainedRun): string {
  if (!crossValidation) return ''
  const { folds, mean, deviation, scoreName, stratified } = crossValidation
  const show = (score: number) => (scoreName === 'r2' ? decimal(score) : percent(score))
  const rows = folds.map(
    ({ fold, score, evaluation, samples, history }) =>
      `<tr><th scope="row">${fold}</th><td>${show(score)}</td><td>${decimal(evaluation.loss)}</td><td>${count(samples.length)}</td><td>${count(history.epochs.length)}</td></tr>`,
  )
  const name = scoreName === 'r2' ? 'R²' : 'score'
  const note = `${name} ${show(mean)} ± ${show(deviation)}. Each network is scored on the samples that it was not trained on${stratified ? '; the classes have the same shares in all folds' : ''}. The model of this report is trained on all ${count(data.train.length)} samples.`
  return `<section id="folds"><h2>Cross-validation</h2><p class="note">${note}</p>${dataTable(['fold', name, 'loss', 'samples', 'epochs'], rows.join(''), { label: 'Scores of each fold' })}</section>`
}
