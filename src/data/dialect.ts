import { isMissing, looksNumeric } from './cells.ts'
import { looksLikeHeader } from './header.ts'
import type { Row } from './rows.ts'
import { makeSplitter } from './splitters.ts'

/** How the rows of a file are written. */
export interface Dialect {
  /** One character, or `space` for any number of spaces and tabs. */
  readonly delimiter: string
  /** How lines begin that are no rows; undefined where there are none. */
  readonly comment: string | undefined
}

/** How a text is to be read, and the part of its beginning that holds rows. */
export interface Opening extends Dialect {
  readonly text: string
  /** The line of the file in which the text begins. */
  readonly line: number
}

/** What is known of a file's dialect before it is read. */
export interface DialectOptions {
  readonly delimiter?: string | undefined
  /** What the ending of the file's name suggests. */
  readonly likelyDelimiter?: string | undefined
  readonly comment?: string | undefined
}

/**
 * Finds the dialect of a text, and leaves out what comes before the first row: blank lines, `sep=;`, and a block of
 * lines that begin with #. If the last of these has a name for each column (numpy.savetxt), it is the header.
 * @param beginning of the text, with LF line ends
 * @param isAll whether it is all of the text
 */
export function openText(beginning: string, isAll: boolean, options: DialectOptions): Opening {
  let delimiter = options.delimiter === 'auto' ? undefined : options.delimiter
  let text = beginning
  let line = 1
  const leaveOut = (length: number) => {
    for (let at = text.indexOf('\n'); at >= 0 && at < length; at = text.indexOf('\n', at + 1)) line++
    text = text.slice(length)
  }
  leaveOut(/^[ \t]*\n(?:[ \t]*\n)*/.exec(text)?.[0].length ?? 0)
  const separator = /^"?sep=(.)"?[,;\t ]*(?:\n|$)/i.exec(text)
  if (separator) {
    delimiter ??= separator[1]
    leaveOut(separator[0].length)
  }
  const comment = options.comment === 'none' || options.comment === 'auto' ? undefined : options.comment
  const dialectOf = (rows: string) => ({ delimiter: delimiter ?? guessDelimiter(rows, isAll, options.likelyDelimiter, comment), comment }) // prettier-ignore
  const block = options.comment === 'none' || comment !== undefined ? 0 : lengthOfComments(text)
  if (block === 0 || block === text.length) return { text, line, ...dialectOf(text) }
  const dialect = dialectOf(text.slice(block))
  const rows = firstRows(text.slice(block), isAll, dialect)
  const comments = text.slice(0, block).trimEnd()
  const last = comments.slice(comments.lastIndexOf('\n') + 1)
  const [header] = firstRows(last.replace(/^[ \t]*#+/, ''), true, dialect)
  const columns = rows[0]?.cells.length ?? 0
  if (header?.cells.length !== columns || columns < 2) {
    leaveOut(block)
    return { text, line, ...dialect }
  }
  const cells = rows.map(({ cells }) => cells)
  if (looksLikeHeader(cells, {})) leaveOut(block)
  else if (looksLikeHeader([header.cells, ...cells], {})) {
    leaveOut(comments.length - last.length)
    text = text.replace(/^[ \t]*#+/, '')
  }
  return { text, line, ...dialect }
}

/** Characters of the lines with which a text begins that begin with # or are blank. */
function lengthOfComments(text: string): number {
  let at = 0
  while (at < text.length && /[ \t]*[#\n]/y.test(text.slice(at, at + LONGEST_INDENT))) {
    const end = text.indexOf('\n', at)
    if (end < 0) return text.length
    at = end + 1
  }
  return at
}

/** Spaces before a # that begins a comment. */
const LONGEST_INDENT = 16

/** In the order in which they are preferred. */
const delimiters = [',', '\t', ';', '|', '\x1e', '\x1f', 'space']
/** The number of rows that are examined. */
const SEEN_ROWS = 100
/** The share of rows that have the same number of values, from which on a delimiter is taken for granted. */
const STEADY = 0.75

/**
 * The delimiter with which most rows have the same number of values, and more than one; of several, the one with which most
 * cells are numbers, then the one with the most cells. Else a comma.
 */
export function guessDelimiter(beginning: string, isAll: boolean, likely?: string, comment?: string): string {
  let best = { delimiter: ',', isSteady: false, numeric: 0, columns: 0, share: 0 }
  for (const delimiter of delimiters) {
    const rows = firstRows(beginning, isAll, { delimiter, comment })
    const { columns, share } = commonLength(rows)
    if (columns < 2) continue
    const numeric = numericShare(rows.slice(1), columns)
    const found = { delimiter, isSteady: share >= STEADY, numeric, columns, share }
    if (found.isSteady && delimiter === likely) return delimiter
    // Words may have spaces between them.
    if (delimiter === 'space' && (numeric < 0.5 || !found.isSteady)) continue
    if (isBetter(found, best)) best = found
  }
  return best.delimiter
}

type Guess = { isSteady: boolean; numeric: number; columns: number; share: number }

function isBetter(a: Guess, b: Guess): boolean {
  if (a.isSteady !== b.isSteady) return a.isSteady
  if (!a.isSteady && a.share !== b.share) return a.share > b.share
  return a.numeric === b.numeric ? a.columns > b.columns : a.numeric > b.numeric
}

/** The number of values that most rows have, and their share; the first two rows may be titles. */
export function commonLength(rows: readonly Row[]): { columns: number; share: number } {
  const counts = new Map<number, number>()
  for (const { cells } of rows) counts.set(cells.length, (counts.get(cells.length) ?? 0) + 1)
  let columns = 0
  for (const [length, count] of counts) {
    const most = counts.get(columns) ?? 0
    if (count > most || (count === most && length > columns)) columns = length
  }
  return { columns, share: (counts.get(columns) ?? 0) / Math.max(1, rows.length) }
}

/** The share of numbers among the cells that have a value, of rows of the common length. */
function numericShare(rows: readonly Row[], columns: number): number {
  const cells = rows.filter(({ cells }) => cells.length === columns).flatMap(({ cells }) => cells)
  const values = cells.filter((cell) => !isMissing(cell))
  return values.length === 0 ? 0 : values.filter(looksNumeric).length / values.length
}

/** The first rows; an incomplete one only if there is no other. */
function firstRows(beginning: string, isAll: boolean, { delimiter, comment }: Dialect): Row[] {
  const splitter = makeSplitter({ delimiter, comment }, 1)
  const rows: Row[] = []
  try {
    for (let at = 0; at < beginning.length && rows.length < SEEN_ROWS; at += 1024) {
      rows.push(...splitter.push(beginning.slice(at, at + 1024)))
    }
    if (rows.length < SEEN_ROWS && (isAll || rows.length === 0)) rows.push(...splitter.finish())
  } catch {
    // With another delimiter than the file's, quotes are in the wrong places.
  }
  return rows.slice(0, SEEN_ROWS)
}
