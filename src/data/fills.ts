import { RawRows } from '../core/raw-rows.ts'
import { type EncodedColumn, Encoding } from '../model/encoding.ts'

/**
 * What fills missing values: the median of a column of numbers, the most frequent value of truth values and categories (the
 * first of several), as scikit-learn's SimpleImputer. A column without any value keeps the fill that it has.
 * @param raw rows × columns, those of the training part only
 */
export function fitFills(raw: RawRows, encoding: Encoding): Encoding {
  const columns = encoding.columns.map((column, j): EncodedColumn => {
    const values = presentValues(raw, j, column.kind === 'number' ? -Infinity : 0)
    if (values.length === 0) return column
    if (column.kind === 'number') return { ...column, fill: median(values) }
    const most = mostFrequent(values)
    return column.kind === 'boolean' ? { ...column, fill: most } : { ...column, fill: column.categories[most] }
  })
  return new Encoding(columns, encoding.missing)
}

/** Values from `least` on: unknown categories are below 0. */
function presentValues({ rows, cols, data }: RawRows, j: number, least: number): Float64Array {
  const values = new Float64Array(rows)
  let count = 0
  for (let i = 0; i < rows; i++) {
    const value = data[i * cols + j]!
    if (value >= least) values[count++] = value
  }
  return values.subarray(0, count)
}

/** The middle value, or the mean of the two in the middle. */
function median(values: Float64Array): number {
  const sorted = values.slice().sort()
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : sorted[middle - 1]! / 2 + sorted[middle]! / 2
}

function mostFrequent(values: Float64Array): number {
  const counts = new Map<number, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  const most = Math.max(...counts.values())
  return Math.min(...[...counts].filter(([, count]) => count === most).map(([value]) => value))
}

/**
 * Which rows have no missing value; undefined where all are complete.
 * @param encoding whose fills make missing values complete
 */
export function completeRows({ rows, cols, data }: RawRows, encoding?: Encoding): Uint32Array | undefined {
  const complete: number[] = []
  for (let i = 0; i < rows; i++) {
    let isComplete = true
    for (let j = 0; j < cols; j++) {
      if (Number.isNaN(data[i * cols + j]) && encoding?.columns[j]!.fill === undefined) isComplete = false
    }
    if (isComplete) complete.push(i)
  }
  return complete.length === rows ? undefined : Uint32Array.from(complete)
}
