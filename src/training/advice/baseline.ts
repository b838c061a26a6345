import type { Dataset } from '../../data/dataset.ts'
import type { Task } from '../../model/description.ts'
import type { Evaluation } from '../score.ts'
import { short } from './spread.ts'

/**
 * Says that a network is no better than an answer that ignores the inputs: the mean of the targets, the commonest class, for
 * each label the commoner value.
 * @returns a clause; undefined where the network is better, or the data have one answer only
 */
export function describeWorse({ r2, accuracy }: Evaluation, data: Dataset, task: Task): string | undefined {
  if (task === 'regression') {
    if (r2 === undefined || r2 >= 0 || isConstant(data)) return undefined
    return `the network is worse than always answering the mean of the targets (R² ${short(r2)})`
  }
  if (accuracy === undefined) return undefined
  const share = task === 'multilabel' ? commonerShare(data) : commonestShare(data)
  // Data of one class are all answered correctly by it. Chance makes a difference of one standard error.
  if (share === 1 || accuracy > share + Math.sqrt((share * (1 - share)) / data.length)) return undefined
  const answer = task === 'multilabel' ? 'answering the commoner value of each label' : 'answering the commonest class'
  const percent = (value: number) => `${(100 * value).toFixed(1)} %`
  const than = accuracy < share ? 'worse than' : 'hardly better than'
  return `the network is ${than} always ${answer} (${percent(accuracy)}, ${percent(share)})`
}

const isConstant = ({ targets: { data } }: Dataset) => data.every((value) => value === data[0])

/** The share of the commonest class. */
function commonestShare(data: Dataset): number {
  const counts = new Map<number, number>()
  for (const label of data.labels()) counts.set(label, (counts.get(label) ?? 0) + 1)
  return Math.max(...counts.values()) / data.length
}

/** The share of labels that the commoner value of each is right for. */
function commonerShare({ targets: { rows, cols, data } }: Dataset): number {
  const trues = new Float64Array(cols)
  for (let at = 0; at < data.length; at++) if (data[at]! > 0.5) trues[at % cols]!++
  return trues.reduce((sum, count) => sum + Math.max(count, rows - count), 0) / (rows * cols)
}
