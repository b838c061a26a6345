import type { CsvColumn, Dataset, EncodedColumn } from '../../src/index.ts'
import { formatNumber } from '../numbers.ts'
import type { ShownColumn } from '../protocol.ts'
import type { Kind } from '../settings.ts'

/** How the columns of a file are used. */
interface Use {
  /** The places of the inputs, in the order of the file. */
  inputs: readonly number[]
  /** The places of the targets, in the order of the outputs. */
  targets: readonly number[]
  kind: Kind
  /** The places of the columns that the user switched off. */
  without: readonly number[]
  /** All samples, before they are split and scaled. */
  data: Dataset
  /** The preprocessed training data. */
  train: Dataset
}

/** Says about each column of a file what it holds and what was done with it. */
export function describeColumns(columns: readonly CsvColumn[], use: Use): ShownColumn[] {
  const { inputs, targets, without, data, train } = use
  return columns.map((column, place): ShownColumn => {
    const { name, problem } = column
    const encoded = train.encoding?.columns[inputs.indexOf(place)]
    const holds = describeContent(column, encoded)
    if (targets.includes(place)) {
      const gaps = column.missing > 0 ? `; ${leftOut(column.missing)}` : ''
      return { name, holds, role: 'target', done: describeTarget(use, targets.indexOf(place)) + gaps }
    }
    if (problem !== undefined) return { name, holds, role: 'unusable', done: `left out: it ${problem}` }
    if (without.includes(place)) return { name, holds, role: 'off', done: 'switched off' }
    return {
      name,
      holds,
      role: 'input',
      done:
        describeWay(column, train.scaling !== undefined) +
        describeGaps(column, encoded, countGaps(data, inputs.indexOf(place))),
    }
  })
}

function describeContent({ kind, distinct, missing }: CsvColumn, encoded: EncodedColumn | undefined): string {
  if (encoded?.kind === 'category') return `words: ${plural(encoded.categories.length, 'category', 'categories')}`
  if (kind === 'number') return 'numbers'
  if (kind === 'boolean') return 'yes or no'
  if (kind === 'category') return `words: ${plural(distinct - Number(missing > 0), 'category', 'categories')}`
  return distinct > Number(missing > 0) ? 'words' : 'nothing'
}

function describeTarget({ kind, targets, train: { classes, targetScaling } }: Use, output: number): string {
  if (kind === 'labels') return 'a label: 1 or 0'
  if (classes)
    return targets.length > 1 ? `one of ${classes.length} classes` : plural(classes.length, 'class', 'classes')
  if (!targetScaling) return 'not scaled'
  const { offset, scale } = targetScaling
  return `scaled: mean ${formatNumber(offset[output]!)}, standard deviation ${formatNumber(scale[output]!)}`
}

function describeWay({ kind, distinct, missing }: CsvColumn, isScaled: boolean): string {
  if (distinct === 1 && missing === 0) return 'the same in every row, so it cannot help'
  const ways = {
    number: isScaled ? 'scaled' : 'not scaled',
    boolean: 'yes is 1, no is 0',
    category: 'one input per category',
  }
  return ways[kind ?? 'number']
}

/** @param filled how many values are missing in the rows that are used */
function describeGaps({ missing }: CsvColumn, encoded: EncodedColumn | undefined, filled: number): string {
  if (missing === 0) return ''
  if (encoded?.fill === undefined) return `; ${leftOut(missing)}`
  return `; ${plural(filled, 'missing value', 'missing values')} filled with ${describeFill(encoded)}`
}

/** Values that are missing in a column of the samples. */
function countGaps({ columns }: Dataset, j: number): number {
  let gaps = 0
  for (let i = 0; columns && i < columns.rows; i++) gaps += Number(Number.isNaN(columns.data[i * columns.cols + j]))
  return gaps
}

function describeFill({ kind, fill }: EncodedColumn): string {
  if (kind === 'number') return `the median ${formatNumber(fill ?? 0)}`
  return kind === 'boolean' ? (fill === 1 ? 'yes' : 'no') : `“${fill}”`
}

const leftOut = (rows: number) => `${plural(rows, 'row', 'rows')} without a value ${rows === 1 ? 'is' : 'are'} left out`

const plural = (count: number, one: string, several: string) =>
  `${count.toLocaleString('en')} ${count === 1 ? one : several}`
