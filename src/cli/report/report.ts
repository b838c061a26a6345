import type { Evaluation } from '../../index.ts'
import { count, decimal, duration, percent } from '../output.ts'
import { dataTable, escapeHtml, makePage } from './html.ts'
import { type Examined, examine, findMistakes, type Mistakes } from './mistakes.ts'
import { hasPlane, makePlane } from './plane.ts'
import { makeRecord, type RunRecord } from './record.ts'
import { settingsSections } from './settings.ts'
import type { TrainedRun } from './trained-run.ts'
import { foldsSection, labelsSection, regressionSection, targetCharts } from './outputs.ts'
import script from './page.js?raw'
import targetsScript from './targets.js?raw'

/** More classes than this make a table that no one reads. */
const MOST_CLASSES = 40

/** One self-contained HTML file: it loads nothing, and takes names from the data as text only. */
export async function makeReport(run: TrainedRun): Promise<string> {
  const { network } = run
  const record = makeRecord(run)
  const examined = await examine(run)
  const mistakes = findMistakes(run, examined)
  const plane = hasPlane(network) && examined.scores ? await makePlane(run) : null
  const body = [
    `<section class="tiles">${makeTiles(run)}</section>`,
    plane ? planeSection : '',
    curvesSection(record),
    scoresSection(examined),
    regressionSection(run, examined),
    labelsSection(run, examined),
    mistakesSection(mistakes),
    foldsSection(run),
    ...settingsSections(record),
  ]
  return makePage({
    title: record.title,
    eyebrow: 'webgpu-mlp report',
    summary: summary(run),
    body: body.join('\n'),
    payload: {
      record,
      plane,
      pictures: mistakes.pictures,
      classes: examined.names,
      features: network.features ?? null,
      targets: targetCharts(run, examined),
    },
    script: `${script}\n${targetsScript}`,
    styles: shareStyles,
  })
}

function summary({ backend, epochs, data, seconds }: TrainedRun): string {
  const samples = epochs.length * data.train.length
  const rate = count(Math.round(samples / seconds))
  return `${count(epochs.length)} epochs in ${duration(seconds)} on ${backend.description} (${rate} samples/s).`
}

function makeTiles({ result, validation }: TrainedRun): string {
  const tile = (label: string, value: string) =>
    `<div class="tile"><span>${escapeHtml(label)}</span><strong>${escapeHtml(value)}</strong></div>`
  const tiles = ([label, score]: [string, Evaluation]) => {
    const [name, second] =
      score.r2 === undefined ? ['score', percent(score.accuracy ?? NaN)] : ['R²', decimal(score.r2)]
    return tile(`${label} ${name}`, second) + tile(`${label} loss`, decimal(score.loss))
  }
  return tiles(['Training', result]) + (validation ? tiles(['Validation', validation]) : '')
}

const planeSection = `<section id="plane"><h2>Data and decision regions</h2><div class="legend"></div><div class="pair">
<figure><div class="chart"></div><figcaption>The raw data</figcaption></figure>
<figure><div class="chart"></div><figcaption>The network’s outputs over the plane; ringed: misclassified</figcaption></figure>
</div></section>`

function curvesSection({ curves }: RunRecord): string {
  const held = curves.validationLoss ? '; dashed: validation' : ''
  const figure = (id: string, caption: string) =>
    `<figure><div id="${id}" class="chart"></div><figcaption>${caption}${held}</figcaption></figure>`
  const score = curves.score ? figure('score', 'Score per epoch, in %') : ''
  return `<section><h2>Learning curves</h2><div class="pair">${figure('loss', 'Loss per epoch')}${score}</div></section>`
}

/** Precision, recall and F1 a class, and which class was taken for which. */
function scoresSection({ scores, names, held, set, of }: Examined): string {
  if (!scores) return ''
  const { classes, macro, weighted, micro, rocAuc, topK } = scores
  const row = (name: string, { precision, recall, f1 }: typeof macro, support: number) =>
    `<tr><th scope="row">${escapeHtml(name)}</th>${[precision, recall, f1].map((v) => `<td>${v.toFixed(3)}</td>`).join('')}<td>${count(support)}</td></tr>`
  const shown = classes.length <= MOST_CLASSES
  const lines = [
    ...(shown ? classes.map((one, i) => row(names[i] ?? '', one, one.support)) : []),
    row('macro mean', macro, set.length),
    row('weighted mean', weighted, set.length),
    row('micro mean', micro, set.length),
  ]
  const more = [
    ...(classes.length > 2 ? [`top ${topK.k}: ${percent(topK.accuracy)}`] : []),
    ...(rocAuc === null ? [] : [`area under the ROC curve: ${decimal(rocAuc)}`]),
  ]
  const looked = set.length < of ? `${count(set.length)} of the ${count(of)}` : `the ${count(of)}`
  const note = `On ${looked} ${held ? 'validation' : 'training'} samples; ${more.join(', ') || 'all of one class'}.`
  const head = ['class', 'precision', 'recall', 'F1', 'samples']
  return `<section id="classes"><h2>Class by class</h2><p class="note">${note}</p><div class="pair">
${dataTable(head, lines.join(''), { label: 'Scores of each class' })}${shown ? confusion(scores.confusionMatrix, names) : ''}</div></section>`
}

/** How much of its colour a cell of the confusion matrix shows, in percent. */
const [LEAST_SHARE, MOST_SHARE] = [12, 70] as const
const shares = Array.from({ length: MOST_SHARE - LEAST_SHARE + 1 }, (_, i) => LEAST_SHARE + i)
const shareStyles = shares.map((share) => `[data-share='${share}']{--share:${share}%}`).join('\n')

function confusion(counts: readonly (readonly number[])[], names: readonly string[]): string {
  const body = counts.map((row, i) => {
    const total = row.reduce((a, b) => a + b, 0) || 1
    const cells = row.map((value, j) => {
      const kind = value === 0 ? 'none' : i === j ? 'right' : 'wrong'
      const share = LEAST_SHARE + Math.round(((MOST_SHARE - LEAST_SHARE) * value) / total)
      return `<td class="${kind}" data-share="${share}">${count(value)}</td>`
    })
    return `<tr><th scope="row">${escapeHtml(names[i] ?? '')}</th>${cells.join('')}</tr>`
  })
  const table = dataTable(['', ...names], body.join(''), { label: 'Confusion matrix', kind: 'confusion' })
  return `<div>${table}<p class="note">Rows are the true classes, columns the predicted classes.</p></div>`
}

function mistakesSection({ kind, wrong, of, held, pictures, rows }: Mistakes): string {
  const which = held ? 'validation' : 'training'
  const shown = pictures?.shown.length ?? rows?.body.length ?? 0
  if (kind === 'errors' && rows) {
    const note = `The ${count(shown)} of ${count(of)} ${which} samples with the largest errors.`
    return `<section id="mistakes"><h2>Largest errors</h2><p class="note">${note}</p>${rowTable(rows, 'Largest errors')}</section>`
  }
  const few = wrong > shown ? `; the ${count(shown)} that the network was surest of` : ''
  const note = `${count(wrong)} of ${count(of)} ${which} samples${few}.`
  const content = pictures
    ? '<div class="grid"></div>'
    : rows && shown > 0
      ? rowTable(rows, 'Misclassified samples')
      : ''
  return `<section id="mistakes"><h2>Misclassified samples</h2><p class="note">${note}</p>${content}</section>`
}

function rowTable({ head, body }: NonNullable<Mistakes['rows']>, label: string): string {
  const rows = body.map((cells) => `<tr>${cells.map((cell) => `<td>${escapeHtml(cell)}</td>`).join('')}</tr>`)
  return dataTable(head, rows.join(''), { label, kind: 'samples' })
}
