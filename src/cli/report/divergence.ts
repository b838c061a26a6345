import type { DivergedError } from '../../index.ts'
import { count, decimal } from '../output.ts'
import { causes } from '../remedies.ts'
import { commandWith } from '../train/command.ts'
import { escapeHtml, makePage, namedRows } from './html.ts'
import { makeRecord } from './record.ts'
import type { RecordedRun } from './trained-run.ts'
import { settingsSections } from './settings.ts'
import script from './divergence.js?raw'

/** A run that diverged, with its words on the command line. */
export interface DivergedRun {
  readonly run: RecordedRun
  readonly error: DivergedError
  readonly words: readonly string[]
}

/** The report of a run that diverged: where, why, and what helps. It is a record of the run as any other report. */
export function makeDivergedReport({ run, error, words }: DivergedRun): string {
  const record = makeRecord(run)
  const { autopsy, epoch, fold } = error
  const before = record.curves.epoch.length
  const body = [
    divergenceSection(error, words),
    lossesSection(error),
    before > 0
      ? `<section><h2>Learning curve</h2><figure><div id="loss" class="chart"></div><figcaption>Loss of the ${count(before)} epochs before${record.curves.validationLoss ? '; dashed: validation' : ''}</figcaption></figure></section>`
      : '',
    ...settingsSections(record),
  ]
  return makePage({
    title: record.title,
    eyebrow: 'webgpu-mlp report: the training diverged',
    summary: `The training ${fold === undefined ? '' : `of fold ${count(fold)} `}diverged in epoch ${count(epoch)}. The last good parameters are those from before that epoch.`,
    body: body.join('\n'),
    payload: { record, losses: autopsy?.losses ?? null },
    script,
  })
}

function divergenceSection(
  { epoch, loss, minibatch, layer, fold, autopsy, message }: DivergedError,
  words: readonly string[],
) {
  const place = [
    ...(fold === undefined ? [] : [`fold ${count(fold)}`]),
    `epoch ${count(epoch)}`,
    ...(minibatch === undefined ? [] : [`minibatch ${count(minibatch)}`]),
    ...(layer === undefined ? [] : [`layer ${count(layer)}`]),
  ]
  const { bad, fix } = autopsy ?? {}
  const command = fix && commandWith(words, fix)
  const tried = 'A short training on the CPU diverges without this change, and stays finite with it.'
  const rows: [string, string][] = [
    ['where', `${place.join(', ')}: the loss became ${loss}`],
    ...(autopsy
      ? ([
          ['likely cause', causes[autopsy.cause]],
          ['evidence', autopsy.evidence],
        ] as [string, string][])
      : []),
    ...(bad
      ? ([
          ['column', bad.column],
          ['value', sayValue(bad.value)],
          ['other values', `from ${sayValue(bad.usual.low)} to ${sayValue(bad.usual.high)}`],
        ] as [string, string][])
      : []),
    ['what helps', autopsy?.hint ?? message],
    ...(autopsy?.isTried ? ([['tried', tried]] as [string, string][]) : []),
  ]
  const shown =
    command === undefined
      ? ''
      : `<p class="note">The same run with this change:</p><pre class="command">${escapeHtml(command)}</pre>`
  return `<section id="divergence"><h2>Why the training diverged</h2><table class="settings">${namedRows(rows)}</table>${shown}</section>`
}

const sayValue = (value: number) =>
  Math.abs(value) < 1e7 ? decimal(value) : value.toExponential(3).replace(/\.?0+e/, 'e')

function lossesSection({ autopsy }: DivergedError): string {
  const { values = [] } = autopsy?.losses ?? {}
  if (values.filter(Number.isFinite).length < 2) return ''
  const caption = `Loss of the last ${count(values.length)} steps, on a logarithmic scale, as they were repeated on the CPU`
  return `<section><h2>The last steps</h2><figure><div id="steps" class="chart"></div><figcaption>${caption}</figcaption></figure></section>`
}
