import { describe, InputError, listNames } from '../core/errors.ts'
import { RawRows } from '../core/raw-rows.ts'
import { type EncodedColumn, Encoding, type MissingPolicy, MOST_CATEGORIES, truthOf } from '../model/encoding.ts'
import { looksNumeric } from './cells.ts'
import { cellError, cellProblem, isMissing, isNumeric, sayColumn, type Table } from './table.ts'

/** How columns are read. */
export interface InputColumnsOptions {
  /** The columns that a model knows, `network.encoding`: then the kind of each is known. */
  readonly columns?: Encoding | undefined
  readonly missing?: MissingPolicy | undefined
  /** Called with a line about a column that needs attention. */
  readonly onNote?: ((note: string) => void) | undefined
}

/** What columns are, once all rows have been read. */
export interface ReadColumns {
  /** Undefined where all columns are numbers and no value may be missing. */
  readonly encoding: Encoding | undefined
  /** Values of the final kinds in the place of those that were read; the memory is the same. */
  decode(read: RawRows): RawRows
}

/** Words of a column that are kept apart; a column of more is refused whatever they are. */
const MOST_WORDS = 100_000
/** Rows from which on a column that counts them is worth a warning. */
const MANY_ROWS = 20

/**
 * Until all rows have been read it is not known whether a column is of words. So a word is kept as its number in the order of
 * appearance, times a power of two that no float32 reaches; one array of float64 holds numbers and words.
 */
const WORD = 2 ** 200
const LARGEST = 2 ** 128

/** Reads the input columns of tables that come one after another, the parts of one file. */
export class InputColumns {
  readonly #columns: readonly ColumnReader[]
  readonly #encoding: Encoding | undefined
  readonly #missing: MissingPolicy
  readonly #onNote: ((note: string) => void) | undefined
  #gaps = new Gaps()
  #rows = 0

  /** @param columns the places of the columns in the tables */
  constructor(table: Table, columns: readonly number[], options: InputColumnsOptions) {
    const { columns: encoding, missing, onNote } = options
    if (encoding && encoding.columns.length !== columns.length) {
      throw new InputError(`CSV: has ${columns.length} input columns, the model expects ${encoding.columns.length}`)
    }
    this.#encoding = encoding
    this.#missing = missing ?? encoding?.missing ?? 'error'
    this.#onNote = onNote
    this.#columns = columns.map((column, j) => new ColumnReader(column, sayColumn(table, column), encoding, j))
  }

  /** The columns of a table's rows: rows × columns; to be passed to `decode` when all have been read. */
  read(table: Table): RawRows {
    const cols = this.#columns.length
    const raw = new RawRows(table.length, cols)
    for (let row = 0, place = 0; row < table.length; row++) {
      for (let j = 0; j < cols; j++) {
        const column = this.#columns[j]!
        raw.data[place++] = column.read(table, row, this.#rows + row) ?? this.#readMissing(table, row, j)
      }
    }
    this.#rows += table.length
    return raw
  }

  #readMissing(table: Table, row: number, j: number): number {
    this.#gaps.add(table, row, this.#columns[j]!.place)
    if (this.#isRefused(j)) throw this.#gaps.error()
    return NaN
  }

  /** Whether a missing value is an error at once: with a model, whose fills are known. */
  #isRefused(j: number): boolean {
    return this.#encoding !== undefined && this.#missing !== 'drop' && this.#encoding.columns[j]!.fill === undefined
  }

  /**
   * When all rows have been read.
   * @throws InputError for a word in a column of numbers, missing values where they are errors, too many categories
   */
  finish(): ReadColumns {
    const encoding = this.#encoding
    if (encoding) return { encoding: encoding.isPlain ? undefined : encoding, decode: (read) => read }
    if (this.#missing === 'error' && this.#gaps.count > 0) throw this.#gaps.error()
    if (this.#columns.length > 1) {
      for (const column of this.#columns) column.noteRowNumbers(this.#rows, this.#onNote)
    }
    const kinds = this.#columns.map((column) => column.kind())
    const found = new Encoding(kinds, this.#missing)
    const decoders = this.#columns.map((column, j) => column.decoder(kinds[j]!))
    return {
      encoding: found.isPlain ? undefined : found,
      decode: ({ rows, cols, data }) => {
        decoders.forEach((decode, j) => {
          if (decode) for (let at = j; at < rows * cols; at += cols) data[at] = decode(data[at]!)
        })
        return new RawRows(rows, cols, data)
      },
    }
  }
}

/** The first missing values, for an error that names them. */
class Gaps {
  count = 0
  #found = ''
  readonly #places: string[] = []

  add(table: Table, row: number, column: number): void {
    if (this.count++ >= 3) return
    const cell = table.cell(row, column)
    if (this.count === 1 && cell !== '') this.#found = ` (${describe(cell)})`
    this.#places.push(`line ${table.lines[row]}, ${sayColumn(table, column)}`)
  }

  error(): InputError {
    const more = this.count > 3 ? `, and ${this.count - 3} more` : ''
    const others = this.count > 1 ? `; so are ${this.#places.slice(1).join('; ')}${more}` : ''
    return new InputError(
      `CSV: ${this.#places[0]}: the value is missing${this.#found}${others}. Leave such rows out with missing: 'drop', or fill ` +
        `them with 'impute' (on the command line: --missing drop, --missing impute)`,
    )
  }
}

/** One column while its rows are read. */
class ColumnReader {
  readonly place: number
  readonly #said: string
  readonly #known: EncodedColumn | undefined
  readonly #placeOf: (category: string) => number
  readonly #words = new Map<string, number>()
  #wordCount = 0
  /** Words that are numbers in another notation. */
  #foreignNumbers = 0
  #numbers = 0
  /** Different numbers, as far as they may be categories. */
  readonly #distinct = new Set<number>()
  #isTruth = true
  #isCounting = true
  #first = 0
  #firstWord: ((expected: string) => InputError) | undefined
  #expected = 'a finite number'

  constructor(place: number, said: string, encoding: Encoding | undefined, j: number) {
    this.place = place
    this.#said = said
    this.#known = encoding?.columns[j]
    this.#placeOf = (category) => encoding?.placeOf(j, category) ?? -1
  }

  /** @param index of the row in the whole file; @returns undefined where the value is missing */
  read(table: Table, row: number, index: number): number | undefined {
    if (this.#known?.kind === 'category') {
      const cell = table.cell(row, this.place)
      return isMissing(cell) ? undefined : this.#readCategory(cell)
    }
    const value = table.number(row, this.place)
    return Number.isNaN(value) ? this.#readWord(table, row) : this.#readNumber(table, row, value, index)
  }

  #readNumber(table: Table, row: number, value: number, index: number): number {
    if (!(Math.abs(value) < LARGEST)) {
      throw cellError(table, row, this.place, 'a number that float32 can hold (below 3.4e38)')
    }
    const isTruth = value === 0 || value === 1
    if (this.#known?.kind === 'boolean' && !isTruth) throw cellError(table, row, this.place, 'true or false')
    this.#numbers++
    if (this.#distinct.size <= MOST_CATEGORIES) this.#distinct.add(value)
    if (!isTruth) this.#isTruth = false
    if (index === 0) this.#first = value
    else if (value !== this.#first + index) this.#isCounting = false
    return value
  }

  #readWord(table: Table, row: number): number | undefined {
    const cell = table.cell(row, this.place)
    if (isMissing(cell)) return undefined
    const known = this.#known?.kind
    this.#isCounting = false
    const truth = truthOf(cell)
    if (known === 'boolean' && truth !== undefined) return truth
    if (known !== undefined) {
      const expected = known === 'number' ? table.sayNumber(this.place) : 'true or false'
      throw cellError(table, row, this.place, expected)
    }
    if (truth === undefined) this.#isTruth = false
    this.#firstWord ??= cellProblem(table, row, this.place)
    this.#expected = table.sayNumber(this.place)
    this.#wordCount++
    if (looksNumeric(cell)) this.#foreignNumbers++
    return WORD * (1 + this.#codeOf(cell))
  }

  #readCategory(cell: string): number {
    const place = this.#placeOf(cell)
    return place >= 0 || !isNumeric(cell) ? place : this.#placeOf(String(Number(cell)))
  }

  #codeOf(cell: string): number {
    const known = this.#words.get(cell)
    if (known !== undefined) return known
    const code = this.#words.size
    if (code <= MOST_WORDS) this.#words.set(cell, code)
    return code
  }

  /** A column that numbers the rows is an input where it has a name, but worth a warning. */
  noteRowNumbers(rows: number, onNote: ((note: string) => void) | undefined): void {
    if (!this.#isCounting || this.#numbers < Math.max(rows, MANY_ROWS) || !(this.#first === 0 || this.#first === 1))
      return
    onNote?.(
      `${this.#said} numbers the rows; where a file is sorted, that looks like skill (--drop leaves the column out)`,
    )
  }

  /** @throws InputError for words among numbers, a column without values, and too many categories */
  kind(): EncodedColumn {
    if (this.#wordCount === 0) {
      if (this.#numbers > 0) return { kind: 'number' }
      throw new InputError(`CSV: ${this.#said} has no values; leave it out (on the command line: --drop)`)
    }
    if (this.#isTruth) return { kind: 'boolean' }
    // Numbers in another notation must not become categories.
    if (this.#wordCount - this.#foreignNumbers <= this.#numbers + this.#foreignNumbers)
      throw this.#firstWord!(this.#expected)
    const categories = this.#categories()
    if (categories.length > MOST_CATEGORIES) {
      const count = this.#words.size > MOST_WORDS ? `more than ${MOST_WORDS}` : categories.length
      throw new InputError(
        `CSV: ${this.#said} has ${count} different words (${listNames(categories, 3)}), at most ${MOST_CATEGORIES} are ` +
          'encoded; leave the column out (on the command line: --drop)',
      )
    }
    return { kind: 'category', categories }
  }

  #categories(): string[] {
    return [...new Set([...this.#words.keys(), ...[...this.#distinct].map(String)])].sort()
  }

  /** Makes final values of those that were read; undefined where they are the same. */
  decoder(column: EncodedColumn): ((value: number) => number) | undefined {
    if (column.kind === 'number') return undefined
    const words = [...this.#words.keys()]
    if (column.kind === 'boolean') {
      const values = words.map((word) => truthOf(word)!)
      return (value) => (value >= WORD ? values[value / WORD - 1]! : value)
    }
    const places = words.map((word) => column.categories.indexOf(word))
    const numbers = new Map([...this.#distinct].map((value) => [value, column.categories.indexOf(String(value))]))
    return (value) => (value >= WORD ? places[value / WORD - 1]! : (numbers.get(value) ?? NaN))
  }
}
