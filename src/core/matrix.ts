import { describe, InputError, listNames } from './errors.ts'
import { fillRows } from './raw-rows.ts'
import { originOf, partOfOrigin, withOrigin } from './origin.ts'
import { checkNumbers, isList, makeFloats } from './lists.ts'

/** A matrix that can be handed in: rows of numbers, or row-major values with their shape. */
export type MatrixLike =
  | Matrix
  | readonly (readonly number[])[]
  | {
      /** The number of rows. */
      readonly rows: number
      /** The number of columns. */
      readonly cols: number
      /** The rows × cols values, row-major. */
      readonly data: ArrayLike<number>
    }

/**
 * A row-major matrix of float32: `data[i * cols + j]` is the value in row i and column j. Samples are rows.
 * @example const x = Matrix.from([[0, 1], [1, 1]], 'x'); x.rows // 2
 */
export class Matrix {
  /** The number of rows. */
  readonly rows: number
  /** The number of columns. */
  readonly cols: number
  /** The rows × cols values, row-major. */
  readonly data: Float32Array

  /**
   * @param rows the number of rows, from 0 on
   * @param cols the number of columns, from 0 on
   * @param data the rows × cols values, row-major, which are not copied; default zeros
   * @throws InputError where the shape is not of whole numbers, or data does not hold rows · cols values
   */
  constructor(rows: number, cols: number, data?: Float32Array) {
    if (data !== undefined && !(data instanceof Float32Array)) {
      throw new InputError(`matrix: data: expected a Float32Array, got ${describe(data)}`)
    }
    checkShape('matrix', rows, cols, data?.length)
    this.rows = rows
    this.cols = cols
    this.data = data ?? makeFloats(rows * cols, 'matrix')
  }

  /**
   * Takes a matrix as it is, or copies rows of numbers into one. Every value must be finite.
   * @param values a matrix, an array of rows of equal length, or row-major values with their shape; the `data` of the
   *   latter is not copied where it is a Float32Array
   * @param name how the errors call it
   * @throws InputError for ragged rows, no rows, and NaN or infinite values
   */
  static from(values: MatrixLike, name = 'matrix'): Matrix {
    if (typeof name !== 'string') throw new InputError(`name: expected text, got ${describe(name)}`)
    const matrix = roundValues(values, name)
    checkFinite(matrix, name)
    return matrix
  }

  /**
   * Row i, as a view: changes to it change the matrix.
   * @param i the number of the row, counted from 0
   * @throws InputError if i is not the index of a row
   */
  row(i: number): Float32Array {
    checkIndex('row', i, this.rows)
    return this.data.subarray(i * this.cols, (i + 1) * this.cols)
  }

  /**
   * The value in row i and column j.
   * @param i the number of the row, counted from 0
   * @param j the number of the column, counted from 0
   * @throws InputError if there is no such row or column
   */
  get(i: number, j: number): number {
    checkIndex('row', i, this.rows)
    checkIndex('column', j, this.cols)
    return this.data[i * this.cols + j] as number
  }

  /**
   * A copy of the given rows, in the order given.
   * @param rows the numbers of the rows, counted from 0; a row may be listed several times
   * @param into where the copy goes; by default new memory: at least as many rows of as many columns
   * @throws InputError for a row that there is not
   */
  take(rows: ArrayLike<number>, into?: Matrix): Matrix {
    const { cols, data } = this
    if (!isList(rows)) throw new InputError(`rows: expected a list of row numbers, got ${describe(rows)}`)
    if (into !== undefined && !(into instanceof Matrix)) {
      throw new InputError(`into: expected a Matrix, got ${describe(into)}`)
    }
    const taken = new Matrix(rows.length, cols, into?.data.subarray(0, rows.length * cols))
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i] as number
      checkIndex('row', row, this.rows)
      copyValues(data, row * cols, taken.data, i * cols, cols)
    }
    return withOrigin(
      taken,
      partOfOrigin(originOf(this), (raw) => raw.take(rows)),
    )
  }

  /**
   * The column of the largest value of each row, counted from 0; the first where several are largest.
   * @returns one number per row
   * @throws InputError for a matrix without columns
   * @example Matrix.from([[0.1, 0.7, 0.2], [0.5, 0.5, 0]]).argmax() // [1, 0]
   */
  argmax(): Uint32Array {
    const { rows, cols, data } = this
    if (cols === 0) throw new InputError('argmax: expected at least one column, got none')
    return Uint32Array.from({ length: rows }, (_, i) => argmax(data, i * cols, cols))
  }

  /** A copy as plain rows of numbers. */
  toArray(): number[][] {
    return Array.from({ length: this.rows }, (_, i) => Array.from(this.row(i)))
  }
}

/** Copies `count` values from one place to another. */
export function copyValues(from: Float32Array, start: number, to: Float32Array, place: number, count: number): void {
  // A view costs as much as some fifty values.
  if (count > 64) to.set(from.subarray(start, start + count), place)
  else for (let j = 0; j < count; j++) to[place + j] = from[start + j] as number
}

function fromRows(rows: readonly (readonly number[])[], name: string): Matrix {
  const first = rows[0]
  if (first === undefined) throw new InputError(`${name}: expected at least one row, got none`)
  if (!isList(first)) {
    const hint = typeof first === 'number' ? `; write [[${listNames(rows, 3)}]] for a single row` : ''
    throw new InputError(`${name}: expected an array of rows, got an array of ${describe(first)}${hint}`)
  }
  const matrix = new Matrix(rows.length, first.length)
  for (let i = 0; i < rows.length; i++) {
    const row: unknown = rows[i]
    if (!isList(row)) throw new InputError(`${name}: row ${i} is ${describe(row)}, expected a row of numbers`)
    if (row.length !== first.length) {
      throw new InputError(`${name}: row ${i} has ${row.length} values where row 0 has ${first.length}`)
    }
    for (let j = 0; j < row.length; j++) {
      const value = row[j]
      if (typeof value !== 'number') {
        throw new InputError(`${name}: row ${i}, column ${j} is ${describe(value)}, expected a number`)
      }
      matrix.data[i * matrix.cols + j] = value
    }
  }
  return matrix
}

function checkShape(name: string, rows: number, cols: number, length?: number): void {
  const largest = 2 ** 32
  if (!Number.isInteger(rows) || !Number.isInteger(cols) || rows < 0 || cols < 0 || rows * cols > largest) {
    throw new InputError(
      `${name}: expected rows and cols to be whole numbers with at most ${largest} values, ` +
        `got ${describe(rows)} × ${describe(cols)}`,
    )
  }
  if (length !== undefined && length !== rows * cols) {
    throw new InputError(`${name}: expected ${rows} × ${cols} = ${rows * cols} values, got ${length}`)
  }
}

function checkIndex(what: string, index: number, count: number): void {
  if (Number.isInteger(index) && index >= 0 && index < count) return
  throw new InputError(`${what}: expected a whole number from 0 to ${count - 1}, got ${describe(index)}`)
}

/**
 * A matrix as it is, or rows of numbers as float32, in which large ones are infinite: for values that will be scaled in float64.
 * @throws InputError for ragged rows and no rows
 */
export function roundValues(values: MatrixLike, name: string): Matrix {
  let matrix: Matrix
  if (values instanceof Matrix) matrix = values
  else if (Array.isArray(values)) matrix = fromRows(values as readonly (readonly number[])[], name)
  else if (typeof values === 'object' && values !== null && 'data' in values) {
    const { rows, cols, data } = values
    checkShape(name, rows, cols, checkNumbers(name, data).length)
    matrix = new Matrix(rows, cols, data instanceof Float32Array ? data : Float32Array.from(data))
  } else throw new InputError(`${name}: expected a matrix or an array of rows, got ${describe(values)}`)
  if (matrix.rows === 0 || matrix.cols === 0) {
    throw new InputError(`${name}: expected at least one row and one column, got ${matrix.rows} × ${matrix.cols}`)
  }
  return matrix
}

export function checkFinite(matrix: Matrix, name: string): void {
  const { data, cols } = matrix
  for (let i = 0; i < data.length; i++) {
    if (!Number.isFinite(data[i])) {
      const place = `row ${Math.floor(i / cols)}, column ${i % cols}`
      throw new InputError(`${name}: ${place} is ${data[i]}; every value must be a finite number (in float32)`)
    }
  }
}

/** Matrices of as many columns, one below the other. */
export function joinRows(matrices: readonly Matrix[]): Matrix {
  if (matrices.length === 1) return matrices[0]!
  const { cols } = matrices[0]!
  const rows = matrices.reduce((sum, matrix) => sum + matrix.rows, 0)
  const joined = new Matrix(rows, cols)
  fillRows(joined, matrices)
  return joined
}

/** The place of the largest of `count` values from `start` on, counted from 0; the first where several are largest. */
export function argmax(values: ArrayLike<number>, start: number, count: number): number {
  let best = 0
  for (let j = 1; j < count; j++) {
    if ((values[start + j] as number) > (values[start + best] as number)) best = j
  }
  return best
}
