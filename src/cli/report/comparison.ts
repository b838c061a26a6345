import { count, decimal, percent } from '../output.ts'
import script from './comparison.js?raw'
import { dataTable, escapeHtml, makePage, namedRows, palette } from './html.ts'
import type { Result, RunRecord } from './record.ts'

/** A run with its name among others. */
export interface NamedRun {
  readonly name: string
  readonly record: RunRecord
}

/** Settings and circumstances of several runs, divided into those that are the same in all of them and the rest. */
export function divideSettings(runs: readonly NamedRun[]): {
  same: [name: string, value: string][]
  /** With one value a run; undefined where a run has none. */
  differing: [name: string, values: (string | undefined)[]][]
} {
  const maps = runs.map(({ record }) => new Map([...record.settings, ...record.environment]))
  const names = new Set(maps.flatMap((map) => [...map.keys()]))
  // Each run has its own date, which is not a setting, and the number of its epochs is a result.
  for (const name of ['date', 'epochs']) names.delete(name)
  const same: [string, string][] = []
  const differing: [string, (string | undefined)[]][] = []
  for (const name of names) {
    const values = maps.map((map) => map.get(name))
    const [first] = values
    if (first !== undefined && values.every((value) => value === first)) same.push([name, first])
    else differing.push([name, values])
  }
  return { same, differing }
}

/** Several runs on one page, as self-contained as a report: what differs, what came of it, and the curves. */
export function makeComparison(runs: readonly NamedRun[]): string {
  const { same, differing } = divideSettings(runs)
  const kinds = new Set(runs.map(({ record }) => record.title))
  const anyScore = runs.some(({ record }) => record.curves.score)
  const held = runs.some(({ record }) => record.validation)
  const figure = (id: string, caption: string) =>
    `<figure><div id="${id}" class="chart"></div><figcaption>${caption}${held ? '; dashed: validation' : ''}</figcaption></figure>`
  const body = `<section><h2>Results, and the settings that differ</h2>${resultTable(runs, differing)}
<details><summary>The same in all runs</summary><table class="settings">${namedRows(same)}</table></details></section>
<section><h2>Learning curves</h2><p class="note">A click on a name in the legend hides its curve.</p><div class="pair">
${figure('loss', 'Loss per epoch')}${anyScore ? figure('score', 'Score per epoch, in %') : ''}</div></section>`
  return makePage({
    title: `${count(runs.length)} ${runs.length === 1 ? 'run' : 'runs'} compared`,
    eyebrow: 'webgpu-mlp report',
    summary: [...kinds].slice(0, 4).join(', ') + (kinds.size > 4 ? `, and ${count(kinds.size - 4)} more` : ''),
    body,
    payload: { runs: runs.map(({ name, record }) => ({ name, curves: record.curves })) },
    script,
    styles: palette.map((colour, i) => `[data-colour='${i}']{background:rgb(${colour.join(' ')})}`).join('\n'),
  })
}

function resultTable(runs: readonly NamedRun[], differing: ReturnType<typeof divideSettings>['differing']): string {
  const best = bestRuns(runs)
  const rows = runs.map(({ name, record }, i) => {
    const { training, validation, epochs, seconds, samplesPerSecond, fingerprint, scoreName } = record
    const score = (result: Result | null) => describeScore(result?.score ?? null, scoreName)
    const loss = (result: Result | null) => (result?.loss == null ? '–' : decimal(result.loss))
    const cells = [
      score(training),
      loss(training),
      score(validation),
      loss(validation),
      ...differing.map(([, values]) => values[i] ?? '–'),
      count(epochs),
      decimal(seconds),
      samplesPerSecond === null ? '–' : count(Math.round(samplesPerSecond)),
      fingerprint,
    ]
    const head = `<th scope="row"><i class="swatch" data-colour="${i % palette.length}"></i>${escapeHtml(name)}</th>`
    const kind = best.has(i) ? ' class="best"' : ''
    return `<tr${kind}>${head}${cells.map((cell) => `<td>${escapeHtml(cell)}</td>`).join('')}</tr>`
  })
  const results = ['training score', 'training loss', 'validation score', 'validation loss']
  const head = ['run', ...results, ...differing.map(([name]) => name), 'epochs', 'seconds', 'samples/s', 'fingerprint']
  return dataTable(head, rows.join(''), { label: 'Results and settings' })
}

/** 96.2 %, or for regression R² 0.98. */
function describeScore(score: number | null, scoreName: RunRecord['scoreName']): string {
  if (score === null) return '–'
  return scoreName === 'accuracy' ? percent(score) : `${scoreName} ${decimal(score)}`
}

/** The places of the runs with the best score: on validation data where all have some, else on training data. */
export function bestRuns(runs: readonly NamedRun[]): Set<number> {
  const comparable = new Set(runs.map(({ record }) => record.scoreName)).size === 1
  if (!comparable || runs.length < 2) return new Set()
  const held = runs.every(({ record }) => record.validation)
  const scores = runs.map(({ record }) => (held ? record.validation : record.training)?.score ?? -Infinity)
  const best = Math.max(...scores)
  return new Set(scores.flatMap((score, i) => (score === best && best > -Infinity ? [i] : [])))
}
