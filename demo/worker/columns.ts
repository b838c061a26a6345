import type { CsvColumn, Dataset, EncodedColumn } from '../../src/index.ts'
import { formatNumber } from '../numbers.ts'
import type { ShownColumn } from '../protocol.ts'

/** How the columns of a file are used. */
interface Use {
  /** The places of the inputs, in the order of the file. */
  inputs: readonly number[]
  /** The place of the target. */
  at: number
  /** The places of the columns that the user switched off. */
  without: readonly number[]
  /** The preprocessed training data. */
  train: Dataset
}

/** Says about each column of a file what it holds and what was done with it. */
export function describeColumns(columns: readonly CsvColumn[], { inputs, at, without, train }: Use): ShownColumn[] {
  return columns.map((column, place): ShownColumn => {
    const { name, problem } = column
    const encoded = train.encoding?.columns[inputs.indexOf(place)]
    const holds = describeContent(column, encoded)
    if (place === at) {
      const gaps = column.missing > 0 ? `; ${plural(column.missing, 'row', 'rows')} without a value left out` : ''
      return { name, role: 'target', holds, done: describeTarget(train) + gaps }
    }
    if (problem !== undefined) return { name, role: 'unusable', holds, done: `left out: it ${problem}` }
    if (without.includes(place)) return { name, role: 'off', holds, done: 'switched off' }
    return { name, role: 'input', holds, done: describeInput(column, encoded) }
  })
}

function describeContent({ kind, distinct, missing }: CsvColumn, encoded: EncodedColumn | undefined): string {
  if (encoded?.kind === 'category') return `words: ${plural(encoded.categories.length, 'category', 'categories')}`
  if (kind === 'number') return 'numbers'
  if (kind === 'boolean') return 'yes or no'
  if (kind === 'category') return `words: ${plural(distinct - Number(missing > 0), 'category', 'categories')}`
  return distinct > Number(missing > 0) ? 'words' : 'nothing'
}

function describeTarget({ classes, targetScaling }: Dataset): string {
  if (classes) return plural(classes.length, 'class', 'classes')
  const [mean, deviation] = [targetScaling?.offset[0] ?? 0, targetScaling?.scale[0] ?? 1]
  return `scaled: mean ${formatNumber(mean)}, deviation ${formatNumber(deviation)}`
}

function describeInput({ kind, distinct, missing }: CsvColumn, encoded: EncodedColumn | undefined): string {
  const ways = { number: 'scaled', boolean: 'yes is 1, no is 0', category: 'one input per category' }
  const way = distinct === 1 && missing === 0 ? 'the same in every row: of no use' : ways[kind ?? 'number']
  if (missing === 0) return way
  if (encoded?.fill === undefined) return `${way}; ${plural(missing, 'row', 'rows')} without a value left out`
  return `${way}; ${plural(missing, 'missing value', 'missing values')} filled with ${describeFill(encoded)}`
}

function describeFill({ kind, fill }: EncodedColumn): string {
  if (kind === 'number') return `the median ${formatNumber(fill ?? 0)}`
  return kind === 'boolean' ? (fill === 1 ? 'yes' : 'no') : `“${fill}”`
}

const plural = (count: number, one: string, several: string) =>
  `${count.toLocaleString('en')} ${count === 1 ? one : several}`
