import { describe, InputError } from '../core/errors.ts'
import type { CsvOptions } from './csv-options.ts'
import { cellProblem, isMissing, isNumeric, placesOf, sayColumn, type Table } from './table.ts'
import { canonical, DROP_HINT } from './target.ts'

/** Different values that a survey remembers at most: no network has more classes. */
const MOST_CLASSES = 100_000

/**
 * Looks through a column to predict, a table at a time, and says what it holds: names of classes, or regression targets.
 */
export class TargetSurvey {
  readonly #column: number
  /** Each value as it is written, with its place in the order in which they appeared. */
  #seen = new Map<string, number>()
  /** By place: 1 for 1.0, which is the name of the class where all values are numbers. */
  #canonical: string[] = []
  #rows = 0
  #words = 0
  #missing = 0
  #fractions = 0
  #tooMany = false
  #said = ''
  /** Errors about the first word and the first value that is missing, if they are to be errors. */
  #firstWord: ((expected: string) => InputError) | undefined
  #firstMissing: ((expected: string) => InputError) | undefined

  constructor(column: number) {
    this.#column = column
  }

  /** @returns for each row the place of its class, in the order in which they appeared */
  add(table: Table): Uint32Array {
    this.#said = sayColumn(table, this.#column)
    return Uint32Array.from({ length: table.length }, (_, row) => {
      this.#rows++
      const value = table.number(row, this.#column)
      // Where there are too many values to be classes, their spelling does not matter.
      if (this.#tooMany && Number.isFinite(value)) {
        if (!Number.isInteger(value)) this.#fractions++
        return 0
      }
      const cell = table.cell(row, this.#column)
      if (isMissing(cell)) {
        this.#missing++
        this.#firstMissing ??= cellProblem(table, row, this.#column)
        return 0
      }
      if (Number.isNaN(value)) this.#addWord(table, row)
      else if (!Number.isInteger(value)) this.#fractions++
      return this.#place(value, cell)
    })
  }

  #addWord(table: Table, row: number): void {
    this.#words++
    // Only the message is kept, not all of the table.
    this.#firstWord ??= cellProblem(table, row, this.#column)
  }

  #place(value: number, cell: string): number {
    const seen = this.#seen.get(cell)
    if (seen !== undefined || this.#tooMany) return seen ?? 0
    const place = this.#seen.size
    this.#seen.set(cell, place)
    this.#canonical.push(canonical(value, cell))
    if (this.#seen.size > MOST_CLASSES) {
      this.#tooMany = true
      this.#seen.clear()
      this.#canonical = []
    }
    return place
  }

  /**
   * A column of which most values are words is classes; numbers are, where all are whole, at most 20 differ, and each occurs
   * twice on average.
   * @param numbers what numbers are: `classes` where all are whole; by default they are counted
   * @throws InputError for a few words among numbers, and for words that are hardly ever the same
   */
  task(numbers: CsvOptions['numbers']): 'classification' | 'regression' {
    const distinct = new Set(this.#names).size
    const rows = this.#rows - this.#missing
    if (2 * this.#words > rows || (this.#words > 0 && numbers === 'classes')) {
      if (!this.#tooMany && (distinct <= 20 || 2 * distinct <= rows)) return 'classification'
      const what = `${this.#tooMany ? `more than ${MOST_CLASSES}` : distinct} different words in ${rows} rows are no classes`
      throw new InputError(`CSV: ${this.#said}: ${what}; name the column to predict with target`)
    }
    if (this.#firstWord) {
      const hint = "task: 'classification' (--task classification) takes numbers and words as names of classes"
      throw this.#firstWord(`a finite number, as in most rows; ${hint}`)
    }
    if (numbers === 'targets' || this.#fractions > 0 || this.#tooMany || distinct < 2) return 'regression'
    return numbers === 'classes' || (distinct <= 20 && 2 * distinct <= rows) ? 'classification' : 'regression'
  }

  /** By place: what the classes are called. Among words, numbers are names as they are written (1E5). */
  get #names(): readonly string[] {
    return this.#words > 0 ? [...this.#seen.keys()] : this.#canonical
  }

  /** @throws InputError where a value is missing: it is never filled in */
  checkComplete(expected: string): void {
    if (this.#firstMissing) throw this.#firstMissing(`${expected}; ${DROP_HINT}`)
  }

  /**
   * The classes' names, sorted (as numbers where all are), and for each place that {@link add} gave, where it is there.
   * @throws InputError where a value is missing, and for fewer than two classes
   */
  classes(): { names: string[]; labels: Uint32Array } {
    this.checkComplete('the name of a class')
    if (this.#tooMany)
      throw new InputError(`CSV: ${this.#said}: more than ${MOST_CLASSES} different values are no classes`)
    const names = [...new Set(this.#names)]
    if (names.length < 2) {
      throw new InputError(`CSV: ${this.#said}: every value is ${describe(names[0])}, expected two or more`)
    }
    const sorted = names.every(isNumeric) ? names.sort((a, b) => Number(a) - Number(b)) : names.sort()
    const places = placesOf(sorted)
    return { names: sorted, labels: Uint32Array.from(this.#names, (name) => places.get(name)!) }
  }
}
