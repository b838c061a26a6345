import { sayRate } from '../schedules.ts'
import chartStyle from 'uplot/dist/uPlot.min.css?raw'
import chartLibrary from 'uplot/dist/uPlot.iife.min.js?raw'
import { version } from '../../../package.json'
import { argmax, type Dataset } from '../../data/dataset.ts'
import { Matrix } from '../../data/matrix.ts'
import type { Network } from '../../model/network.ts'
import type { Optimizer } from '../../training/optimizer.ts'
import type { Evaluation } from '../../training/score.ts'
import type { Epoch, Trainer } from '../../training/trainer.ts'
import { count } from '../data.ts'
import { decimal, percent } from '../output.ts'
import type { PreparedData } from '../train.ts'
import script from './page.js?raw'
import style from './page.css?raw'

/** What a report tells of. */
export interface Run {
  readonly network: Network
  readonly data: PreparedData
  readonly epochs: readonly Epoch[]
  readonly seconds: number
  readonly settings: object
  readonly backend: { readonly name: string; readonly description: string }
  readonly result: Evaluation
  readonly validation: Evaluation | null
  /** Still holding the network: it draws the decision regions. */
  readonly trainer: Trainer
}

/** Points per side of the grid that the decision regions are drawn on. */
const GRID = 160
/** Points and pictures that a report shows at most: enough to see, few enough to open. */
const MOST_POINTS = 2000
const MOST_PICTURES = 60
/** Points of a curve at most. */
const MOST_EPOCHS = 1000

/** Colours that colour-blind people can tell apart (Okabe and Ito 2008), as red, green, blue. */
const palette = [[0, 114, 178], [230, 159, 0], [0, 158, 115], [204, 121, 167], [213, 94, 0], [86, 180, 233], [240, 228, 66], [110, 110, 110], [120, 60, 20], [90, 60, 160]] as const // prettier-ignore

/** One self-contained HTML file: it loads nothing, and takes names from the data as text only. */
export async function makeReport(run: Run): Promise<string> {
  const { network, settings } = run
  const name = String((settings as { data?: unknown }).data)
  const title = `${network.sizes.join('-')} on ${name}`
  const payload = {
    curves: makeCurves(run.epochs),
    plane: network.sizes[0] === 2 ? await makePlane(run) : null,
    pictures: network.sizes[0] === 784 && run.data.train.classes ? await makePictures(run) : null,
    classes: network.classes ?? null,
    features: network.features ?? null,
    palette,
  }
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:">
<title>${escapeHtml(title)}</title>
<style>${chartStyle}
${style}</style>
</head>
<body>
<main>
<header>
<p class="eyebrow">webgpu-mlp report</p>
<h1>${escapeHtml(title)}</h1>
<p>${escapeHtml(summary(run))}</p>
</header>
<section class="tiles">${makeTiles(run)}</section>
<section id="plane" hidden><h2>Data and decision regions</h2><div class="legend"></div><div class="pair">
<figure><div class="chart"></div><figcaption>The raw data</figcaption></figure>
<figure><div class="chart"></div><figcaption>What the network makes of the plane; ringed: answered wrong</figcaption></figure>
</div></section>
<section><h2>Learning curves</h2><div class="pair">
<figure><div id="loss" class="chart"></div><figcaption>Loss per epoch</figcaption></figure>
<figure><div id="score" class="chart"></div><figcaption>Score per epoch, in %</figcaption></figure>
</div></section>
<section id="pictures" hidden><h2>Answered wrong</h2><p class="note"></p><div class="grid"></div></section>
<section><h2>Settings</h2><table class="settings">${makeSettings(run)}</table></section>
<footer>Made by webgpu-mlp ${version} on ${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC.</footer>
</main>
<noscript>The charts of this report are drawn by a script in this file; scripts are switched off here.</noscript>
<script type="application/json" id="run">${escapeJson(payload)}</script>
<script>${chartLibrary}</script>
<script>${script}</script>
</body>
</html>
`
}

export function escapeHtml(text: string): string {
  const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character)
}

/** JSON that can stand in a script element: nothing in it can close the element or open another. */
export function escapeJson(value: unknown): string {
  return JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}

function summary({ backend, epochs, data, seconds }: Run): string {
  const samples = epochs.length * data.train.length
  const rate = count(Math.round(samples / seconds))
  return `${count(epochs.length)} epochs in ${seconds.toFixed(1)} s on ${backend.description} (${rate} samples/s).`
}

function makeTiles({ result, validation, network }: Run): string {
  const tile = (label: string, value: string) =>
    `<div class="tile"><span>${escapeHtml(label)}</span><strong>${escapeHtml(value)}</strong></div>`
  const tiles = ([label, score]: [string, Evaluation]) => {
    const second = score.r2 === undefined || network.classes ? percent(score.accuracy) : decimal(score.r2)
    const name = score.r2 === undefined || network.classes ? 'score' : 'R²'
    return tile(`${label} ${name}`, second) + tile(`${label} loss`, decimal(score.loss))
  }
  return tiles(['Training', result]) + (validation ? tiles(['Validation', validation]) : '')
}

function makeSettings(run: Run): string {
  const { network, backend, data, settings } = run
  const given = Object.entries(settings)
    .filter(
      ([key, value]) => value !== undefined && !['json', 'out', 'report', 'layers', 'activation', 'lr'].includes(key),
    )
    .map(([key, value]): [string, string] => [
      key,
      typeof value === 'object' ? describeOptimizer(value as Optimizer) : String(value),
    ])
  const rows: [string, string][] = [
    ['backend used', `${backend.name}: ${backend.description}`],
    ['layers', network.sizes.join('-')],
    ['activations', network.activations.join(', ')],
    ['parameters', count(network.parameters.length)],
    ['training samples', count(data.train.length)],
    ['validation samples', data.validation ? count(data.validation.length) : 'none'],
    ...given,
    ['node', `${process.version}, ${process.platform} ${process.arch}`],
  ]
  return rows
    .map(([name, value]) => `<tr><th scope="row">${escapeHtml(name)}</th><td>${escapeHtml(value)}</td></tr>`)
    .join('')
}

const describeOptimizer = ({ name, learningRate, ...constants }: Optimizer) =>
  [
    name,
    `learningRate ${sayRate(learningRate)}`,
    ...Object.entries(constants).flatMap(([key, value]) => (value ? [`${key} ${value}`] : [])),
  ].join(', ')

/** Columns for the charts; long runs are thinned out evenly, their last epoch kept. */
function makeCurves(epochs: readonly Epoch[]) {
  const every = Math.ceil(epochs.length / MOST_EPOCHS)
  const shown = epochs.filter((_, i) => i % every === 0 || i === epochs.length - 1)
  const held = shown.some(({ validation }) => validation !== null)
  return {
    epoch: shown.map(({ epoch }) => epoch),
    loss: shown.map(({ loss }) => loss),
    score: shown.map(({ accuracy }) => 100 * accuracy),
    validationLoss: held ? shown.map(({ validation }) => validation?.loss ?? null) : null,
    validationScore: held ? shown.map(({ validation }) => 100 * (validation?.accuracy ?? NaN)) : null,
  }
}

/** The class that an answer means: the largest output, or for a single one the side of its boundary. */
function chosenClass(answers: Matrix, i: number, boundary: number): number {
  return answers.cols === 1
    ? Number(answers.get(i, 0) > boundary)
    : argmax(answers.data, i * answers.cols, answers.cols)
}

/** The points with their classes and answers, and the plane around them as colours, a row at a time from the top. */
async function makePlane({ data, network, trainer }: Run) {
  const { train, scaling } = data
  const shown = train.length > MOST_POINTS ? train.take(Array.from({ length: MOST_POINTS }, (_, i) => i)) : train
  const boundary = network.activations.at(-1) === 'tanh' ? 0 : 0.5
  const labels = [...shown.labels(boundary)]
  const answers = await trainer.predict(shown.inputs)
  const wrong = labels.map((label, i) => Number(chosenClass(answers, i, boundary) !== label))
  const bounds = [0, 1].map((j) => {
    const values = Array.from({ length: shown.length }, (_, i) => shown.inputs.get(i, j))
    const [low, high] = [Math.min(...values), Math.max(...values)]
    const margin = 0.08 * (high - low || 1)
    return { values, low: low - margin, high: high + margin }
  }) as [Bounds, Bounds]
  const colours = colourPlane(await trainer.predict(gridPoints(bounds)), boundary)
  // What people read on the axes are the data as they came.
  const unscale = (value: number, j: number) => (scaling ? value * scaling.scale[j]! + scaling.offset[j]! : value)
  const axis = ({ values, low, high }: Bounds, j: number) => ({
    values: values.map((value) => unscale(value, j)),
    low: unscale(low, j),
    high: unscale(high, j),
  })
  return { x: axis(bounds[0], 0), y: axis(bounds[1], 1), labels, wrong, grid: GRID, colours }
}

interface Bounds {
  readonly values: number[]
  readonly low: number
  readonly high: number
}

function gridPoints([x, y]: readonly [Bounds, Bounds]): Matrix {
  const points = new Matrix(GRID * GRID, 2)
  const at = ({ low, high }: Bounds, share: number) => low + (high - low) * share
  for (let row = 0; row < GRID; row++) {
    for (let column = 0; column < GRID; column++) {
      const place = 2 * (row * GRID + column)
      points.data[place] = at(x, (column + 0.5) / GRID)
      points.data[place + 1] = at(y, 1 - (row + 0.5) / GRID)
    }
  }
  return points
}

/** Each point's colour: the classes' colours mixed by their answers, as base64 of red, green, blue bytes. */
function colourPlane(answers: Matrix, boundary: number): string {
  const bytes = new Uint8Array(answers.rows * 3)
  for (let i = 0; i < answers.rows; i++) {
    const shares = classShares(answers.row(i), boundary)
    const total = shares.reduce((sum, share) => sum + share, 0) || 1
    for (let channel = 0; channel < 3; channel++) {
      const mixed = shares.reduce((sum, share, j) => sum + (share / total) * palette[j % palette.length]![channel]!, 0)
      bytes[3 * i + channel] = Math.round(mixed)
    }
  }
  return Buffer.from(bytes).toString('base64')
}

function classShares(answer: Float32Array, boundary: number): number[] {
  const clamp = (value: number) => Math.max(0, Math.min(1, value))
  if (answer.length > 1) return Array.from(answer, clamp)
  const second = clamp(boundary === 0 ? (answer[0]! + 1) / 2 : answer[0]!)
  return [1 - second, second]
}

/** Images of 28 × 28 that were answered wrong, as base64 of bytes, with answer and truth. */
async function makePictures({ data, trainer }: Run) {
  const set: Dataset = data.validation ?? data.train
  const answers = await trainer.predict(set.inputs)
  const labels = set.labels()
  const wrong = Array.from(labels.keys()).filter((i) => chosenClass(answers, i, 0.5) !== labels[i])
  const raw = ({ scaling }: PreparedData, value: number, j: number) =>
    scaling ? value * scaling.scale[j]! + scaling.offset[j]! : value
  const shown = wrong.slice(0, MOST_PICTURES).map((i) => ({
    pixels: Buffer.from(set.inputs.row(i).map((value, j) => Math.round(255 * raw(data, value, j)))).toString('base64'),
    answer: chosenClass(answers, i, 0.5),
    label: labels[i],
  }))
  return { shown, wrong: wrong.length, of: set.length, held: data.validation !== undefined }
}
