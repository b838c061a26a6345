import { checkInstance, checkInteger, describe, InputError, listNames } from '../core/errors.ts'
import { isList } from '../core/lists.ts'
import { RawRows } from '../core/raw-rows.ts'
import { encodeInputs } from './encode-inputs.ts'
import { type EncodedColumn, widthOf } from './encoded-column.ts'
import { encoders } from './instances.ts'

export type { EncodedColumn }

/** What is done with a row that has a missing value. */
export type MissingPolicy = 'error' | 'drop' | 'impute'
export const missingPolicies = ['error', 'drop', 'impute'] as const satisfies readonly MissingPolicy[]

/** Columns of an encoding at most. */
const MOST_COLUMNS = 1 << 20

/** Columns may have at most this number of categories. */
export const MOST_CATEGORIES = 64

const truthWords = new Map([
  ...['true', 'yes', 't', 'y'].map((word) => [word, 1] as const),
  ...['false', 'no', 'f', 'n'].map((word) => [word, 0] as const),
])

/** All truth words, in lower case, with their values. */
export const truthValues = (): Record<string, 0 | 1> => Object.fromEntries(truthWords)

/** The value of a truth word, in any case: 1 for true, yes, t, y; 0 for false, no, f, n; undefined for anything else. */
export const truthOf = (word: string): 0 | 1 | undefined => truthWords.get(word.toLowerCase())

/**
 * How the columns of the data become the inputs of a network, before they are scaled: categories are one-hot, truth values
 * are 0 and 1, and missing values are filled. It is fitted on the training data and kept with the model.
 * @example
 * const encoding = new Encoding([{ kind: 'number' }, { kind: 'category', categories: ['female', 'male'] }])
 * encoding.inputs // 3
 */
export class Encoding {
  /** The columns of the table, in the order of the file. */
  readonly columns: readonly EncodedColumn[]
  /** What was done with missing values; those of a network that was trained with `drop` get an empty prediction. */
  readonly missing: MissingPolicy
  /** The number of inputs that the columns become. */
  readonly inputs: number
  /** The place of each category, for each column. */
  readonly #places: readonly (ReadonlyMap<string, number> | undefined)[]

  /**
   * @param columns the columns in the order of the data: the kind of each, the categories of one with words, and what
   *   fills its missing values
   * @param missing what is done with rows that have missing values when a file is read: `error`, `drop` or `impute`;
   *   default `error`
   * @throws InputError for no columns, a category listed twice, and a fill that is not one of its column's values
   */
  constructor(columns: readonly EncodedColumn[], missing: MissingPolicy = 'error') {
    const given: unknown = columns
    if (!Array.isArray(given) || given.length === 0) {
      throw new InputError(`encoding: expected a list of columns, got ${describe(columns)}`)
    }
    if (!missingPolicies.includes(missing)) {
      throw new InputError(`encoding: missing: expected ${listNames(missingPolicies)}, got ${describe(missing)}`)
    }
    columns.forEach(checkColumn)
    this.columns = columns
    this.missing = missing
    this.inputs = columns.reduce((sum, column) => sum + widthOf(column), 0)
    this.#places = columns.map((column) =>
      column.kind === 'category' ? new Map(column.categories.map((name, i) => [name, i])) : undefined,
    )
    encoders.set(this, (raw, scaling) => encodeInputs(raw, this, scaling))
  }

  /**
   * The encoding of columns that are all numbers, none of them missing.
   * @param count the number of columns, 1 to 2²⁰
   */
  static ofNumbers(count: number): Encoding {
    checkInteger('count', count, 1, MOST_COLUMNS)
    return new Encoding(Array.from({ length: count }, () => ({ kind: 'number' as const })))
  }

  /** Whether all columns are numbers, none of them missing: then data and networks have no encoding. */
  get isPlain(): boolean {
    return this.missing === 'error' && this.columns.every(({ kind, fill }) => kind === 'number' && fill === undefined)
  }

  /**
   * The place of a category in its column, counted from 0; -1 for one that is unknown.
   * @param column the number of the column, counted from 0
   * @param category the name of the category, as it is written in the column
   */
  placeOf(column: number, category: string): number {
    return (Number.isInteger(column) ? this.#places[column]?.get(category) : undefined) ?? -1
  }

  /** Names of the inputs: `sex=male` for a category. @param features names of the columns */
  inputNames(features: readonly string[]): string[] {
    if (!isList(features)) throw new InputError(`features: expected a list of names, got ${describe(features)}`)
    return this.columns.flatMap((column, j) => {
      const name = features[j] ?? `x${j}`
      return column.kind === 'category' ? column.categories.map((category) => `${name}=${category}`) : [name]
    })
  }

  /**
   * Whether another encoding does the same.
   * @param other the encoding to compare with: kinds, categories and fills of the columns are compared, `missing` is
   *   not
   */
  equals(other: Encoding): boolean {
    if (!(other instanceof Encoding)) return false
    const isSame = (column: EncodedColumn, j: number) => {
      const same = other.columns[j]!
      if (column.kind !== same.kind || column.fill !== same.fill) return false
      if (column.kind !== 'category' || same.kind !== 'category') return true
      return (
        column.categories.length === same.categories.length &&
        column.categories.every((category, i) => category === same.categories[i])
      )
    }
    return other === this || (this.columns.length === other.columns.length && this.columns.every(isSame))
  }

  /**
   * Checks that data have the columns of this encoding, each of its kind.
   * @param other the encoding of the data; undefined where all columns are numbers
   * @param count the number of columns that the data have
   * @param name how errors call the data
   * @param features the names of the columns, for errors; undefined where they have none
   * @throws InputError naming the first column that differs
   */
  checkColumns(
    other: Encoding | undefined,
    count: number,
    name: string,
    features: readonly string[] | undefined,
  ): void {
    if (other !== undefined) checkInstance('other', other, Encoding, 'Encoding')
    checkInteger('count', count)
    if (count !== this.columns.length) {
      throw new InputError(`${name}: has ${count} columns, the model expects ${this.columns.length}`)
    }
    const say = { number: 'numbers', boolean: 'truth values', category: 'words' } as const
    this.columns.forEach(({ kind }, j) => {
      const found = other?.columns[j]?.kind ?? 'number'
      // Truth values are 0 and 1, which a column of numbers may hold.
      if (found === kind || (kind !== 'category' && found !== 'category')) return
      const column = features ? `column ${describe(features[j])}` : `column ${j} (counted from 0)`
      throw new InputError(`${name}: ${column} holds ${say[found]}, in the model it holds ${say[kind]}`)
    })
  }

  /**
   * Rows whose places of categories are those of this encoding, from rows of another with the same columns.
   * @param raw rows × columns: numbers, and in a column of categories the place of each in `from`
   * @param from the encoding of the rows; a category of it that this encoding does not have becomes −1
   */
  translate(raw: RawRows, from: Encoding): RawRows {
    checkInstance('raw', raw, RawRows, 'RawRows')
    checkInstance('from', from, Encoding, 'Encoding')
    if (from === this) return raw
    const translated = new RawRows(raw.rows, raw.cols, raw.data.slice())
    this.columns.forEach((column, j) => {
      const other = from.columns[j]
      if (column.kind !== 'category' || other?.kind !== 'category') return
      const places = other.categories.map((category) => this.placeOf(j, category))
      for (let at = j; at < translated.data.length; at += raw.cols) {
        const place = translated.data[at]!
        if (place >= 0) translated.data[at] = places[place]!
      }
    })
    return translated
  }
}

function checkColumn(column: unknown, j: number): void {
  const name = `encoding: column ${j}`
  if (typeof column !== 'object' || column === null) {
    throw new InputError(`${name}: expected an object, got ${describe(column)}`)
  }
  const { kind, categories, fill } = column as Record<string, unknown>
  if (kind === 'category') {
    if (!Array.isArray(categories) || categories.length === 0 || !categories.every((one) => typeof one === 'string')) {
      throw new InputError(`${name}: categories: expected a list of names, got ${describe(categories)}`)
    }
    if (new Set(categories).size < categories.length) throw new InputError(`${name}: a category is listed twice`)
    if (fill !== undefined && !categories.includes(fill as string)) {
      throw new InputError(`${name}: fill: expected one of its categories, got ${describe(fill)}`)
    }
  } else if (kind === 'number' || kind === 'boolean') {
    if (fill !== undefined && !Number.isFinite(fill)) {
      throw new InputError(`${name}: fill: expected a finite number, got ${describe(fill)}`)
    }
  } else {
    throw new InputError(`${name}: kind: expected number, boolean or category, got ${describe(kind)}`)
  }
}

/**
 * Raw rows encoded in float64, not scaled: what a scaling is fitted on. A missing value without a fill stays NaN.
 * @returns rows × inputs, row-major
 */
export function encodeRows(raw: RawRows, encoding: Encoding | undefined): RawRows {
  if (!encoding) return raw
  const { rows, cols, data } = raw
  const encoded = new RawRows(rows, encoding.inputs)
  let first = 0
  encoding.columns.forEach((column, j) => {
    const isCategory = column.kind === 'category'
    const fill = isCategory
      ? column.fill === undefined
        ? NaN
        : encoding.placeOf(j, column.fill)
      : (column.fill ?? NaN)
    for (let i = 0; i < rows; i++) {
      const given = data[i * cols + j]!
      const value = Number.isNaN(given) ? fill : given
      if (!isCategory) encoded.data[i * encoding.inputs + first] = value
      else if (value >= 0) encoded.data[i * encoding.inputs + first + value] = 1
    }
    first += widthOf(column)
  })
  return encoded
}
