import { describe, InputError, listNames } from '../core/errors.ts'
import { type EncodedColumn, type Encoding, MOST_CATEGORIES, truthOf } from '../model/encoding.ts'
import { looksNumeric } from './cells.ts'
import { cellError, cellProblem, isMissing, isNumeric, type Table } from './table.ts'

/** Words of a column that are kept apart; a column of more is refused whatever they are. */
const MOST_WORDS = 100_000
/** Rows from which on a column that counts them is worth a warning. */
const MANY_ROWS = 20

/**
 * Until all rows have been read it is not known whether a column is of words. So a word is kept as its number in the order of
 * appearance, times a power of two that numbers do not reach; one array of float64 holds numbers and words.
 */
const WORD = 2 ** 1000
/** Numbers from here on are beyond float32. */
const LARGEST = 2 ** 128

/** One column while its rows are read. */
export class ColumnReader {
  readonly place: number
  readonly #said: string
  readonly #limit: number
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
  /** Values of a known column of words that are none of its words. */
  #unknown = 0
  #firstUnknown: { readonly line: number; readonly cell: string } | undefined
  /** Whether those are numbers, all of the column's values. */
  #isNumbersOnly = true
  #numberForWord: ((expected: string) => InputError) | undefined

  /** @param isScaled whether the column will be scaled, which brings large numbers into the range of float32 */
  constructor(place: number, said: string, encoding: Encoding | undefined, j: number, isScaled: boolean) {
    this.#limit = isScaled ? WORD : LARGEST
    this.place = place
    this.#said = said
    this.#known = encoding?.columns[j]
    this.#placeOf = (category) => encoding?.placeOf(j, category) ?? -1
  }

  /** @param index of the row in the whole file; @returns undefined where the value is missing */
  read(table: Table, row: number, index: number): number | undefined {
    if (this.#known?.kind === 'category') {
      const cell = table.cell(row, this.place)
      return isMissing(cell) ? undefined : this.#readCategory(table, row, cell)
    }
    const value = table.number(row, this.place)
    return Number.isNaN(value) ? this.#readWord(table, row) : this.#readNumber(table, row, value, index)
  }

  #readNumber(table: Table, row: number, value: number, index: number): number {
    if (!(Math.abs(value) < this.#limit)) {
      const expected =
        this.#limit === LARGEST ? 'a number that float32 can hold (below 3.4e38)' : 'a number below 1.1e301'
      throw cellError(table, row, this.place, expected)
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

  #readCategory(table: Table, row: number, cell: string): number {
    const isNumber = isNumeric(cell)
    const place = this.#placeOf(cell)
    const found = place < 0 && isNumber ? this.#placeOf(String(Number(cell))) : place
    if (found >= 0 || !isNumber) this.#isNumbersOnly = false
    if (found < 0) {
      this.#unknown++
      this.#firstUnknown ??= { line: table.lines[row]!, cell }
      if (isNumber && this.#isNumbersOnly) this.#numberForWord ??= cellProblem(table, row, this.place)
    }
    return found
  }

  /** @throws InputError where a column of words holds only numbers, none of which is one of its words */
  checkWords(): void {
    if (this.#known?.kind !== 'category' || !this.#isNumbersOnly || !this.#numberForWord) return
    const words = listNames(this.#known.categories, 3)
    throw this.#numberForWord(`words as in the training data (${words}); the whole column has numbers here`)
  }

  /** Words that the model does not know are worth a note. */
  noteUnknown(onNote: ((note: string) => void) | undefined): void {
    if (!this.#firstUnknown) return
    const { line, cell } = this.#firstUnknown
    const values = this.#unknown === 1 ? 'value is a category' : 'values are categories'
    onNote?.(
      `${this.#said}: ${this.#unknown} ${values} that the training data do not have, the first ${describe(cell)} in line ` +
        `${line}; all inputs of the column are 0 there`,
    )
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

  /** Of a column that has one word only, and so never changes: 'column 'land' ('at')'; else undefined. */
  sayOneWord(rows: number): string | undefined {
    const [word, ...others] = this.#words.size === 1 && !this.#isTruth && this.#isWords ? this.#categories() : []
    return word === undefined || others.length > 0 || rows < MANY_ROWS ? undefined : `${this.#said} (${describe(word)})`
  }

  /** @throws InputError for words among numbers, and a column without values */
  kind(): EncodedColumn {
    if (this.#wordCount === 0) {
      if (this.#numbers > 0) return { kind: 'number' }
      throw new InputError(`CSV: ${this.#said} has no values; leave it out (on the command line: --drop)`)
    }
    if (this.#isTruth) return { kind: 'boolean' }
    if (!this.#isWords) throw this.#firstWord!(this.#expected)
    return { kind: 'category', categories: this.#categories() }
  }

  /** Whether most values are words; numbers in another notation must not become categories. */
  get #isWords(): boolean {
    return this.#wordCount - this.#foreignNumbers > this.#numbers + this.#foreignNumbers
  }

  /** Whether it has more categories than are encoded. */
  get isCrowded(): boolean {
    return !this.#isTruth && this.#isWords && this.#categories().length > MOST_CATEGORIES
  }

  /** 'column 'name' has 300 different words (a, b, c, …)' */
  sayWords(): string {
    const categories = this.#categories()
    const count = this.#words.size > MOST_WORDS ? `more than ${MOST_WORDS}` : categories.length
    return `${this.#said} has ${count} different words (${listNames(categories, 3)})`
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
