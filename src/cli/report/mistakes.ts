import {
  classificationReport,
  type ClassificationReport,
  Dataset,
  DataStream,
  decisionBoundary,
  Matrix,
  predictedClasses,
} from '../../index.ts'
import { classNames } from '../scores.ts'
import { predictFirst } from '../train/loaded.ts'
import type { TrainedRun } from './trained-run.ts'

/** Pictures, rows and columns that a report shows at most. */
const MOST_PICTURES = 60
const MOST_ROWS = 40
const MOST_COLUMNS = 12
/** The number of samples of a stream that are examined. */
const MOST_EXAMINED = 20_000

/** The samples that a report examines: the validation data where there are any, with the network's outputs. */
export interface Examined {
  readonly set: Dataset
  readonly held: boolean
  /** How many samples there are; of a stream only the first are examined. */
  readonly of: number
  readonly answers: Matrix
  /** The class that each output predicts. */
  readonly predicted: Uint32Array
  readonly boundary: number
  readonly names: string[]
  /** For classes only. */
  readonly scores: ClassificationReport | undefined
}

export async function examine(run: TrainedRun): Promise<Examined> {
  const { data, loaded, network, trainer } = run
  const all = data.validation ?? data.train
  const set = inTargetUnits(all instanceof DataStream ? await all.take(MOST_EXAMINED) : all)
  const answers = await predictFirst(trainer, data, loaded, data.validation ? 'validation' : 'train', set.length)
  const boundary = decisionBoundary(network)
  const scores = network.task === 'classification' ? classificationReport(answers, set, { boundary }) : undefined
  const names = classNames(network.classes ?? set.classes, scores?.classes.length ?? 0)
  const predicted = predictedClasses(answers, { boundary })
  return { set, held: data.validation !== undefined, of: all.length, answers, predicted, boundary, names, scores }
}

/** The samples with regression targets in their own units, as predictions are. */
function inTargetUnits(set: Dataset): Dataset {
  const { inputs, targets, targetScaling, features, targetNames } = set
  if (!targetScaling) return set
  const { offset, scale } = targetScaling
  const { rows, cols } = targets
  const data = Float64Array.from(targets.data, (value, i) => value * scale[i % cols]! + offset[i % cols]!)
  return Dataset.from(inputs, { rows, cols, data }, { features, targetNames })
}

/** Misclassified samples, as pictures or as rows of a table; for regression, the largest errors. */
export interface Mistakes {
  kind: 'wrong' | 'errors'
  /** How many there are in all, and of how many samples. */
  wrong: number
  of: number
  held: boolean
  pictures: { side: number; shown: { pixels: string; answer: number; label: number }[] } | null
  rows: { head: string[]; body: string[][] } | null
}

export function findMistakes(run: TrainedRun, examined: Examined): Mistakes {
  const { set, held, scores, predicted, boundary } = examined
  const common = { kind: 'wrong' as const, of: set.length, held }
  if (!scores)
    return {
      ...common,
      kind: 'errors',
      wrong: set.length,
      pictures: null,
      rows: largestErrors(examined, run.network.task === 'multilabel'),
    }
  const labels = set.labels(boundary)
  const wrong = Array.from(labels.keys()).filter((i) => predicted[i] !== labels[i])
  // The samples that the network was surest of come first.
  wrong.sort((a, b) => certainty(examined, b) - certainty(examined, a))
  const side = pictureSide(set)
  if (side === undefined) {
    return { ...common, wrong: wrong.length, pictures: null, rows: wrongRows(examined, wrong) }
  }
  const brightest = set.inputs.data.reduce((a, b) => Math.max(a, b), 0)
  const shown = wrong.slice(0, MOST_PICTURES).map((i) => ({
    pixels: paint(rawRow(set, i), brightest),
    answer: predicted[i]!,
    label: labels[i]!,
  }))
  return { ...common, wrong: wrong.length, pictures: { side, shown }, rows: null }
}

/** How far the answer is from the next. */
function certainty({ answers, boundary }: Examined, i: number): number {
  return answers.cols === 1 ? Math.abs(answers.get(i, 0) - boundary) : answers.row(i).reduce((a, b) => Math.max(a, b))
}

/**
 * The side of square pictures: inputs that are a square of at least 5 × 5 numbers, none below 0, and whose names, if any,
 * are numbered like `pixel0`, `pixel1`, ….
 */
export function pictureSide({ inputs, features }: Dataset): number | undefined {
  const side = Math.sqrt(inputs.cols)
  if (!Number.isInteger(side) || side < 5) return undefined
  return !features || features.every((name) => /^\D*\d+(\D\d+)?$/.test(name)) ? side : undefined
}

/** Row i in its own units; what rounding alone keeps from 0 is 0. */
function rawRow(set: Dataset, i: number): number[] {
  const { scaling } = set
  return Array.from(set.inputs.row(i), (x, j) => {
    if (!scaling) return x
    const [offset, moved] = [scaling.offset[j]!, x * scaling.scale[j]!]
    const value = moved + offset
    return Math.abs(value) < 1e-6 * Math.abs(offset) ? 0 : value
  })
}

/** Pixels as base64 of bytes; from 0 to 1 or to 255, whichever they reach. */
function paint(row: readonly number[], brightest: number): string {
  const white = brightest > 255 ? brightest : brightest > 1 || row.some((value) => value > 1.001) ? 255 : 1
  return Buffer.from(Uint8ClampedArray.from(row, (value) => (255 * value) / white)).toString('base64')
}

const short = (value: number) => String(Number(value.toPrecision(5)))

function inputNames({ features, inputs, encoding }: Dataset): string[] {
  const columns = encoding?.columns.length ?? inputs.cols
  return Array.from({ length: Math.min(MOST_COLUMNS, columns) }, (_, j) => features?.[j] ?? `input ${j + 1}`)
}

/** The first columns of a sample, as the file has them: words of columns of words, nothing for missing values. */
function inputCells(set: Dataset, i: number): string[] {
  const { encoding, columns } = set
  if (!encoding || !columns) return rawRow(set, i).slice(0, MOST_COLUMNS).map(short)
  return encoding.columns.slice(0, MOST_COLUMNS).map((column, j) => {
    const value = columns.data[i * columns.cols + j]!
    if (Number.isNaN(value)) return ''
    return column.kind === 'category' ? (column.categories[value] ?? '') : short(value)
  })
}

function wrongRows({ set, answers, predicted, boundary, names }: Examined, wrong: readonly number[]) {
  const labels = set.labels(boundary)
  const body = wrong.slice(0, MOST_ROWS).map((i) => {
    const answer = predicted[i]!
    const value = answers.get(i, answers.cols === 1 ? 0 : answer)
    return [names[labels[i]!] ?? '', names[answer] ?? '', short(value), ...inputCells(set, i)]
  })
  return { head: ['class', 'predicted', 'output', ...inputNames(set)], body }
}

function largestErrors({ set, answers }: Examined, areShares: boolean) {
  const { targets } = set
  const { cols } = targets
  const errors = Float64Array.from({ length: set.length }, (_, i) => {
    let error = 0
    for (let j = 0; j < cols; j++) error += Math.abs(answers.get(i, j) - targets.get(i, j)) / cols
    return error
  })
  const order = Array.from(errors.keys()).sort((a, b) => errors[b]! - errors[a]!)
  const share = (value: number) => String(Number(value.toFixed(3)))
  const several = (values: Float32Array) =>
    Array.from(values.subarray(0, 3), areShares ? share : short).join(', ') + (values.length > 3 ? ', …' : '')
  const body = order
    .slice(0, MOST_ROWS / 2)
    .map((i) => [several(targets.row(i)), several(answers.row(i)), short(errors[i]!), ...inputCells(set, i)])
  return { head: ['target', 'predicted', 'error', ...inputNames(set)], body }
}
