import { type Epoch } from '../../index.ts'

const columns = ['epoch', 'loss', 'accuracy', 'validation_loss', 'validation_accuracy', 'learning_rate', 'seconds']

/** The first line of a history, and that of earlier versions. */
export const historyHeaders = [`${columns.join(',')}\r\n`, 'epoch,loss,accuracy,validation_loss,validation_accuracy,seconds\r\n'] // prettier-ignore

/**
 * The history of a run as CSV (RFC 4180), a line an epoch, none left out: losses are means over samples, accuracies
 * shares from 0 to 1, the learning rate and the seconds those of the epoch; what was not measured is empty.
 */
export function historyCsv(epochs: readonly Epoch[]): string {
  const rows = epochs.map(({ epoch, loss, accuracy, validation, learningRate, seconds }) => [
    epoch,
    loss,
    accuracy ?? '',
    validation?.loss ?? '',
    validation?.accuracy ?? '',
    learningRate,
    seconds,
  ])
  return [columns, ...rows].map((row) => `${row.join(',')}\r\n`).join('')
}

/**
 * The file for a report's history, next to the report: `history.csv` for `report.html` and `NAME-history.csv` for another
 * `NAME.html`, so that reports in one folder keep theirs. Undefined where the report is no such file (`/dev/stdout`).
 */
export function historyPath(report: string): string | undefined {
  if (!/[^/\\]\.html?$/i.test(report)) return undefined
  const stem = report.replace(/\.html?$/i, '')
  return /(^|[/\\])report$/.test(stem) ? stem.replace(/report$/, 'history.csv') : `${stem}-history.csv`
}
