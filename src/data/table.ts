import { describe, InputError, nearestName } from '../errors.ts'

/** A CSV file as text cells, with what its errors need: the names of the columns and the line each row stands in. */
export interface Table {
  /** From the header; undefined where the file has none. */
  names: readonly string[] | undefined
  /** Rows of as many trimmed cells as there are columns; at least one row. */
  rows: readonly (readonly string[])[]
  /** The line of the file, counted from 1, in which each row begins. */
  lines: readonly number[]
  columns: number
}

/** How {@link readTable} reads. */
export interface TableOptions {
  delimiter?: string | undefined
  header?: boolean | undefined
  features?: readonly string[] | undefined
}

export interface Row {
  line: number
  cells: string[]
}

/** Splits CSV text into cells and checks that it is a table. Blank lines are passed over; a BOM and CRLF are fine. */
export async function readTable(text: string, options: TableOptions): Promise<Table> {
  if (typeof text !== 'string') throw new InputError(`text: expected the text of a CSV file, got ${describe(text)}`)
  checkTableOptions(options)
  const { rows } = await splitRows(withPlainLineEnds(text.replace(/^\ufeff/, '')), options.delimiter)
  const head = readHead(rows, options)
  return makeTable(head, rows)
}

/** CR and CRLF become LF. */
export const withPlainLineEnds = (text: string) => text.replace(/\r\n?/g, '\n')

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

export function checkTableOptions({ delimiter, header, features }: TableOptions): void {
  if (delimiter !== undefined && (typeof delimiter !== 'string' || !/^[^"\r\n\ufeff]$/.test(delimiter))) {
    throw new InputError(`delimiter: expected one character, such as ',' or ';', got ${describe(delimiter)}`)
  }
  if (header !== undefined && typeof header !== 'boolean') {
    throw new InputError(`header: expected true or false, got ${describe(header)}`)
  }
  if (features === undefined) return
  if (!Array.isArray(features) || features.length === 0 || !features.every((name) => typeof name === 'string')) {
    throw new InputError(`features: expected a list of column names, got ${describe(features)}`)
  }
  const repeated = features.find((name, i) => features.indexOf(name) < i)
  if (repeated !== undefined) throw new InputError(`features: ${describe(repeated)} stands there twice`)
}

export async function splitRows(text: string, delimiter: string | undefined, firstLine = 1) {
  const { default: papa } = await import('papaparse')
  const { data, errors } = papa.parse<string[]>(text, { delimiter: delimiter ?? '', newline: '\n' })
  const hasQuotes = text.includes('"')
  let line = firstLine
  const rows = data.map((cells): Row => {
    const row = { line, cells }
    // Line breaks inside of quotes are part of a cell.
    line += hasQuotes ? cells.reduce((count, cell) => count + cell.split('\n').length - 1, 1) : 1
    for (let j = 0; j < cells.length; j++) cells[j] = cells[j]!.trim()
    return row
  })
  const broken = errors.find(({ type }) => type === 'Quotes')
  if (broken) {
    const place = `line ${rows[broken.row ?? 0]?.line ?? line}`
    const problem = broken.code === 'MissingQuotes' ? 'is never closed' : 'is not followed by a delimiter'
    throw new InputError(`CSV: ${place}: a quoted value (") ${problem}`)
  }
  // What ends with a line break has, for the parser, one more row of nothing.
  const nextLine = text.endsWith('\n') ? line - 1 : line
  return { rows: rows.filter(({ cells }) => cells.length > 1 || cells[0] !== ''), nextLine }
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
  if (features?.every((name) => first.includes(name))) return true
  const isName = first.map((cell) => !isNumeric(cell) && !isMissing(cell))
  const isNamed = isName.includes(true)
  if (!isNamed || second === undefined) return isNamed && !first.some(isNumeric)
  return !first.some(isNumeric) || isName.some((named, j) => named && isNumeric(second[j] ?? ''))
}

function readNames({ line, cells }: Row): string[] {
  const names = cells.map((cell, j) => (cell === '' ? `column ${j}` : cell))
  names.forEach((name, j) => {
    const other = names.indexOf(name)
    if (other < j) throw new InputError(`CSV: line ${line}: columns ${other} and ${j} are both named ${describe(name)}`)
  })
  return names
}

/** Whether a cell is a finite decimal number: 5, -0.5, .5, 1e-3. */
export function isNumeric(cell: string): boolean {
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(cell)
}

/** Whether a cell stands for no value: empty, NaN, or an infinity. */
export function isMissing(cell: string): boolean {
  return cell === '' || /^[+-]?(nan|inf|infinity)$/i.test(cell)
}

/** A column as errors call it. */
export function sayColumn({ names }: Table, column: number): string {
  return names ? `column ${describe(names[column])}` : `column ${column} (counted from 0)`
}

/** The error for one cell. */
export function cellError(table: Table, row: number, column: number, expected: string): InputError {
  const cell = table.rows[row]?.[column] ?? ''
  const found = cell === '' ? 'the value is missing' : `found ${describe(cell)}`
  return new InputError(`CSV: line ${table.lines[row]}, ${sayColumn(table, column)}: ${found}, expected ${expected}`)
}

/** The place of a named column. @throws InputError suggesting the nearest name */
export function findNamed(argument: string, name: string, names: readonly string[]): number {
  const column = names.indexOf(name)
  if (column >= 0) return column
  const near = nearestName(name, names)
  const hint = near === undefined ? '' : ` (did you mean '${near}'?)`
  const known = names.length > 20 ? `${names.slice(0, 20).join(', ')}, …` : names.join(', ')
  throw new InputError(`${argument}: the file has no column ${describe(name)}${hint}; it has ${known}`)
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
