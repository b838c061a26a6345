import { guessDelimiter, piecesOf, type Pieces, type Row, RowSplitter, withPlainLineEnds } from './rows.ts'
import { type Head, makeTable, readHead, type Table, type TableOptions } from './table.ts'
import { describe, InputError } from '../core/errors.ts'

/** Characters from which the delimiter is guessed. */
const BEGINNING = 1 << 16

/**
 * Reads CSV text that comes in pieces, cut anywhere, as tables of the rows that have come: for files larger than memory.
 * The header is that of the first rows, and is not repeated. Blank lines are passed over; a BOM and CRLF are fine.
 */
export async function* readTableParts(pieces: Pieces, options: TableOptions): AsyncGenerator<Table> {
  let splitter = options.delimiter === undefined ? undefined : new RowSplitter(options.delimiter)
  let head: Head | undefined
  let waiting: Row[] = []
  let beginning = ''
  /** Lines before the beginning, which say nothing. */
  let blank = 0
  const read = (found: Row[], isLast: boolean): Table | undefined => {
    const rows = waiting.length > 0 ? [...waiting, ...found] : found
    // The second row decides whether the first is a header.
    if (!head && rows.length < 2 && !isLast) {
      waiting = rows
      return undefined
    }
    waiting = []
    head ??= readHead(rows, options)
    return rows.length > 0 ? makeTable(head, rows) : undefined
  }
  for await (const piece of withPlainLineEnds(pieces)) {
    let text = piece
    if (!splitter) {
      if (beginning === '') text = piece.replace(/^\n+/, '')
      blank += piece.length - text.length
      beginning += text
      if (beginning.length < BEGINNING) continue
      text = beginning
      splitter = new RowSplitter(guessDelimiter(text.slice(0, BEGINNING)), 1 + blank)
    }
    const table = read(splitter.push(text), false)
    if (table) yield table
  }
  let rows: Row[] = []
  if (!splitter) {
    splitter = new RowSplitter(guessDelimiter(beginning), 1 + blank)
    rows = splitter.push(beginning)
  }
  const table = read(rows.concat(splitter.finish()), true)
  if (table) yield table
}

/** The same of text that is there as a whole. */
export function readTextParts(text: string, options: TableOptions): AsyncGenerator<Table> {
  if (typeof text !== 'string') throw new InputError(`text: expected the text of a CSV file, got ${describe(text)}`)
  return readTableParts(piecesOf(text), options)
}
