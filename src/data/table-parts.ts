import { describe, InputError } from '../core/errors.ts'
import { type DecodeOptions, StrictDecoder, utf8Chunks } from './decode.ts'
import { openText } from './dialect.ts'
import { byteDialect, type Head, readHead, type TableOptions } from './head.ts'
import { type ByteDialect, readNumberRows } from './number-rows.ts'
import { concat, encodePieces, LineEnds, piecesOf, type Pieces } from './pieces.ts'
import type { Row, Splitter } from './rows.ts'
import { makeSplitter } from './splitters.ts'
import { NumberTable, type Table, TextTable } from './table.ts'

/**
 * Reads CSV text that comes in pieces, cut anywhere, as tables of the rows that have come: for files larger than memory.
 * The beginning of the text decides how all of it is read. The header is not repeated. Blank lines are passed over; a BOM
 * and CRLF are fine.
 * @param pieces text, or its UTF-8 bytes
 */
export async function* readTableParts(pieces: Pieces, options: TableOptions): AsyncGenerator<Table> {
  const reader = new TableReader(options)
  for await (const bytes of encodePieces(pieces)) yield* reader.push(bytes)
  yield* reader.finish()
}

/** The same of a text that is there as a whole, or of the bytes of a file. */
export function readTextParts(text: string | Uint8Array, options: TableOptions & DecodeOptions): AsyncGenerator<Table> {
  if (text instanceof Uint8Array) return readTableParts(utf8Chunks([text], text.length, options), options)
  if (typeof text === 'string') return readTableParts(piecesOf(text), options)
  throw new InputError(`text: expected the text of a CSV file, or its bytes (Uint8Array), got ${describe(text)}`)
}

/** Bytes from which it is decided how a file is written; rows beyond say nothing about it. */
const BEGINNING = 1 << 18
/** Bytes of a part of a row from which on it is passed on as it comes. */
const LONG_ROW = 1 << 22
const LF = 10
const CR = 13

/**
 * Makes tables of bytes. The beginning is split into text cells, which decide on the head. Of the rest, whole lines are read as
 * numbers where the dialect allows it; what that reader refuses goes through the splitter, which reports all errors.
 */
class TableReader {
  readonly #options: TableOptions
  readonly #decoder = new StrictDecoder('utf-8')
  readonly #lineEnds = new LineEnds()
  /** Blank lines before the beginning, of which there may be any number. */
  #blankLines = 0
  #lastByte = 0
  /** Bytes that wait: of the beginning, or of a row that is not ended. */
  #held: Uint8Array[] = []
  #heldLength = 0
  #delimiter = ','
  #hasComments = false
  #splitter: Splitter | undefined
  #head: Head | undefined
  #dialect: ByteDialect | undefined
  /** Rows from before the head is known. */
  #waiting: Row[] = []
  /** Whether the beginning holds too few rows to know it. */
  #isBeyond = false

  constructor(options: TableOptions) {
    this.#options = options
  }

  push(bytes: Uint8Array): Table[] {
    if (this.#splitter) return this.#pushRows(bytes)
    this.#hold(this.#heldLength === 0 ? this.#skipBlank(bytes) : bytes)
    if (this.#heldLength < BEGINNING) return []
    // Exactly as much text decides as for any other pieces.
    const all = this.#takeHeld()
    const end = all.lastIndexOf(LF, BEGINNING - 1) + 1 || BEGINNING
    const rows = this.#open(this.#textOf(all.subarray(0, end)), false)
    const tables = this.#makeTable(rows, false)
    this.#isBeyond = !this.#head
    return [...tables, ...this.#pushRows(all.subarray(end))]
  }

  finish(): Table[] {
    const text = this.#textOf(this.#takeHeld()) + this.#lineEnds.push(this.#decoder.finish()) + this.#lineEnds.finish()
    const rows = this.#splitter ? this.#splitter.push(text) : this.#open(text, true)
    return this.#makeTable([...rows, ...this.#splitter!.finish()], true)
  }

  #hold(bytes: Uint8Array): void {
    if (bytes.length > 0) this.#held.push(bytes)
    this.#heldLength += bytes.length
  }

  #takeHeld(): Uint8Array {
    const all = concat(this.#held, this.#heldLength)
    this.#held = []
    this.#heldLength = 0
    return all
  }

  #skipBlank(bytes: Uint8Array): Uint8Array {
    let at = 0
    for (; bytes[at] === LF || bytes[at] === CR; at++) {
      if (bytes[at] === CR || this.#lastByte !== CR) this.#blankLines++
      this.#lastByte = bytes[at]!
    }
    return bytes.subarray(at)
  }

  #textOf(bytes: Uint8Array): string {
    return this.#lineEnds.push(this.#decoder.decode(bytes))
  }

  #open(beginning: string, isAll: boolean): Row[] {
    const { text, line, delimiter, comment } = openText(beginning, isAll, this.#options)
    this.#delimiter = delimiter
    this.#splitter = makeSplitter({ delimiter, comment }, line + this.#blankLines)
    this.#hasComments = comment !== undefined
    return this.#splitter.push(text)
  }
  /** Reads rows behind the beginning: those that are whole, where they may be read as numbers. */
  #pushRows(bytes: Uint8Array): Table[] {
    if (bytes.length === 0) return []
    if (!this.#dialect) return this.#makeTable(this.#splitter!.push(this.#textOf(bytes)), false)
    const end = bytes.lastIndexOf(LF) + 1
    this.#hold(bytes.subarray(0, end || bytes.length))
    if (end === 0 && this.#heldLength < LONG_ROW) return []
    const whole = this.#takeHeld()
    this.#hold(bytes.subarray(end || bytes.length))
    return this.#readLines(whole)
  }

  #readLines(bytes: Uint8Array): Table[] {
    const line = this.#lineEnds.isOpen ? undefined : this.#splitter!.nextLine
    const read = line !== undefined && bytes.at(-1) === LF ? readNumberRows(bytes, line, this.#dialect!) : undefined
    if (!read) return this.#makeTable(this.#splitter!.push(this.#textOf(bytes)), false)
    // Numbers are ASCII; other bytes have to be UTF-8.
    const text = read.areNumbers ? undefined : this.#decoder.decode(bytes)
    this.#splitter!.skipTo(read.nextLine)
    return read.rows === 0 ? [] : [new NumberTable(this.#head!, bytes, read, text)]
  }

  /** A table of the rows; none before there are enough to know the head: the second decides whether the first is a header. */
  #makeTable(rows: readonly Row[], isLast: boolean): Table[] {
    // Not push(...rows): there may be more than arguments can be.
    this.#waiting = this.#waiting.length > 0 ? [...this.#waiting, ...rows] : [...rows]
    if (!this.#head && this.#waiting.length < 2 && !isLast) return []
    if (!this.#head) {
      // Where rows are that long, two decide, however many come at once.
      const seen = this.#isBeyond ? this.#waiting.slice(0, 2) : this.#waiting
      this.#head = readHead(seen, this.#options, this.#delimiter)
      this.#waiting = this.#waiting.slice(this.#head.skipped)
      if (!this.#hasComments) this.#dialect = byteDialect(this.#head, this.#delimiter)
    }
    return this.#waiting.length === 0 ? [] : [new TextTable(this.#head, this.#waiting.splice(0))]
  }
}
