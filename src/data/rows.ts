import { InputError } from '../core/errors.ts'
import { MOST_COLUMNS } from './limits.ts'

/** A row of a CSV file: the line in which it begins, counted from 1, and its trimmed cells. */
export interface Row {
  line: number
  cells: string[]
}

/** Splits text that comes in pieces into rows. */
export interface Splitter {
  /** Takes another piece, whose line breaks are LF; returns the rows that are whole now. */
  push(piece: string): Row[]
  /** The row that is left when no more comes, if there is one. */
  finish(): Row[]
  /** The line of the next character, where all rows are whole; undefined within a row, and where that is not known. */
  readonly nextLine: number | undefined
  /** Goes on in another line, where lines were read otherwise. */
  skipTo(line: number): void
}

/** Characters of a row: a quote that is never closed goes beyond, and so does a file without line breaks. */
export const LONGEST_ROW = 1 << 26

/**
 * Splits CSV text (RFC 4180) that comes in pieces, cut anywhere, into rows. Every character is read once, and
 * only the current row is kept: time and memory are linear in the text for every content.
 *
 * A value is quoted where a quote is its first character but spaces; line breaks and delimiters in it are part of it, two
 * quotes mean one, and nothing but spaces may follow before the next delimiter. Blank lines are passed over, and rows of
 * delimiters only, and lines that begin with the mark of comments.
 */
export class RowSplitter implements Splitter {
  readonly #delimiter: string
  readonly #rows: Row[] = []
  /** Of the row that is open. */
  #cells: string[] = []
  #length = 0
  #line: number
  /** Of the next character. */
  #nextLine: number
  #place: 'beginning' | 'plain' | 'quoted' | 'quote' | 'closed' | 'comment' = 'beginning'
  readonly #comment: string | undefined
  /** Parts of the value that is open. */
  #parts: string[] = []

  /** @param delimiter one character; @param line of the first; @param comment how lines begin that are no rows */
  constructor(delimiter: string, line = 1, comment?: string) {
    this.#delimiter = delimiter
    this.#comment = comment
    this.#line = this.#nextLine = line
  }

  get nextLine(): number | undefined {
    return this.#place === 'beginning' && this.#cells.length === 0 && this.#length === 0 ? this.#nextLine : undefined
  }

  skipTo(line: number): void {
    this.#line = this.#nextLine = line
  }

  /**
   * Takes another piece, whose line breaks are LF; returns the rows that are whole now.
   * @throws InputError naming the line for a row that is too long, and for what follows a closing quote
   */
  push(piece: string): Row[] {
    for (let at = 0; at < piece.length;) {
      if (this.#isComment(piece, at)) {
        at = this.#passLine(piece, at)
        continue
      }
      const isPlain = this.#place === 'beginning' || this.#place === 'plain'
      const quote = isPlain ? piece.indexOf('"', at) : at
      // Most files have no quotes; where there are some, the lines before the one with the next are read at once.
      const lines = quote < 0 ? piece.length : isPlain ? piece.lastIndexOf('\n', quote) + 1 : at
      if (lines > at) {
        this.#readLines(piece, at, lines)
        at = lines
      } else at = this.#readLine(piece, at)
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
    if (this.#cells.length > 0 || !['beginning', 'comment'].includes(this.#place)) {
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
      if (stop > at) {
        if (this.#isComment(text, at)) {
          at = this.#passLine(text, at)
          if (at >= end) return
          continue
        }
        this.#readPlain(text, at, stop)
      }
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
    if (this.#place !== 'beginning' || values.length > 1 || values[0]!.trim() !== '') this.#parts.push(values[0]!)
    for (let i = 1; i < values.length; i++) {
      this.#endCell()
      this.#parts.push(values[i]!)
    }
    // Spaces may come before a quote.
    const isBlank = values.at(-1)!.trim() === '' && this.#place === 'beginning'
    if (isBlank) this.#parts = []
    else this.#place = 'plain'
    this.#checkCount()
  }

  /** Whether a comment goes on at `at`, or a line begins there that is one. */
  #isComment(text: string, at: number): boolean {
    if (this.#place === 'comment') return true
    const isLineStart = this.#place === 'beginning' && this.#cells.length === 0 && this.#parts.length === 0
    return isLineStart && this.#comment !== undefined && text.startsWith(this.#comment, at)
  }

  /** Passes over the rest of a line; returns where the next begins. */
  #passLine(text: string, at: number): number {
    const end = text.indexOf('\n', at)
    this.#place = end < 0 ? 'comment' : 'beginning'
    if (end < 0) return text.length
    this.#endLine()
    return end + 1
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
      const start = this.#place === 'beginning' ? this.#skipSpaces(text, at) : at
      if (this.#place === 'beginning' && text[start] === '"') {
        this.#place = 'quoted'
        at = start + 1
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

  #skipSpaces(text: string, at: number): number {
    while (text[at] === ' ' && this.#delimiter !== ' ') at++
    return at
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
      if (this.#place === 'beginning' && part.trim() === '') return
      this.#place = 'plain'
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
    if (this.#cells.some((cell) => cell !== '')) this.#rows.push({ line: this.#line, cells: this.#cells })
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
