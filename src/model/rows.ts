import { describe, InputError, listNames } from '../core/errors.ts'
import { isList } from '../core/lists.ts'
import { checkFinite, Matrix, type MatrixLike, roundValues } from '../core/matrix.ts'
import { originOf } from '../core/origin.ts'
import { exactRows, RawRows } from '../core/raw-rows.ts'
import { areEqual } from '../core/values.ts'
import { columnsOf, type Description } from './description.ts'
import { type EncodedColumn, type Encoding, truthOf } from './encoding.ts'
import { preprocess } from './preprocess.ts'
import type { Scaling } from './scaling.ts'

/** One value of a row: a number, a word of a column of categories, a truth value; null where it is missing. */
export type CellValue = number | string | boolean | null | undefined

/** Rows to predict from, in the units of the data: a matrix, lists of values, or objects with one value per column name. */
export type PredictRows =
  MatrixLike | readonly (readonly CellValue[])[] | readonly Readonly<Record<string, CellValue>>[]

type Described = Pick<Description, 'features' | 'encoding' | 'scaling' | 'task'> & { readonly sizes: readonly number[] }

/**
 * The inputs of a network for rows of data: encoded and scaled as the network's training data were. Rows that went through
 * the same preprocessing already ({@link Dataset.inputs} of scaled data) are taken as they are.
 * @returns rows × inputs
 * @throws InputError for rows that do not fit the columns, unknown column names, missing values that the network has no
 *   fill for, and rows that were preprocessed in another way
 */
export function inputsOf(network: Described, rows: PredictRows): Matrix {
  const { encoding, scaling } = network
  if (rows instanceof Matrix) {
    const origin = originOf(rows)
    if (origin) return inputsOfPreprocessed(network, rows, origin as Preprocessed)
    checkCount(network, rows.cols)
  }
  if (isPlainMatrix(rows) || (!encoding && isNumberRows(rows))) {
    const matrix = roundValues(rows, 'x')
    const exact = scaling && exactRows(rows, matrix)
    // What float32 cannot hold may be in its range once it is scaled.
    if (!exact?.data.every(Number.isFinite)) checkFinite(matrix, 'x')
    checkCount(network, matrix.cols)
    checkNumbersOnly(network)
    if (!encoding && !scaling) return matrix
    return preprocess(exact ?? exactRows(rows, matrix) ?? RawRows.from(matrix), encoding, scaling)
  }
  return preprocess(readRows(network, rows), encoding, scaling)
}

/** What is known of inputs that this package preprocessed. */
interface Preprocessed {
  readonly raw?: RawRows | undefined
  readonly encoding?: Encoding | undefined
  readonly scaling?: Scaling | undefined
}

function inputsOfPreprocessed(network: Described, rows: Matrix, { raw, encoding, scaling }: Preprocessed): Matrix {
  const own = network.encoding
  const isNew = network.task === undefined && !own && !network.scaling
  const isEncoded = areEqual(own, encoding)
  // A network that was never fitted takes all inputs that fit its size.
  if (isNew || (isEncoded && areEqual(network.scaling, scaling))) {
    if (rows.cols === network.sizes[0]) return rows
    throw new InputError(`x: expected ${network.sizes[0]} columns, one per input of the network, got ${rows.cols}`)
  }
  if (scaling === undefined && (own || !encoding)) {
    const values = raw ?? (encoding ? undefined : RawRows.from(rows))
    if (!values) return network.scaling && isEncoded ? network.scaling.apply(rows) : refuse('encoded')
    if (!own) {
      checkCount(network, values.cols)
      return preprocess(values, undefined, network.scaling)
    }
    own.checkColumns(encoding, values.cols, 'x', network.features)
    return preprocess(encoding ? own.translate(values, encoding) : values, own, network.scaling)
  }
  return refuse(scaling ? 'scaled' : 'encoded')
}

function refuse(done: 'encoded' | 'scaled'): never {
  throw new InputError(
    `x: the rows are ${done} already, in another way than the data that the network was fitted on; give them in their own units`,
  )
}

const isPlainMatrix = (rows: unknown): rows is MatrixLike =>
  typeof rows === 'object' && rows !== null && !Array.isArray(rows) && 'data' in rows

/** Whether the first row is a list that holds numbers only. */
function isNumberRows(rows: unknown): rows is readonly (readonly number[])[] {
  if (!Array.isArray(rows)) return true
  const first: unknown = rows[0]
  return typeof first !== 'object' || first === null || isList(first)
}

function checkCount(network: Described, cols: number): void {
  const count = columnsOf(network)
  if (cols === count) return
  const each = network.encoding ? 'one per column of the data' : 'one per input of the network'
  throw new InputError(`x: expected ${count} columns, ${each}, got ${cols}`)
}

/** A matrix holds numbers, which say nothing about categories. */
function checkNumbersOnly({ encoding, features }: Described): void {
  const column = encoding?.columns.findIndex(({ kind }) => kind === 'category') ?? -1
  if (column < 0) return
  const name = features ? describe(features[column]) : `${column} (counted from 0)`
  throw new InputError(`x: column ${name} holds words; give rows such as { name: value } or lists of values`)
}

/** Rows of cells as raw rows. */
function readRows(network: Described, rows: PredictRows): RawRows {
  if (!isList(rows)) throw new InputError(`x: expected a matrix or an array of rows, got ${describe(rows)}`)
  if (rows.length === 0) throw new InputError('x: expected at least one row, got none')
  const count = columnsOf(network)
  const raw = new RawRows(rows.length, count)
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]
    const cells = isList(row) ? row : readRecord(network, row, i)
    if (cells.length !== count) {
      throw new InputError(`x: row ${i} has ${cells.length} values, expected ${count}, one per column of the data`)
    }
    for (let j = 0; j < count; j++) raw.data[i * count + j] = readCell(network, cells[j], i, j)
  }
  return raw
}

/** The values of an object in the order of the columns. */
function readRecord({ features }: Described, row: unknown, i: number): unknown[] {
  if (typeof row !== 'object' || row === null) {
    throw new InputError(`x: row ${i} is ${describe(row)}, expected a list of values or an object`)
  }
  if (!features) {
    throw new InputError(`x: row ${i} is an object, but the network has no column names (network.features)`)
  }
  return features.map((name) => {
    if (Object.hasOwn(row, name)) return (row as Record<string, unknown>)[name]
    throw new InputError(
      `x: row ${i} has no ${describe(name)}; expected ${listNames(features)} (null where a value is missing)`,
    )
  })
}

function readCell({ encoding, features }: Described, cell: unknown, i: number, j: number): number {
  const column: EncodedColumn = encoding?.columns[j] ?? { kind: 'number' }
  const error = (expected: string) => {
    const name = features ? describe(features[j]) : String(j)
    return new InputError(`x: row ${i}, column ${name} is ${describe(cell)}, expected ${expected}`)
  }
  if (cell === null || cell === undefined || cell === '' || Number.isNaN(cell)) {
    if (column.fill === undefined) throw error('a value; the network was trained without filling missing ones')
    return NaN
  }
  if (column.kind === 'category') {
    if (typeof cell !== 'string' && typeof cell !== 'number') throw error('one of its categories')
    return encoding!.placeOf(j, String(cell))
  }
  if (column.kind === 'boolean') {
    const value = typeof cell === 'string' ? truthOf(cell) : typeof cell === 'boolean' ? Number(cell) : cell
    if (value === 0 || value === 1) return value
    throw error('true or false')
  }
  if (typeof cell !== 'number' || !Number.isFinite(cell)) throw error('a finite number')
  return cell
}
