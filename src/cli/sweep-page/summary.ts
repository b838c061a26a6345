import { count, decimal } from '../output.ts'
import { escapeHtml } from '../report/html.ts'
import type { ResultRecord, SweepRecord } from '../sweep/record.ts'
import { decimalsOf, nameScore, nameSetting, textOfSetting } from './columns.ts'
import { commandBlock } from './command.ts'

/** Where, how long, and on which samples the networks were trained. */
export function describeSweep({ backend, seconds, results, networks, data, shard }: SweepRecord): string {
  const some = results.length < networks ? ` ${count(results.length)} of ${count(networks)} networks are finished.` : ''
  const part = shard ? ` Part ${shard.index} of ${shard.count} of the sweep.` : ''
  const folds = countFolds(results)
  const validated = data.validationSamples > 0 ? ` and validated on ${count(data.validationSamples)}` : ''
  const held = folds > 0 ? ` and cross-validated with ${count(folds)} folds` : validated
  return `Trained on ${count(data.samples)} samples${held}, in ${timeSpan(seconds)} on ${backend.description}.${part}${some}`
}

/** How many folds score each network; 0 without folds. */
export const countFolds = ([first]: readonly ResultRecord[]): number => first?.folds?.length ?? 0

/** 12.3 s, 3 min 20 s, 2 h 5 min. */
export function timeSpan(seconds: number): string {
  if (seconds < 59.95) return `${seconds.toFixed(seconds < 1 ? 2 : 1)} s`
  const whole = Math.round(seconds)
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`
  const minutes = Math.round(whole / 60)
  return `${count(Math.floor(minutes / 60))} h ${minutes % 60} min`
}

/** A score as text: 96.2 %, or for regression 0.98. */
export function textOfScore(score: number | null, record: SweepRecord): string {
  if (score === null) return '–'
  return record.scoreName === 'r2' ? decimal(score) : `${(100 * score).toFixed(decimalsOf(record))} %`
}

const finite = ({ diverged }: ResultRecord) => !diverged

/** How many networks ended before their last epoch without diverging: successive halving or early stopping ended them. */
function countStopped(results: readonly ResultRecord[]): number {
  const most = results.reduce((longest, { epochs }) => Math.max(longest, epochs), 0)
  const wanted = ({ settings }: ResultRecord) => (typeof settings.epochs === 'number' ? settings.epochs : most)
  return results.filter((one) => finite(one) && one.epochs < wanted(one)).length
}

/** The numbers at the top of the page. */
export function makeTiles(record: SweepRecord): string {
  const { results, ensemble, networksPerSecond } = record
  const best = results.find(finite)
  const name = nameScore(record)
  const diverged = results.length - results.filter(finite).length
  const stopped = countStopped(results)
  const rate = networksPerSecond ?? 0
  const tiles = [
    tile(`Best ${name}`, textOfScore(best?.score ?? null, record)),
    ensemble
      ? tile(`The best ${count(ensemble.networks)} as an ensemble`, textOfScore(ensemble.score, record))
      : tile('Loss of the best network', best?.loss == null ? '–' : decimal(best.loss)),
    tile(results.length === 1 ? 'Network' : 'Networks', count(results.length)),
    networksPerSecond === null ? '' : tile('Networks per second', rate < 100 ? decimal(Number(rate.toPrecision(3))) : count(Math.round(rate))), // prettier-ignore
    stopped > 0 ? tile('Stopped early', count(stopped)) : '',
    diverged > 0 ? tile('Diverged', count(diverged)) : '',
  ]
  return tiles.join('')
}

const tile = (label: string, value: string) =>
  `<div class="tile"><span>${escapeHtml(label)}</span><strong>${escapeHtml(value)}</strong></div>`

/** The settings of the best network, and its command. */
export function bestNetwork(record: SweepRecord): string {
  const { axes, results } = record
  const best = results.find(finite)
  if (!best) return '<section><h2>Best network</h2><p class="note">The training of all networks diverged.</p></section>'
  const varied = axes.filter(({ values, name }) => values.length > 1 && name !== 'seed')
  const rows: [string, string][] = [
    ...varied.map(({ name }): [string, string] => [nameSetting(name), textOfNumber(name, best)]),
    ['seed', String(best.seed)],
    ['epochs', count(best.epochs)],
    ['parameters', count(best.parameters)],
    ['loss', best.loss === null ? '–' : decimal(best.loss)],
    ...(best.deviation === null
      ? []
      : [['deviation of the folds', textOfScore(best.deviation, record)] as [string, string]]),
  ]
  const items = rows.map(([name, value]) => `<div><dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd></div>`)
  return (
    `<section class="best-network" aria-labelledby="best-title"><h2 id="best-title">Best network</h2>` +
    `<dl class="facts">${items.join('')}</dl>${commandBlock(best.command, 'Copy the command of the best network')}</section>`
  )
}

function textOfNumber(name: string, { settings }: ResultRecord): string {
  const value = settings[name]
  return typeof value === 'number' ? decimal(value) : textOfSetting(name, value)
}
