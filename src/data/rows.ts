import { InputError } from '../core/errors.ts'
import { MOST_COLUMNS } from './limits.ts'

/** A row of a CSV file: the line in which it begins, counted from 1, and its trimmed cells. */
export interface Row {
  line: number
  cells: string[]
}

/** Characters of a row: a quote that is never closed goes beyond, and so does a file without line breaks. */
const LONGEST_ROW = 1 << 26

/**
 * Splits CSV text (RFC 4180) that comes in pieces, cut anywhere, into rows. Every character is read once, and
 * only the current row is kept: time and memory are linear in the text for every content.
 *
 * A value is quoted where a quote is its first character; line breaks and delimiters in it are part of it, two quotes
 * mean one, and nothing but spaces may follow before the next delimiter. Blank lines are passed over.
 */
export class RowSplitter {
  readonly #delimiter: string
  readonly #rows: Row[] = []
  /** Of the row that is open. */
  #cells: string[] = []
  #length = 0
  #line: number
  /** Of the next character. */
  #nextLine: number
  #place: 'beginning' | 'plain' | 'quoted' | 'quote' | 'closed' = 'beginning'
  /** Parts of the value that is open. */
  #parts: string[] = []

  /** @param delimiter one character; @param line of the first */
  constructor(delimiter: string, line = 1) {
    this.#delimiter = delimiter
    this.#line = this.#nextLine = line
  }

  /** How many values the row that is open has so far. */
  get open(): number {
    return this.#cells.length
  }

  /**
   * Takes another piece, whose line breaks are LF; returns the rows that are whole now.
   * @throws InputError naming the line for a row that is too long, and for what follows a closing quote
   */
  push(piece: string): Row[] {
    for (let at = 0; at < piece.length;) {
      const isPlain = this.#place === 'beginning' || this.#place === 'plain'
      const quote = isPlain ? piece.indexOf('"', at) : at
      // Most files have no quotes; where there are some, the lines before the one with the next are read at once.
      const lines = quote < 0 ? piece.length : isPlain ? piece.lastIndexOf('\n', quote) + 1 : at
      if (lines > at) this.#readLines(piece, at, lines)
      at = Math.max(at, lines)
      if (at < piece.length) at = this.#readLine(piece, at)
    }
    if (this.#length > LONGEST_ROW) {
      const quoted = this.#place === 'quoted' ? 'a quoted value (") is never closed' : 'the row is not ended'
      throw this.#error(`${quoted} within ${LONGEST_ROW} characters`)
    }
    return this.#rows.splice(0)
  }

  /** The row that is left when no more comes, if there is one. @throws InputError for a quote that is open */
  finish(): Row[] {
    if (this.#place === 'quoted') throw this.#error('a quoted value (") is never closed')
    if (this.#cells.length > 0 || this.#place !== 'beginning') {
      this.#endCell()
      this.#endRow()
    }
    return this.#rows.splice(0)
  }

  /** Text without quotes, from `at` up to `end`. */
  #readLines(text: string, at: number, end: number): void {
    for (;;) {
      const found = text.indexOf('\n', at)
      const stop = found < 0 || found >= end ? end : found
      if (stop > at) this.#readPlain(text, at, stop)
      if (stop === end) return
      if (this.#place !== 'beginning' || this.#cells.length > 0) this.#endCell()
      this.#endLine()
      at = stop + 1
    }
  }

  /** Values and delimiters of one line. */
  #readPlain(text: string, at: number, end: number): void {
    this.#length += end - at
    const values = text.slice(at, end).split(this.#delimiter)
    this.#parts.push(values[0]!)
    for (let i = 1; i < values.length; i++) {
      this.#endCell()
      this.#parts.push(values[i]!)
    }
    this.#place = values.at(-1) === '' && values.length > 1 ? 'beginning' : 'plain'
    this.#checkCount()
  }

  /** From `at` up to the end of the line with quotes, or of the piece; returns where that is. */
  #readLine(text: string, at: number): number {
    const start = at
    let delimiter = -2
    let lineEnd = -2
    /** Where something is found next, or the text's end; each stretch of text is searched once. */
    const next = (found: number, what: string) => {
      if (found >= at) return found
      const place = text.indexOf(what, at)
      return place < 0 ? text.length : place
    }
    while (at < text.length) {
      if (this.#place === 'beginning' && text[at] === '"') {
        this.#place = 'quoted'
        at++
      } else if (this.#place === 'quoted') {
        let end = text.indexOf('"', at)
        while (end >= 0 && text[end + 1] === '"') end = text.indexOf('"', end + 2)
        this.#addQuoted(end < 0 ? text.slice(at) : text.slice(at, end))
        if (end >= 0) this.#place = 'quote'
        at = end < 0 ? text.length : end + 1
      } else if (this.#place === 'quote' && text[at] === '"') {
        // The text was cut between two quotes.
        this.#addQuoted('""')
        this.#place = 'quoted'
        at++
      } else {
        delimiter = next(delimiter, this.#delimiter)
        lineEnd = next(lineEnd, '\n')
        const end = Math.min(delimiter, lineEnd)
        this.#addPlain(text.slice(at, end))
        at = end + 1
        if (end === text.length) break
        this.#endCell()
        this.#checkCount()
        if (lineEnd === end) {
          this.#endLine()
          return at
        }
      }
    }
    this.#length += Math.min(at, text.length) - start
    return text.length
  }

  #addQuoted(part: string): void {
    this.#parts.push(part.includes('"') ? part.split('""').join('"') : part)
    for (let at = part.indexOf('\n'); at >= 0; at = part.indexOf('\n', at + 1)) this.#nextLine++
  }

  #addPlain(part: string): void {
    if (this.#place === 'quote' || this.#place === 'closed') {
      if (part.trim() !== '') throw this.#error('a quoted value (") is not followed by a delimiter')
      this.#place = 'closed'
    } else {
      if (part !== '') this.#place = 'plain'
      this.#parts.push(part)
    }
  }

  #endCell(): void {
    this.#cells.push((this.#parts.length === 1 ? this.#parts[0]! : this.#parts.join('')).trim())
    this.#parts = []
    this.#place = 'beginning'
  }

  #endLine(): void {
    if (this.#cells.length > 0) this.#endRow()
    this.#length = 0
    this.#line = ++this.#nextLine
  }

  #endRow(): void {
    if (this.#cells.length > 1 || this.#cells[0] !== '') this.#rows.push({ line: this.#line, cells: this.#cells })
    this.#cells = []
  }

  #checkCount(): void {
    if (this.#cells.length < MOST_COLUMNS) return
    throw this.#error(`more than ${MOST_COLUMNS} values in a row, as many as are read`)
  }

  #error(problem: string): InputError {
    return new InputError(`CSV: line ${this.#line}: ${problem}`)
  }
}

/** Text in pieces, cut anywhere. */
export type Pieces = AsyncIterable<string> | Iterable<string>

/** CR and CRLF become LF, in text that may be cut between them; a byte order mark is left out. */
export async function* withPlainLineEnds(pieces: Pieces): AsyncGenerator<string> {
  let held = ''
  let isFirst = true
  for await (const piece of pieces) {
    if (piece === '') continue
    const text = held + (isFirst ? piece.replace(/^\ufeff/, '') : piece)
    isFirst = false
    held = text.endsWith('\r') ? '\r' : ''
    if (text.length > held.length) yield (held === '' ? text : text.slice(0, -1)).replace(/\r\n?/g, '\n')
  }
  if (held !== '') yield '\n'
}

/** Characters of a piece of text that is there as a whole. */
const PIECE = 1 << 18

/** A text in pieces. */
export function* piecesOf(text: string): Generator<string> {
  for (let at = 0; at < text.length; at += PIECE) yield text.slice(at, at + PIECE)
}

/** In the order in which they are preferred. */
const delimiters = [',', '\t', '|', ';', '\x1e', '\x1f']
/** The number of rows that are examined. */
const SEEN_ROWS = 10

/**
 * The delimiter with which the first rows have as many values each as can be, and more than one; else a comma.
 * @param beginning of the text
 */
export function guessDelimiter(beginning: string): string {
  let best = { delimiter: ',', change: Infinity, mean: 0 }
  for (const delimiter of delimiters) {
    const counts = countValues(beginning, delimiter)
    const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length
    const change = counts.reduce((sum, count, i) => sum + Math.abs(count - (counts[i - 1] ?? count)), 0)
    const isBetter = change < best.change || (change === best.change && mean > best.mean)
    if (mean > 1.99 && isBetter) best = { delimiter, change, mean }
  }
  return best.delimiter
}

/** The number of values of each of the first rows; of an incomplete row only if there is no other. */
function countValues(beginning: string, delimiter: string): number[] {
  const splitter = new RowSplitter(delimiter)
  const counts: number[] = []
  try {
    for (let at = 0; at < beginning.length && counts.length < SEEN_ROWS; at += 1024) {
      for (const { cells } of splitter.push(beginning.slice(at, at + 1024))) counts.push(cells.length)
    }
  } catch {
    // With another delimiter than the file's, quotes are in the wrong places.
  }
  return counts.length > 0 ? counts.slice(0, SEEN_ROWS) : [splitter.open + 1]
}
