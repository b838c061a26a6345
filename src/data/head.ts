import { describe, InputError } from '../core/errors.ts'
import { chooseFormat, guessDecimal, looksNumeric, type NumberFormat, plainNumbers } from './cells.ts'
import { commonLength, type DialectOptions } from './dialect.ts'
import { isIndex, type KnownNames, looksLikeHeader, onlyHeader, readNames } from './header.ts'
import type { ByteDialect } from './number-rows.ts'
import type { Row } from './rows.ts'

/** How a table is read. */
export interface TableOptions extends DialectOptions, KnownNames {
  readonly header?: boolean | 'auto' | 'yes' | 'no' | undefined
  readonly decimal?: string | undefined
  /** Is called with a sentence for what a reader of the file might not expect. */
  readonly onNote?: ((text: string) => void) | undefined
}

/** What all rows of a table have in common. */
export interface Head {
  readonly names: readonly string[] | undefined
  readonly columns: number
  /** The most values of a row: more than there are columns where delimiters follow the last. */
  readonly width: number
  /** The line of the first row. */
  readonly line: number
  /** Rows before the first with values: titles and the header. */
  readonly skipped: number
  /** Columns without name that hold row numbers or row names. */
  readonly unnamed: readonly number[]
  /** How the numbers of each column are written; undefined where all are plain. */
  readonly formats: readonly NumberFormat[] | undefined
}

/**
 * How the bytes of a table are written, if all its numbers can be read from them without strings.
 * @param delimiter one character, or `space`
 */
export function byteDialect({ columns, width, formats }: Head, delimiter: string): ByteDialect | undefined {
  const [first = plainNumbers] = formats ?? []
  const isUniform = formats?.every(({ decimal, percent }) => decimal === first.decimal && !percent) ?? true
  if (delimiter.length > 1 || /[^\0-\x7f]|[\d+\-eE. "]/.test(delimiter) || delimiter === first.decimal) return undefined
  if (!isUniform || width !== columns) return undefined
  return { columns, delimiter: delimiter.charCodeAt(0), decimal: first.decimal.charCodeAt(0) }
}

/**
 * Reads from the first rows of a file what all of them have in common.
 * @param all the rows of the beginning
 * @throws InputError for no rows, and for a header alone
 */
export function readHead(all: readonly Row[], options: TableOptions, delimiter: string): Head {
  if (all.length === 0) throw new InputError('CSV: the file is empty, expected rows of values')
  const note = options.onNote ?? (() => undefined)
  const given = givenHeader(options)
  const titles = given === false ? 0 : countTitles(all, options)
  for (const { line } of all.slice(0, titles)) note(`line ${line} is a title above the table, and no row of it`)
  const rows = all.slice(titles)
  const [first] = rows as [Row]
  const hasHeader = given ?? looksLikeHeader(rows.slice(0, SEEN_ROWS).map(({ cells }) => cells), options) // prettier-ignore
  const values = hasHeader ? rows.slice(1) : rows
  if (values.length === 0) throw onlyHeader(first.line)
  const columns = countColumns(first, values, hasHeader)
  const width = Math.max(first.cells.length, values[0]!.cells.length)
  const names = hasHeader ? readNames(fitHeader(first, columns), note) : undefined
  if (hasHeader && given === undefined && !options.features && isSurprising(first, values[0]!)) {
    note(
      `line ${first.line} (${describe(first.cells.slice(0, 8).join(', '))}) is the header; header: false (--header no) reads it as values`,
    )
  }
  const unnamed = names ? findUnnamed(first, values, columns, note) : []
  const formats = findFormats(values, columns, options.decimal, delimiter)
  return { names, columns, width, line: first.line, skipped: titles + Number(hasHeader), unnamed, formats }
}

/** Whether a header has numbers, and no word above a number. */
function isSurprising({ cells }: Row, below: Row): boolean {
  const isName = (cell: string, j: number) => cell !== '' && !looksNumeric(cell) && looksNumeric(below.cells[j] ?? '')
  return cells.some(looksNumeric) && !cells.some(isName)
}

/** Whether there is a header, where the options say it. */
function givenHeader({ header }: TableOptions): boolean | undefined {
  if (header === undefined || header === 'auto') return undefined
  return header === true || header === 'yes'
}

/** Rows below the first that are compared with it. */
const SEEN_ROWS = 201
/** Titles above a table at most. */
const MOST_TITLES = 10

/** The number of rows above the table that have a single value, and no number, where other rows have several. */
function countTitles(rows: readonly Row[], options: TableOptions): number {
  const { columns } = commonLength(rows.slice(0, SEEN_ROWS))
  if (columns < 2) return 0
  let titles = 0
  while (titles < MOST_TITLES && titles + 1 < rows.length && isTitle(rows[titles]!)) titles++
  if (titles === 0) return 0
  const rest = rows.slice(titles, titles + SEEN_ROWS).map(({ cells }) => cells)
  // A table of a single column and row names has a header of one name, too.
  const isSure = looksLikeHeader(rest, options) || (columns > 2 && rows[0]!.cells.length < columns - 1)
  return isSure ? titles : 0
}

const isTitle = ({ cells }: Row) =>
  cells[0] !== '' && !looksNumeric(cells[0]!) && cells.slice(1).every((cell) => cell === '')

/** The number of columns; those at the end that have neither a name nor a value are none. */
function countColumns(first: Row, values: readonly Row[], hasHeader: boolean): number {
  const named = hasHeader ? first.cells.length : 0
  const { length } = values[0]!.cells
  let columns = length
  const isEmpty = (column: number) => values.every(({ cells }) => (cells[column] ?? '') === '')
  const hasName = (column: number) => hasHeader && (first.cells[column] ?? '') !== ''
  while (columns > 1 && !hasName(columns - 1) && isEmpty(columns - 1)) columns--
  if (!hasHeader || named === columns || named === columns - 1) return columns
  // A delimiter follows the last name only; else the rows do not have as many values as there are names.
  const isTrailed = named > columns && first.cells.slice(columns).every((cell) => cell === '')
  return isTrailed ? columns : named
}

/** As many names as there are columns; R leaves out the name of row names. */
function fitHeader({ line, cells }: Row, columns: number): Row {
  return { line, cells: cells.length === columns - 1 ? ['', ...cells] : cells.slice(0, columns) }
}

/** The first column, if it has no name and holds row numbers or row names. */
function findUnnamed(header: Row, values: readonly Row[], columns: number, note: (text: string) => void): number[] {
  const name = header.cells.length === columns - 1 ? '' : header.cells[0]!
  if (columns < 2 || (name !== '' && name !== 'Unnamed: 0')) return []
  const cells = values.map(({ cells }) => cells[0]!)
  const isNumbers = !Number.isNaN(Number(cells[0]))
  if (!isIndex(cells) || (name !== '' && !isNumbers)) return header.cells.length === columns - 1 ? noteUnnamed('row names') : [] // prettier-ignore
  return noteUnnamed(isNumbers ? 'row numbers' : 'row names')

  function noteUnnamed(what: string): number[] {
    note(
      `the first column ${name === '' ? 'has no name' : `is named ${describe(name)}`} and holds ${what}: it is left out`,
    )
    return [0]
  }
}

/** How the numbers of each column are written; undefined where all columns are of plain numbers or of words. */
function findFormats(values: readonly Row[], columns: number, given: string | undefined, delimiter: string) {
  const isFixed = given === '.' || given === ','
  const decimal = isFixed ? given : guessDecimal(cellsOf(values), delimiter)
  const formats = Array.from({ length: columns }, (_, column) => {
    return chooseFormat(values.map(({ cells }) => cells[column] ?? ''), decimal, isFixed) // prettier-ignore
  })
  return formats.every((format) => format === plainNumbers) ? undefined : formats
}

function* cellsOf(rows: readonly Row[]): Generator<string> {
  for (const { cells } of rows) yield* cells
}
