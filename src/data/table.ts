import { describe, InputError, listNames, suggestNearest } from '../core/errors.ts'
import type { Row } from './rows.ts'

/** A CSV file as text cells, with what its errors need: the names of the columns and the line of each row. */
export interface Table {
  /** From the header; undefined where the file has none. */
  names: readonly string[] | undefined
  /** Rows of as many trimmed cells as there are columns; at least one row. */
  rows: readonly (readonly string[])[]
  /** The line of the file, counted from 1, in which each row begins. */
  lines: readonly number[]
  columns: number
}

/** How a table is read. */
export interface TableOptions {
  delimiter?: string | undefined
  header?: boolean | undefined
  features?: readonly string[] | undefined
}

/** What all rows of a table have in common. */
export interface Head {
  readonly names: readonly string[] | undefined
  readonly columns: number
  /** The line of the first row. */
  readonly line: number
}

export function readHead([first, second]: readonly Row[], options: TableOptions): Head {
  if (first === undefined) throw new InputError('CSV: the file is empty, expected rows of values')
  const hasHeader = options.header ?? looksLikeHeader(first.cells, second?.cells, options.features)
  if (hasHeader && second === undefined)
    throw new InputError(`CSV: only a header (line ${first.line}), expected rows of values below it`)
  return { names: hasHeader ? readNames(first) : undefined, columns: first.cells.length, line: first.line }
}

export function makeTable({ names, columns, line: firstLine }: Head, all: readonly Row[]): Table {
  for (const { line, cells } of all) {
    if (cells.length === columns) continue
    throw new InputError(
      `CSV: line ${line}: expected ${columns} values, as many as line ${firstLine} has, got ${cells.length}`,
    )
  }
  const rows = names && all[0]?.line === firstLine ? all.slice(1) : all
  return { names, columns, rows: rows.map(({ cells }) => cells), lines: rows.map(({ line }) => line) }
}

/**
 * A header has words where values are expected: only words, or a word above a number. So a first row such as
 * 5.1,3.5,setosa is a sample when the second has numbers and a word in the same places.
 */
function looksLikeHeader(
  first: string[],
  second: string[] | undefined,
  features: readonly string[] | undefined,
): boolean {
  const names = new Set(first)
  if (features?.every((name) => names.has(name))) return true
  const isName = first.map((cell) => !isNumeric(cell) && !isMissing(cell))
  const isNamed = isName.includes(true)
  if (!isNamed || second === undefined) return isNamed && !first.some(isNumeric)
  return !first.some(isNumeric) || isName.some((named, j) => named && isNumeric(second[j] ?? ''))
}

function readNames({ line, cells }: Row): string[] {
  const names = cells.map((cell, j) => (cell === '' ? `column ${j}` : cell))
  const places = new Map<string, number>()
  names.forEach((name, j) => {
    const other = places.get(name)
    if (other === undefined) places.set(name, j)
    else throw new InputError(`CSV: line ${line}: columns ${other} and ${j} are both named ${describe(name)}`)
  })
  return names
}

/** Whether a cell is a finite decimal number: 5, -0.5, .5, 1e-3. No digit can be matched in two ways: linear time. */
export function isNumeric(cell: string): boolean {
  return /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i.test(cell)
}

/** Whether a cell has no value: it is empty, NaN, or an infinity. */
export function isMissing(cell: string): boolean {
  return cell === '' || /^[+-]?(nan|inf|infinity)$/i.test(cell)
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
export function readNumbers(table: Table, columns: readonly number[]): Float32Array {
  const values = new Float32Array(table.rows.length * columns.length)
  for (let row = 0, place = 0; row < table.rows.length; row++) {
    const cells = table.rows[row]!
    for (const column of columns) {
      const cell = cells[column] ?? ''
      if (!isNumeric(cell)) throw cellError(table, row, column, 'a finite number')
      const value = Math.fround(Number(cell))
      if (!Number.isFinite(value)) throw cellError(table, row, column, 'a number that float32 can hold (below 3.4e38)')
      values[place++] = value
    }
  }
  return values
}
