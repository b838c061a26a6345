import { describe, InputError, listNames, suggestNearest } from '../core/errors.ts'
import { isMissing, isNumeric, looksNumeric, type NumberFormat, plainNumbers, readNumber, sayFormat } from './cells.ts'
import type { Head } from './head.ts'
import type { NumberRows } from './number-rows.ts'
import type { Row } from './rows.ts'

export { isMissing, isNumeric }

/**
 * A part of a CSV file as cells, with what its errors need: the names of the columns and the line of each row. It has at
 * least one row; all have as many cells as there are columns.
 */
export interface Table {
  /** From the header; undefined where the file has none. */
  readonly names: readonly string[] | undefined
  readonly columns: number
  /** The number of rows. */
  readonly length: number
  /** The line of the file, counted from 1, in which each row begins. */
  readonly lines: ArrayLike<number>
  /** Columns without name that hold row numbers or row names: no inputs, unless they are named as such. */
  readonly unnamed: readonly number[]
  /** The text of a cell, as it is written, trimmed. */
  cell(row: number, column: number): string
  /** The number that a cell holds, in the notation of its column (1.234,5 or 12 %); NaN where it holds none. */
  number(row: number, column: number): number
  /** The same of the text of a cell. */
  numberOf(column: number, cell: string): number
  /** What is expected of a number in a column, for errors. */
  sayNumber(column: number): string
}

/** What tables have in common, however their cells are kept. */
abstract class HeadedTable implements Table {
  readonly names: readonly string[] | undefined
  readonly columns: number
  readonly unnamed: readonly number[]
  readonly #formats: readonly NumberFormat[] | undefined
  abstract readonly length: number
  abstract readonly lines: ArrayLike<number>

  constructor({ names, columns, unnamed, formats }: Head) {
    this.names = names
    this.columns = columns
    this.unnamed = unnamed
    this.#formats = formats
  }

  abstract cell(row: number, column: number): string

  number(row: number, column: number): number {
    return this.numberOf(column, this.cell(row, column))
  }

  numberOf(column: number, cell: string): number {
    return readNumber(cell, this.#formats?.[column] ?? plainNumbers)
  }

  sayNumber(column: number): string {
    return sayFormat(this.#formats?.[column] ?? plainNumbers)
  }
}

/** Rows of text cells. */
export class TextTable extends HeadedTable {
  readonly #rows: readonly (readonly string[])[]
  readonly lines: readonly number[]

  /** @throws InputError naming the line of a row of another length */
  constructor(head: Head, all: readonly Row[]) {
    super(head)
    const { columns, width, line: firstLine } = head
    this.lines = all.map(({ line }) => line)
    this.#rows = all.map(({ line, cells }) => {
      if (cells.length === columns) return cells
      // A delimiter at the end of every line.
      const isTrailed = cells.length > columns && cells.length <= width && cells.slice(columns).every((cell) => cell === '') // prettier-ignore
      if (isTrailed) return cells.slice(0, columns)
      const isTitled = line === firstLine + 1 && cells.length > columns
      const hint = isTitled ? `; if line ${firstLine} is a title and no part of the table, delete it` : ''
      throw new InputError(
        `CSV: line ${line}: expected ${columns} values, as many as line ${firstLine} has, got ${cells.length}${hint}`,
      )
    })
  }

  get length(): number {
    return this.#rows.length
  }

  cell(row: number, column: number): string {
    return this.#rows[row]?.[column] ?? ''
  }
}

/** Rows whose plain numbers were read from bytes; cells become text where they are asked for. */
export class NumberTable extends HeadedTable {
  readonly #bytes: Uint8Array
  readonly #read: NumberRows
  /** All of the bytes as text, where each byte is a character. */
  readonly #text: string | undefined

  constructor(head: Head, bytes: Uint8Array, read: NumberRows, text: string | undefined) {
    super(head)
    this.#bytes = bytes
    this.#read = read
    this.#text = text?.length === bytes.length ? text : undefined
  }

  get length(): number {
    return this.#read.rows
  }

  get lines(): ArrayLike<number> {
    return this.#read.lines
  }

  override number(row: number, column: number): number {
    const value = this.#read.values[row * this.columns + column]!
    return Number.isNaN(value) ? super.number(row, column) : value
  }

  cell(row: number, column: number): string {
    const { starts, ends } = this.#read
    const place = row * this.columns + column
    const [start, end] = [starts[place]!, ends[place]!]
    const text = (this.#text?.slice(start, end) ?? textOf(this.#bytes, start, end)).trim()
    return text.startsWith('"') && text.length > 1 ? text.slice(1, -1).trim() : text
  }
}

/** Characters of a text that is made one by one: faster than a decoder for short ones. */
const SHORT = 24

function textOf(bytes: Uint8Array, start: number, end: number): string {
  let text = ''
  for (let at = start; at < end; at++) {
    if (bytes[at]! > 127 || end - start > SHORT) return new TextDecoder().decode(bytes.subarray(start, end))
    text += String.fromCharCode(bytes[at]!)
  }
  return text
}

/** Whether a cell is not missing. */
export const hasValue = (table: Table, row: number, column: number): boolean =>
  !Number.isNaN(table.number(row, column)) || !isMissing(table.cell(row, column))

/** Some rows of a table. */
export function takeRows(table: Table, rows: readonly number[]): Table {
  const { names, columns, unnamed } = table
  return {
    names,
    columns,
    unnamed,
    length: rows.length,
    lines: rows.map((row) => table.lines[row]!),
    cell: (row, column) => table.cell(rows[row]!, column),
    number: (row, column) => table.number(rows[row]!, column),
    numberOf: (column, cell) => table.numberOf(column, cell),
    sayNumber: (column) => table.sayNumber(column),
  }
}

/** A column as errors call it. */
export function sayColumn({ names }: Table, column: number): string {
  return names ? `column ${describe(names[column])}` : `column ${column} (counted from 0)`
}

/** Whether a cell is a number with another decimal mark than its column's. */
const isOtherNotation = (cell: string): boolean => looksNumeric(cell) && cell.includes(',') && !cell.endsWith('%')

/** The error for one cell; what is expected may be said later, when the table is gone. */
export function cellProblem(table: Table, row: number, column: number): (expected: string) => InputError {
  const cell = table.cell(row, column)
  const found = cell === '' ? 'the value is missing' : `found ${describe(cell)}`
  const problem = `CSV: line ${table.lines[row]}, ${sayColumn(table, column)}: ${found}`
  const hint = isOtherNotation(cell) ? '; decimal (--decimal) says whether the decimal mark is a comma or a point' : ''
  return (expected) => new InputError(`${problem}, expected ${expected}${expected.startsWith('a finite') ? hint : ''}`)
}

/** The error for one cell. */
export const cellError = (table: Table, row: number, column: number, expected: string): InputError =>
  cellProblem(table, row, column)(expected)

/** The places of columns by their names. */
export const placesOf = (names: readonly string[]): ReadonlyMap<string, number> =>
  new Map(names.map((name, column) => [name, column]))

/** The error for a column that the file does not have; it suggests the nearest name. */
export function missingColumn(argument: string, name: string, names: readonly string[]): InputError {
  const near = suggestNearest(name, names)
  return new InputError(`${argument}: the file has no column ${describe(name)}${near}; it has ${listNames(names)}`)
}

/** The numbers of some columns, row-major. @throws InputError naming the line and the column of the first that is none */
export function readNumbers(table: Table, columns: readonly number[]): Float64Array {
  const values = new Float64Array(table.length * columns.length)
  for (let row = 0, place = 0; row < table.length; row++) {
    for (const column of columns) {
      const value = table.number(row, column)
      if (Number.isNaN(value)) throw cellError(table, row, column, table.sayNumber(column))
      if (!Number.isFinite(Math.fround(value))) {
        throw cellError(table, row, column, 'a number that float32 can hold (below 3.4e38)')
      }
      values[place++] = value
    }
  }
  return values
}
