import { describe, InputError, listNames } from '../core/errors.ts'
import { isList } from '../core/lists.ts'
import { Matrix } from '../core/matrix.ts'
import { RawRows } from '../core/raw-rows.ts'
import type { Scaling } from './scaling.ts'

/** What one column of the data becomes: numbers and truth values one input, categories one input per category. */
export type EncodedColumn =
  | { readonly kind: 'number'; readonly fill?: number | undefined }
  | { readonly kind: 'boolean'; readonly fill?: number | undefined }
  | { readonly kind: 'category'; readonly categories: readonly string[]; readonly fill?: string | undefined }

/** What is done with a row that has a missing value. */
export type MissingPolicy = 'error' | 'drop' | 'impute'
export const missingPolicies = ['error', 'drop', 'impute'] as const satisfies readonly MissingPolicy[]

/** Columns may have at most this number of categories. */
export const MOST_CATEGORIES = 64

const truthWords = new Map([
  ...['true', 'yes', 't', 'y'].map((word) => [word, 1] as const),
  ...['false', 'no', 'f', 'n'].map((word) => [word, 0] as const),
])

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
  readonly columns: readonly EncodedColumn[]
  /** What was done with missing values; those of a network that was trained with `drop` get an empty prediction. */
  readonly missing: MissingPolicy
  /** The number of inputs that the columns become. */
  readonly inputs: number
  /** The place of each category, for each column. */
  readonly #places: readonly (ReadonlyMap<string, number> | undefined)[]

  /** @throws InputError for no columns, a category listed twice, and a fill that is not one of its column's values */
  constructor(columns: readonly EncodedColumn[], missing: MissingPolicy = 'error') {
    if (!isList(columns) || columns.length === 0) {
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
  }

  /** The place of a category in its column, counted from 0; -1 for one that is unknown. */
  placeOf(column: number, category: string): number {
    return this.#places[column]?.get(category) ?? -1
  }

  /** Names of the inputs: `sex=male` for a category. @param features names of the columns */
  inputNames(features: readonly string[]): string[] {
    return this.columns.flatMap((column, j) => {
      const name = features[j] ?? `x${j}`
      return column.kind === 'category' ? column.categories.map((category) => `${name}=${category}`) : [name]
    })
  }

  /** How many values of category columns are unknown. */
  countUnknown({ rows, cols, data }: RawRows): number {
    let count = 0
    this.columns.forEach((column, j) => {
      if (column.kind !== 'category') return
      for (let i = 0; i < rows; i++) if (data[i * cols + j] === -1) count++
    })
    return count
  }

  /** Rows whose places of categories are those of this encoding, from rows of another with the same columns. */
  translate(raw: RawRows, from: Encoding): RawRows {
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

/** The number of inputs that a column becomes. */
export const widthOf = (column: EncodedColumn): number => (column.kind === 'category' ? column.categories.length : 1)

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
 * Raw rows as inputs of a network: encoded and scaled in float64, then rounded to float32 once.
 * @param raw rows × columns
 * @param encoding of the columns; undefined where all are numbers
 * @param scaling of the encoded columns
 * @returns rows × inputs
 * @throws InputError for a missing value without a fill, and for a value beyond float32
 */
export function preprocess(raw: RawRows, encoding: Encoding | undefined, scaling: Scaling | undefined): Matrix {
  const { rows, cols, data } = raw
  const width = encoding?.inputs ?? cols
  if (encoding && encoding.columns.length !== cols) {
    throw new InputError(`x: expected ${encoding.columns.length} columns, as the encoding has, got ${cols}`)
  }
  if (scaling && scaling.offset.length !== width) {
    throw new InputError(`x: expected ${scaling.offset.length} columns, as the scaling was fitted on, got ${width}`)
  }
  const inputs = new Matrix(rows, width)
  const columns: readonly EncodedColumn[] = encoding?.columns ?? Array<EncodedColumn>(cols).fill({ kind: 'number' })
  let first = 0
  columns.forEach((column, j) => {
    const scaled = (input: number, value: number) =>
      scaling ? (value - scaling.offset[input]!) / scaling.scale[input]! : value
    if (column.kind === 'category') {
      const fill = column.fill === undefined ? NaN : encoding!.placeOf(j, column.fill)
      column.categories.forEach((_, place) => {
        const [off, on] = [scaled(first + place, 0), scaled(first + place, 1)]
        for (let i = 0, from = j, to = first + place; i < rows; i++, from += cols, to += width) {
          const value = data[from]!
          inputs.data[to] = (value === value ? value : fill) === place ? on : off
        }
      })
    } else {
      const [offset, scale] = scaling ? [scaling.offset[first]!, scaling.scale[first]!] : [0, 1]
      const fill = column.fill ?? NaN
      for (let i = 0, from = j, to = first; i < rows; i++, from += cols, to += width) {
        const value = data[from]!
        inputs.data[to] = ((value === value ? value : fill) - offset) / scale
      }
    }
    checkValues(raw, j, column, inputs, first)
    first += widthOf(column)
  })
  return inputs
}

/** @throws InputError for a value that is missing or that float32 cannot hold */
function checkValues(raw: RawRows, j: number, column: EncodedColumn, inputs: Matrix, first: number): void {
  const hasFill = column.fill !== undefined
  if (column.kind === 'category' && hasFill) return
  for (let i = 0, from = j, to = first; i < raw.rows; i++, from += raw.cols, to += inputs.cols) {
    const value = raw.data[from]!
    if (value !== value && !hasFill) {
      throw new InputError(`x: row ${i}, column ${j} is missing, and the encoding has no fill for it`)
    }
    if (!Number.isFinite(inputs.data[to])) {
      throw new InputError(`x: row ${i}, column ${j} is ${value}; every value must be a finite number (in float32)`)
    }
  }
}
