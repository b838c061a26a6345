import { describe, InputError } from './errors.ts'
import { isList } from './lists.ts'

interface Rows {
  readonly rows: number
  readonly cols: number
  readonly data: ArrayLike<number>
}

/**
 * Rows of data in their own units, before any preprocessing: row-major float64, one value per column. A missing value is
 * NaN; a column of categories holds the place of each category, counted from 0, and -1 for an unknown one.
 */
export class RawRows {
  /** The number of rows. */
  readonly rows: number
  /** The number of columns. */
  readonly cols: number
  /** The rows × cols values. */
  readonly data: Float64Array

  /** @throws InputError where data does not hold rows · cols values */
  constructor(rows: number, cols: number, data: Float64Array = new Float64Array(rows * cols)) {
    if (data.length !== rows * cols) {
      throw new InputError(`raw rows: expected ${rows} × ${cols} = ${rows * cols} values, got ${data.length}`)
    }
    this.rows = rows
    this.cols = cols
    this.data = data
  }

  /** Rows of that form, made by anyone. @throws InputError for other values, and shapes that the values do not fill */
  static of(value: unknown): RawRows {
    if (value instanceof RawRows) return value
    const { rows, cols, data } = (value ?? {}) as Partial<Rows>
    const isCount = (count: unknown): count is number => Number.isInteger(count) && (count as number) >= 1
    if (!isCount(rows) || !isCount(cols) || !(data instanceof Float64Array)) {
      throw new InputError(`rows: expected { rows, cols, data } with data in a Float64Array, got ${describe(value)}`)
    }
    return new RawRows(rows, cols, data)
  }

  /**
   * A copy of the given rows, in the order given.
   * @param rows the numbers of the rows, counted from 0; a row may occur more than once
   * @throws InputError for a row that does not exist
   */
  take(rows: ArrayLike<number>): RawRows {
    if (!isList(rows)) throw new InputError('rows: expected a list of row numbers')
    const { cols, data } = this
    const taken = new RawRows(rows.length, cols)
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!
      if (!(Number.isInteger(row) && row >= 0 && row < this.rows)) {
        throw new InputError(`row: expected a whole number from 0 to ${this.rows - 1}, got ${row}`)
      }
      for (let j = 0; j < cols; j++) taken.data[i * cols + j] = data[row * cols + j]!
    }
    return taken
  }

  /**
   * Row i, as a view.
   * @param i the number of the row, counted from 0
   */
  row(i: number): Float64Array {
    return this.data.subarray(i * this.cols, (i + 1) * this.cols)
  }

  /**
   * A copy of neighbouring columns: rows × count.
   * @param first the first column to copy, counted from 0
   * @param count how many columns to copy
   */
  columns(first: number, count: number): RawRows {
    const taken = new RawRows(this.rows, count)
    for (let i = 0; i < this.rows; i++) {
      for (let j = 0; j < count; j++) taken.data[i * count + j] = this.data[i * this.cols + first + j]!
    }
    return taken
  }

  /**
   * Rows from `start` up to, but not including, `end`: a view, nothing is copied.
   * @param start the first row, counted from 0
   * @param end the row after the last one, at most `rows`
   */
  slice(start: number, end: number): RawRows {
    return new RawRows(end - start, this.cols, this.data.subarray(start * this.cols, end * this.cols))
  }

  /** The values of a float32 matrix. */
  static from({ rows, cols, data }: Rows): RawRows {
    return new RawRows(rows, cols, Float64Array.from(data))
  }

  /** Rows of equal width, one part below the other. @throws InputError where the widths differ */
  static join(parts: readonly RawRows[]): RawRows {
    if (parts.length === 1) return parts[0]!
    const cols = parts[0]?.cols ?? 0
    const joined = new RawRows(
      parts.reduce((sum, part) => sum + part.rows, 0),
      cols,
    )
    fillRows(joined, parts)
    return joined
  }
}

/** Puts parts one below the other. @throws InputError where their widths differ from that of the whole */
export function fillRows(
  { cols, data }: { readonly cols: number; readonly data: Float32Array | Float64Array },
  parts: readonly Rows[],
): void {
  let at = 0
  for (const part of parts) {
    if (part.cols !== cols) throw new InputError(`concat: expected ${cols} columns, as the first has, got ${part.cols}`)
    data.set(part.data, at)
    at += part.data.length
  }
}

/**
 * The values that a float32 matrix was made of, where it lost some of them to rounding; else undefined.
 * @param values rows of numbers, a list of numbers, or a matrix; anything else has nothing to lose
 */
export function exactRows(values: unknown, rounded: Rows): RawRows | undefined {
  const flat = listValues(values, rounded)
  if (!flat || flat.length !== rounded.data.length) return undefined
  for (let i = 0; i < flat.length; i++) {
    if (flat[i] !== rounded.data[i]) {
      return new RawRows(rounded.rows, rounded.cols, flat instanceof Float64Array ? flat : Float64Array.from(flat))
    }
  }
  return undefined
}

/** The values in one list, where there are any; those of rows are copied, others may be the caller's. */
function listValues(values: unknown, { rows, cols }: Rows): ArrayLike<number> | undefined {
  const list = isList(values) ? values : (values as Partial<Rows> | undefined)?.data
  if (!isList(list) || list instanceof Float32Array) return undefined
  const first = list[0]
  if (typeof first === 'number') return Array.isArray(list) ? list : Float64Array.from(list as ArrayLike<number>)
  if (!isList(first) || list.length !== rows) return undefined
  const flat = new Float64Array(rows * cols)
  for (let i = 0; i < rows; i++) flat.set(list[i] as ArrayLike<number>, i * cols)
  return flat
}
