import { InputError } from '../core/errors.ts'
import { MOST_COLUMNS } from './limits.ts'
import { LONGEST_ROW, type Row, RowSplitter, type Splitter } from './rows.ts'

/** A splitter for a dialect, where `space` means any number of spaces and tabs. @param line of the first character */
export function makeSplitter(dialect: { delimiter: string; comment: string | undefined }, line: number): Splitter {
  const { delimiter, comment } = dialect
  return delimiter === 'space' ? new SpaceSplitter(line, comment) : new RowSplitter(delimiter, line, comment)
}

/**
 * Splits lines into values with any number of spaces and tabs between them, as UCI's own files have them. Spaces at both ends
 * of a line are ignored. A value in quotes may hold spaces, but no line break.
 */
class SpaceSplitter implements Splitter {
  readonly #comment: string | undefined
  #line: number
  /** The line that is not ended. */
  #open: string[] = []
  #length = 0

  constructor(line: number, comment: string | undefined) {
    this.#line = line
    this.#comment = comment
  }

  get nextLine(): number | undefined {
    return this.#length === 0 ? this.#line : undefined
  }

  skipTo(line: number): void {
    this.#line = line
  }

  push(piece: string): Row[] {
    const rows: Row[] = []
    let at = 0
    for (let end = piece.indexOf('\n'); end >= 0; end = piece.indexOf('\n', at)) {
      this.#add(piece.slice(at, end))
      rows.push(...this.#endLine())
      at = end + 1
    }
    this.#add(piece.slice(at))
    return rows
  }

  finish(): Row[] {
    return this.#endLine()
  }

  #add(part: string): void {
    if (part === '') return
    this.#open.push(part)
    this.#length += part.length
    if (this.#length > LONGEST_ROW) {
      throw new InputError(`CSV: line ${this.#line}: the row is not ended within ${LONGEST_ROW} characters`)
    }
  }

  #endLine(): Row[] {
    const text = this.#open.join('').trim()
    const line = this.#line++
    this.#open = []
    this.#length = 0
    if (text === '' || (this.#comment !== undefined && text.startsWith(this.#comment))) return []
    const cells = text.includes('"') ? splitQuoted(text) : text.split(/[ \t]+/)
    if (cells.length <= MOST_COLUMNS) return [{ line, cells }]
    throw new InputError(`CSV: line ${line}: more than ${MOST_COLUMNS} values in a row, as many as are read`)
  }
}

/** Values of which some are in quotes; two quotes mean one. */
function splitQuoted(text: string): string[] {
  return Array.from(text.matchAll(/"((?:[^"]|"")*)"(?![^ \t])|[^ \t]+/g), ([value, quoted]) => {
    return (quoted?.replaceAll('""', '"') ?? value).trim()
  })
}
