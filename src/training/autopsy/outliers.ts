import type { BadValue } from '../../core/autopsy.ts'
import type { Dataset } from '../../data/dataset.ts'
import { type NamedColumn, numberColumns, targetColumns } from '../advice/columns.ts'
import type { DataWindow } from '../feed/feed.ts'

interface Values {
  readonly rows: number
  readonly cols: number
  readonly data: ArrayLike<number>
}

/** A column as it is scanned: from `low` to `high` are the values that are no outliers. */
interface Bounds {
  readonly column: NamedColumn
  readonly source: Values
  readonly low: number
  readonly high: number
  /** From a value as the network gets it to the value in the units of the data. */
  readonly original: (value: number) => number
}

/** A value that is far from the others of its column. */
export interface Outlier {
  /** The number of its sample in the window, from 0. */
  readonly row: number
  readonly bounds: Bounds
  readonly value: number
  /** How far it is from the middle of the usual values, in widths of their range. */
  readonly distance: number
}

/** Values that are sorted at most to find the usual ones of all columns, and of one column. */
const [MOST_SORTED, MOST_OF_COLUMN] = [1 << 18, 2048]
/** Values that are examined at most. */
const MOST_SCANNED = 1e8
/** Values are outliers from this many widths of the middle 80 % of their column on. */
const FAR = 30
/** Outliers in more rows than this share of all, or in more than these few, are how the column is distributed. */
const [MOST_SHARE, FEW] = [0.02, 3]

/**
 * Samples with values that are far from all others of their columns, the farthest of each sample.
 * @returns none where the number of outliers shows that the columns are distributed like this
 */
export function findOutliers(data: Dataset): Outlier[] {
  const found = new Map<number, Outlier>()
  const most = Math.max(FEW, MOST_SHARE * data.length)
  for (const bounds of [...inputBounds(data), ...targetBounds(data)]) {
    const { source, column, low, high } = bounds
    const rows = Math.min(source.rows, Math.ceil(MOST_SCANNED / source.cols))
    for (let row = 0, at = column.place; row < rows; row++, at += source.cols) {
      const value = source.data[at]!
      if (value >= low && value <= high) continue
      const distance = Math.abs(value - (low + high) / 2) / (high - low)
      if (distance <= (found.get(row)?.distance ?? 0)) continue
      found.set(row, { row, bounds, value, distance })
      if (found.size > most) return []
    }
  }
  return [...found.values()]
}

function inputBounds(data: Dataset): Bounds[] {
  const { scaling, inputs } = data
  return boundsOf(inputs, numberColumns(data), (place) => unscaled(scaling, place))
}

/** Those of regression targets; classes are 0 and 1. */
function targetBounds(data: Dataset): Bounds[] {
  const { classes, targets, targetScaling, exactTargets } = data
  if (classes) return []
  const isScaled = targetScaling !== undefined
  return boundsOf(isScaled ? targets : exactTargets, targetColumns(data), (place) => unscaled(targetScaling, place))
}

const unscaled =
  (scaling: Dataset['scaling'], place: number) =>
  (value: number): number =>
    scaling ? value * scaling.scale[place]! + scaling.offset[place]! : value

function boundsOf(
  source: Values,
  columns: readonly NamedColumn[],
  originalOf: (place: number) => (value: number) => number,
): Bounds[] {
  const most = Math.max(64, Math.min(MOST_OF_COLUMN, Math.floor(MOST_SORTED / Math.max(1, columns.length))))
  const middles = columns.map((column) => middleOf(source, column.place, most))
  // A column with one usual value, such as the border of pictures, is compared with the width of the others.
  const widths = middles.map(({ low, high }) => high - low).filter((width) => width > 0)
  const usualWidth = widths.length > 0 ? widths.sort((a, b) => a - b)[widths.length >> 1]! : 1
  return columns.map((column, i) => {
    const { low, high } = middles[i]!
    const margin = FAR * (high > low ? high - low : Math.max(usualWidth, Math.abs(low)))
    return { column, source, low: low - margin, high: high + margin, original: originalOf(column.place) }
  })
}

/** The range of the middle 80 % of a column's values. */
function middleOf({ rows, cols, data }: Values, place: number, most: number) {
  const every = Math.max(1, Math.floor(rows / most))
  const values = Float64Array.from({ length: Math.floor((rows - 1) / every) + 1 }, (_, i) => data[i * every * cols + place]!) // prettier-ignore
  values.sort()
  const last = values.length - 1
  return { low: values[Math.floor(0.1 * last)]!, high: values[Math.ceil(0.9 * last)]! }
}

/** An outlier for people: in the units of the data, with the range of the column's other values. */
export function asBadValue({ row, bounds, value }: Outlier, { data, first }: DataWindow): BadValue {
  const { source, column, original, low, high } = bounds
  let [smallest, largest] = [Infinity, -Infinity]
  const rows = Math.min(source.rows, Math.ceil(MOST_SCANNED / source.cols))
  for (let i = 0, at = column.place; i < rows; i++, at += source.cols) {
    const one = source.data[at]!
    if (one < low || one > high) continue
    smallest = Math.min(smallest, one)
    largest = Math.max(largest, one)
  }
  const usual = { low: original(smallest), high: original(largest) }
  return { row: first + row + 1, column: column.name, value: exactValue(data, { row, bounds, value }), usual }
}

/** The value as it was given, where it is held in float64. */
function exactValue(
  { columns, encoding, inputs }: Dataset,
  { row, bounds, value }: Pick<Outlier, 'row' | 'bounds' | 'value'>,
) {
  const isInput = bounds.source === inputs
  return isInput && columns && !encoding
    ? columns.data[row * columns.cols + bounds.column.place]!
    : bounds.original(value)
}
