import { describe, InputError, listNames, suggestNearest } from '../core/errors.ts'
import { isMissing, isNumeric, type NumberFormat, plainNumbers, readNumber, sayFormat } from './cells.ts'
import { type Head } from './head.ts'
import type { Row } from './rows.ts'

export { isMissing, isNumeric }

/** A CSV file as text cells, with what its errors need: the names of the columns and the line of each row. */
export interface Table {
  /** From the header; undefined where the file has none. */
  names: readonly string[] | undefined
  /** Rows of as many trimmed cells as there are columns, as they are written; at least one row. */
  rows: readonly (readonly string[])[]
  /** The line of the file, counted from 1, in which each row begins. */
  lines: readonly number[]
  columns: number
  /** Columns without name that hold row numbers or row names: no inputs, unless they are named as such. */
  unnamed: readonly number[]
  /** The number that a cell of a column holds, in the notation of that column (1.234,5 or 12 %); NaN where it holds none. */
  numberOf(column: number, cell: string): number
  /** What is expected of a number in a column, for errors. */
  sayNumber(column: number): string
}

/** The rows of a part of a file as a table. */
export function makeTable(head: Head, all: readonly Row[]): Table {
  const { names, columns, width, line: firstLine, formats } = head
  const rows = all.map(({ line, cells }) => {
    if (cells.length === columns) return cells
    // A delimiter at the end of every line.
    const isTrailed =
      cells.length > columns && cells.length <= width && cells.slice(columns).every((cell) => cell === '')
    if (isTrailed) return cells.slice(0, columns)
    throw new InputError(
      `CSV: line ${line}: expected ${columns} values, as many as line ${firstLine} has, got ${cells.length}`,
    )
  })
  const formatOf = (column: number): NumberFormat => formats?.[column] ?? plainNumbers
  return {
    names,
    columns,
    unnamed: head.unnamed,
    rows,
    lines: all.map(({ line }) => line),
    numberOf: (column, cell) => readNumber(cell, formatOf(column)),
    sayNumber: (column) => sayFormat(formatOf(column)),
  }
}

/** A column as errors call it. */
export function sayColumn({ names }: Table, column: number): string {
  return names ? `column ${describe(names[column])}` : `column ${column} (counted from 0)`
}

/** The error for one cell; what is expected may be said later, when the table is gone. */
export function cellProblem(table: Table, row: number, column: number): (expected: string) => InputError {
  const cell = table.rows[row]?.[column] ?? ''
  const found = cell === '' ? 'the value is missing' : `found ${describe(cell)}`
  const problem = `CSV: line ${table.lines[row]}, ${sayColumn(table, column)}: ${found}`
  return (expected) => new InputError(`${problem}, expected ${expected}`)
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
  const values = new Float64Array(table.rows.length * columns.length)
  for (let row = 0, place = 0; row < table.rows.length; row++) {
    const cells = table.rows[row]!
    for (const column of columns) {
      const value = table.numberOf(column, cells[column] ?? '')
      if (Number.isNaN(value)) throw cellError(table, row, column, table.sayNumber(column))
      if (!Number.isFinite(Math.fround(value))) {
        throw cellError(table, row, column, 'a number that float32 can hold (below 3.4e38)')
      }
      values[place++] = value
    }
  }
  return values
}
