import { describe, InputError } from '../core/errors.ts'
import { RawRows } from '../core/raw-rows.ts'
import { Encoding, type MissingPolicy, MOST_CATEGORIES } from '../model/encoding.ts'
import { ColumnReader } from './column-reader.ts'
import { sayColumn, type Table } from './table.ts'

/** Columns that a note names at most. */
const MOST_NAMED = 4

/** How columns are read. */
export interface InputColumnsOptions {
  /** The columns that a model knows, `network.encoding`: then the kind of each is known. */
  readonly columns?: Encoding | undefined
  readonly missing?: MissingPolicy | undefined
  /** Whether the columns will be scaled: then numbers beyond float32 are read, too. */
  readonly isScaled?: boolean | undefined
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

/** Reads the input columns of tables that come one after another, the parts of one file. */
export class InputColumns {
  readonly #columns: readonly ColumnReader[]
  readonly #encoding: Encoding | undefined
  readonly #missing: MissingPolicy
  /** Whether the option says that missing values are errors, also where the model could fill them. */
  readonly #isStrict: boolean
  readonly #onNote: ((note: string) => void) | undefined
  readonly #gaps = new Gaps()
  #rows = 0

  /** @param columns the places of the columns in the tables */
  constructor(table: Table, columns: readonly number[], options: InputColumnsOptions) {
    const { columns: encoding, missing, onNote, isScaled = false } = options
    if (encoding && encoding.columns.length !== columns.length) {
      throw new InputError(`CSV: has ${columns.length} input columns, the model expects ${encoding.columns.length}`)
    }
    this.#encoding = encoding
    this.#missing = missing ?? encoding?.missing ?? 'error'
    this.#isStrict = missing === 'error'
    this.#onNote = onNote
    this.#columns = columns.map(
      (column, j) => new ColumnReader(column, sayColumn(table, column), encoding, j, isScaled),
    )
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
    if (this.#encoding) for (const column of this.#columns) column.checkWords()
    return raw
  }

  #readMissing(table: Table, row: number, j: number): number {
    this.#gaps.add(table, row, this.#columns[j]!.place)
    if (this.#encoding && this.#missing !== 'drop') {
      // What fills the gaps is known at once.
      const isFilled = this.#encoding.columns[j]!.fill !== undefined
      if (this.#isStrict || !isFilled) throw this.#gaps.error(isFilled)
    }
    return NaN
  }

  /** When all rows have been read, for people: what was filled, and which words a model does not know. */
  noteValues(): void {
    const { rows } = this.#gaps
    if (this.#missing === 'impute' && rows > 0) {
      const has = rows === 1 ? 'has' : 'have'
      this.#onNote?.(
        `${rows} of ${this.#rows} rows ${has} missing values: filled with the column's median or most frequent value`,
      )
    }
    for (const column of this.#columns) column.noteUnknown(this.#onNote)
  }

  #noteOneWord(): void {
    const said = this.#columns.map((column) => column.sayOneWord(this.#rows)).filter((text) => text !== undefined)
    if (said.length === 0) return
    const [has, it] = said.length === 1 ? ['has', 'it adds'] : ['have', 'they add']
    const more = said.length > MOST_NAMED ? ` and ${said.length - MOST_NAMED} more` : ''
    const names = said.slice(0, MOST_NAMED).join(', ')
    this.#onNote?.(`${names}${more} ${has} one word only; ${it} nothing (--drop leaves columns out)`)
  }

  /**
   * When all rows have been read.
   * @throws InputError for a word in a column of numbers, missing values where they are errors, too many categories
   */
  finish(): ReadColumns {
    const encoding = this.#encoding
    if (encoding) {
      this.noteValues()
      return { encoding: encoding.isPlain ? undefined : encoding, decode: (read) => read }
    }
    if (this.#missing === 'error' && this.#gaps.count > 0) throw this.#gaps.error(true)
    const crowded = this.#columns.filter((column) => column.isCrowded)
    if (crowded.length > 0) throw crowdedError(crowded)
    if (this.#columns.length > 1) {
      for (const column of this.#columns) column.noteRowNumbers(this.#rows, this.#onNote)
      this.#noteOneWord()
    }
    const kinds = this.#columns.map((column) => column.kind())
    this.noteValues()
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
  /** Rows that have any. */
  rows = 0
  #lastLine = 0
  #found = ''
  readonly #places: string[] = []

  add(table: Table, row: number, column: number): void {
    const line = table.lines[row]!
    if (line !== this.#lastLine) this.rows++
    this.#lastLine = line
    if (this.count++ >= 3) return
    const cell = table.cell(row, column)
    if (this.count === 1 && cell !== '') this.#found = ` (${describe(cell)})`
    this.#places.push(`line ${line}, ${sayColumn(table, column)}`)
  }

  /** @param canFill whether there are values to fill them with */
  error(canFill: boolean): InputError {
    const more = this.count > 3 ? `, and ${this.count - 3} more` : ''
    const others = this.count > 1 ? `; so are ${this.#places.slice(1).join('; ')}${more}` : ''
    const help = canFill
      ? "Leave such rows out with missing: 'drop', or fill them with 'impute' (on the command line: --missing drop, --missing impute)"
      : "Leave such rows out with missing: 'drop' (--missing drop); the model can fill them only where it was trained with 'impute'"
    return new InputError(`CSV: ${this.#places[0]}: the value is missing${this.#found}${others}. ${help}`)
  }
}

/** The error for columns with too many words, all of them at once. */
function crowdedError(columns: readonly ColumnReader[]): InputError {
  const [first, ...others] = columns.map((column) => column.sayWords())
  const limit = `at most ${MOST_CATEGORIES} are encoded`
  const help = '(on the command line: --drop)'
  if (others.length === 0) return new InputError(`CSV: ${first}, ${limit}; leave the column out ${help}`)
  return new InputError(`CSV: ${first}, ${limit}; ${others.join('; ')}. Leave these columns out ${help}`)
}
