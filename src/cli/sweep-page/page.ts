import { count } from '../output.ts'
import { makePage, namedRows } from '../report/html.ts'
import type { SweepRecord } from '../sweep/record.ts'
import script from './browser/main.tsx?page'
import { commandBlock } from './command.ts'
import { makePayload, nameSetting, textOfSetting } from './columns.ts'
import type { Wall } from './payload.ts'
import { bestNetwork, countFolds, describeSweep, makeTiles } from './summary.ts'
import printStyles from './print.css?raw'
import resultStyles from './sweep-results.css?raw'
import styles from './sweep.css?raw'

/** A sweep, and pictures of its best networks ({@link makeWall}), where there are some. */
export interface SweepReport {
  readonly record: SweepRecord
  readonly wall: Wall | undefined
}

/** One self-contained HTML file that shows the results of a sweep: it loads nothing, and takes names as text only. */
export function sweepPage({ record, wall }: SweepReport): string {
  const { results, data } = record
  const body = [
    `<section class="tiles" aria-label="Summary">${makeTiles(record)}</section>`,
    bestNetwork(record),
    '<div id="explorer"></div>',
    `<section><h2>The same for all networks</h2><table class="settings">${namedRows(commonRows(record))}</table></section>`,
    `<section><h2>The command of the sweep</h2>${commandBlock(record.command, 'Copy the command of the sweep')}</section>`,
  ]
  return makePage({
    title: `${count(results.length)} ${results.length === 1 ? 'network' : 'networks'} on ${data.name}`,
    eyebrow: 'webgpu-mlp sweep',
    summary: describeSweep(record),
    body: body.join('\n'),
    payload: makePayload(record, wall),
    script,
    styles: styles + resultStyles + printStyles,
  })
}

/** Settings with one value, the data and the device. */
function commonRows({ results, axes, data, backend, program }: SweepRecord): [string, string][] {
  const varied = new Set(axes.filter(({ values }) => values.length > 1).map(({ name }) => name))
  const [first] = results
  const folds = countFolds(results)
  const common = Object.entries(first?.settings ?? {}).filter(([name]) => !varied.has(name))
  const one = first && !varied.has('seed') ? [['seed', String(first.seed)] as [string, string]] : []
  return [
    ...common.map(([name, value]): [string, string] => [nameSetting(name), textOfSetting(name, value)]),
    ...one,
    ['training samples', count(data.samples)],
    folds > 0
      ? ['folds', count(folds)]
      : ['validation samples', data.validationSamples > 0 ? count(data.validationSamples) : 'none'],
    ['fingerprint of the data', data.fingerprint],
    ['backend', `${backend.name}: ${backend.description}`],
    ['program', program],
  ]
}
