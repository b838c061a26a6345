import { settingNames } from './settings.ts'
import type { ResultRecord, SweepRecord } from './record.ts'

/** The columns before those of the settings. */
const first = ['rank', 'score', 'mean_loss', 'seed']

/** How each of these files begins. */
export const csvStart = `${first.join()},`

/** Rows that are made into text together. */
const AT_ONCE = 4096

/**
 * The results as CSV (RFC 4180), a line a network, the best one first, a part at a time: a column for each setting by its name,
 * empty where a score or a loss is not finite.
 */
export async function* resultsCsv({ results, scoredOn }: SweepRecord): AsyncGenerator<string> {
  const { default: Papa } = await import('papaparse')
  const textOf = (rows: unknown[][]) => `${Papa.unparse(rows, { newline: '\r\n' })}\r\n`
  const used = new Set(results.flatMap(({ settings }) => Object.keys(settings)))
  const names = settingNames.filter((name) => used.has(name))
  const hasFolds = scoredOn === 'folds'
  yield textOf([
    [
      ...[...first, ...names, ...(hasFolds ? ['score_deviation', 'fold_scores'] : [])],
      ...['trained_epochs', 'parameters', 'diverged', 'diverged_in_epoch', 'cause', 'index', 'command'],
    ],
  ])
  const rowOf = ({ settings, ...result }: ResultRecord) => [
    ...[result.rank, result.score, result.loss, result.seed],
    ...names.map((name) => settings[name]),
    ...(hasFolds ? [result.deviation, result.folds?.map(({ score }) => score).join(';')] : []),
    ...[
      result.epochs,
      result.parameters,
      result.diverged,
      result.fault?.epoch,
      result.autopsy?.cause,
      result.index,
      result.command,
    ],
  ]
  for (let from = 0; from < results.length; from += AT_ONCE)
    yield textOf(results.slice(from, from + AT_ONCE).map(rowOf))
}
