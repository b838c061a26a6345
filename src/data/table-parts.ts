import { InputError } from '../errors.ts'
import {
  checkTableOptions,
  type Head,
  makeTable,
  readHead,
  type Row,
  splitRows,
  type Table,
  type TableOptions,
  withPlainLineEnds,
} from './table.ts'

/**
 * Reads CSV text that comes in pieces, cut anywhere, as tables of the rows that have come: for files larger than memory.
 * The header is that of the first rows, and is not repeated.
 */
export async function* readTableParts(pieces: AsyncIterable<string>, options: TableOptions): AsyncGenerator<Table> {
  checkTableOptions(options)
  const { default: papa } = await import('papaparse')
  let cutter: RowCutter | undefined
  let head: Head | undefined
  let line = 1
  let before: Row[] = []
  const read = async (text: string, isLast: boolean) => {
    const found = await splitRows(text, cutter?.delimiter, line)
    line = found.nextLine
    const rows = [...before, ...found.rows]
    // Whether the first row is a header is told by the second.
    if (!head && rows.length < 2 && !isLast) {
      before = rows
      return undefined
    }
    before = []
    head ??= readHead(rows, options)
    return rows.length > 0 ? makeTable(head, rows) : undefined
  }
  for await (const piece of withPlainLineEndsIn(pieces)) {
    cutter ??= new RowCutter(options.delimiter ?? papa.parse(piece, { preview: 10, newline: '\n' }).meta.delimiter)
    const text = cutter.push(piece)
    if (cutter.pending > LONGEST_ROW) throw new InputError(`CSV: line ${line}: a quoted value (") is never closed`)
    const table = text === '' ? undefined : await read(text, false)
    if (table) yield table
  }
  const table = await read(cutter?.rest() ?? '', true)
  if (table) yield table
}

/** Characters of a row, which a quote that is never closed goes beyond. */
const LONGEST_ROW = 1 << 26

/** A piece may end between CR and LF. */
async function* withPlainLineEndsIn(pieces: AsyncIterable<string>): AsyncGenerator<string> {
  let held = ''
  for await (const piece of pieces) {
    const text = held + piece
    held = text.endsWith('\r') ? '\r' : ''
    if (text.length > held.length) yield withPlainLineEnds(held === '' ? text : text.slice(0, -1))
  }
  if (held !== '') yield '\n'
}

/**
 * Cuts text that comes in pieces behind the last row that is whole: a line break inside of quotes is part of a value, and
 * quotes are quotes only where a value begins with one.
 */
export class RowCutter {
  readonly delimiter: string
  #text = ''
  #scanned = 0
  #place: 'beginning' | 'plain' | 'quoted' | 'after a quote' = 'beginning'

  constructor(delimiter: string) {
    this.delimiter = delimiter
  }

  /** Characters that wait for the end of their row. */
  get pending(): number {
    return this.#text.length
  }

  /** Takes another piece; returns the rows that are whole now. */
  push(piece: string): string {
    this.#text += piece
    const text = this.#text
    let end = 0
    if ((this.#place === 'beginning' || this.#place === 'plain') && !piece.includes('"')) {
      const last = piece.lastIndexOf('\n')
      if (last >= 0) end = this.#scanned + last + 1
      const letter = piece.at(-1)
      if (letter !== undefined) this.#place = letter === '\n' || letter === this.delimiter ? 'beginning' : 'plain'
    } else {
      for (let i = this.#scanned; i < text.length; i++) {
        const letter = text[i]!
        if (this.#place === 'quoted') {
          if (letter === '"') this.#place = 'after a quote'
        } else if (letter === this.delimiter) this.#place = 'beginning'
        else if (letter === '\n') {
          this.#place = 'beginning'
          end = i + 1
        } else if (this.#place === 'after a quote') {
          // Doubled, it stands for itself; after anything but spaces the value was not closed.
          if (letter !== ' ') this.#place = 'quoted'
        } else this.#place = this.#place === 'beginning' && letter === '"' ? 'quoted' : 'plain'
      }
    }
    this.#text = text.slice(end)
    this.#scanned = this.#text.length
    return text.slice(0, end)
  }

  /** What is left when no more comes. */
  rest(): string {
    return this.#text
  }
}
