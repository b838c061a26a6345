import { describe, InputError } from '../core/errors.ts'
import { decodeText, type DecodeOptions } from './decode.ts'
import { BEGINNING, openText } from './dialect.ts'
import { type Head, readHead, type TableOptions } from './head.ts'
import { piecesOf, type Pieces, withPlainLineEnds } from './pieces.ts'
import type { Row, Splitter } from './rows.ts'
import { makeSplitter } from './splitters.ts'
import { makeTable, type Table } from './table.ts'

/**
 * Reads CSV text that comes in pieces, cut anywhere, as tables of the rows that have come: for files larger than memory.
 * The beginning of the text decides how all of it is read. The header is not repeated. Blank lines are passed over; a BOM
 * and CRLF are fine.
 */
export async function* readTableParts(pieces: Pieces, options: TableOptions): AsyncGenerator<Table> {
  const reader = new TableReader(options)
  for await (const piece of withPlainLineEnds(pieces)) {
    const table = reader.push(piece)
    if (table) yield table
  }
  const table = reader.finish()
  if (table) yield table
}

/** The same of a text that is there as a whole, or of the bytes of a file. */
export function readTextParts(text: string | Uint8Array, options: TableOptions & DecodeOptions): AsyncGenerator<Table> {
  if (text instanceof Uint8Array) return readTableParts(decodeText([text], text.length, options), options)
  if (typeof text === 'string') return readTableParts(piecesOf(text), options)
  throw new InputError(`text: expected the text of a CSV file, or its bytes (Uint8Array), got ${describe(text)}`)
}

class TableReader {
  readonly #options: TableOptions
  /** Blank lines before the beginning, of which there may be any number. */
  #blankLines = 0
  #beginning = ''
  #delimiter = ','
  #splitter: Splitter | undefined
  #head: Head | undefined
  /** Rows from before the head is known. */
  #waiting: Row[] = []
  /** Whether the beginning holds too few rows to know it. */
  #isBeyond = false

  constructor(options: TableOptions) {
    this.#options = options
  }

  push(piece: string): Table | undefined {
    if (this.#splitter) return this.#read(this.#splitter.push(piece), false)
    let text = piece
    if (this.#beginning === '') {
      text = piece.replace(/^\n+/, '')
      this.#blankLines += piece.length - text.length
    }
    this.#beginning += text
    return this.#beginning.length < BEGINNING ? undefined : this.#open()
  }

  finish(): Table | undefined {
    const opened = this.#splitter ? [] : this.#openRows(this.#beginning, true)
    return this.#read([...opened, ...this.#splitter!.finish()], true)
  }

  /** Exactly as much text decides as for any other pieces. */
  #open(): Table | undefined {
    const rest = this.#beginning.slice(BEGINNING)
    this.#take(this.#openRows(this.#beginning.slice(0, BEGINNING), false), false)
    this.#isBeyond = !this.#head
    return this.#read(this.#splitter!.push(rest), false)
  }

  #openRows(beginning: string, isAll: boolean): Row[] {
    const { text, line, delimiter, comment } = openText(beginning, isAll, this.#options)
    this.#delimiter = delimiter
    this.#splitter = makeSplitter({ delimiter, comment }, line + this.#blankLines)
    this.#beginning = ''
    return this.#splitter.push(text)
  }

  /** Keeps rows until there are enough of them to know the head: the second decides whether the first is a header. */
  #take(rows: readonly Row[], isLast: boolean): void {
    // Not push(...rows): there may be more than arguments can be.
    this.#waiting = this.#waiting.length > 0 ? [...this.#waiting, ...rows] : [...rows]
    if (this.#head || (this.#waiting.length < 2 && !isLast)) return
    // Where rows are that long, two decide, however many come at once.
    const seen = this.#isBeyond ? this.#waiting.slice(0, 2) : this.#waiting
    this.#head = readHead(seen, this.#options, this.#delimiter)
    this.#waiting = this.#waiting.slice(this.#head.skipped)
  }

  #read(rows: readonly Row[], isLast: boolean): Table | undefined {
    this.#take(rows, isLast)
    if (!this.#head || this.#waiting.length === 0) return undefined
    return makeTable(this.#head, this.#waiting.splice(0))
  }
}
