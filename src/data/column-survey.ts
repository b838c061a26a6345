import { describe } from '../core/errors.ts'
import { MOST_CATEGORIES, truthOf } from '../model/encoding.ts'
import { isMissing, looksNumeric } from './cells.ts'

/** A column of a CSV file. */
export interface CsvColumn {
  /** From the header; else `x` and the column's number, counted from 0. */
  name: string
  /** What the column is as an input; undefined where it cannot be one. */
  kind: 'number' | 'boolean' | 'category' | undefined
  /** Why it cannot be an input: `has no values`; undefined where it can. */
  problem: string | undefined
  /** Whether each of its values is a finite number; none is missing. */
  numeric: boolean
  /** How many different values it has, as they are written; counted up to 1000. */
  distinct: number
  /** How many values are missing. */
  missing: number
}

/** Different values of a column up to which they are counted: more need not be kept. */
const MOST_DISTINCT = 1000
/** Numbers from here on are beyond float32. */
const LARGEST = 2 ** 128

/** Finds out what one column is, by the rules by which it is read as an input. */
export class ColumnSurvey {
  readonly #values = new Set<string>()
  /** Words and numbers of a column of words; one more than may be encoded. */
  readonly #categories = new Set<string>()
  #missing = 0
  #numbers = 0
  #words = 0
  /** Words that are numbers in another notation. */
  #foreignNumbers = 0
  #isTruth = true
  #isFinite = true
  /** The first word, and the first number beyond float32, with their lines. */
  #word: string | undefined
  #tooLarge: string | undefined

  /** @param value the number that the cell holds; NaN for none */
  add(cell: string, value: number, line: number): void {
    if (this.#values.size < MOST_DISTINCT) this.#values.add(cell)
    if (!Number.isFinite(value)) this.#isFinite = false
    if (!Number.isNaN(value)) this.#addNumber(cell, value, line)
    else if (isMissing(cell)) this.#missing++
    else this.#addWord(cell, line)
  }

  #addNumber(cell: string, value: number, line: number): void {
    this.#numbers++
    if (this.#isTruth && value !== 0 && value !== 1) this.#isTruth = false
    if (!(Math.abs(value) < LARGEST)) this.#tooLarge ??= `${describe(cell)} in line ${line}`
    this.#addCategory(() => String(value))
  }

  #addWord(cell: string, line: number): void {
    this.#words++
    this.#word ??= `${describe(cell)} in line ${line}`
    if (this.#isTruth && truthOf(cell) === undefined) this.#isTruth = false
    if (looksNumeric(cell)) this.#foreignNumbers++
    this.#addCategory(() => cell)
  }

  #addCategory(name: () => string): void {
    if (this.#categories.size <= MOST_CATEGORIES) this.#categories.add(name())
  }

  describe(name: string): CsvColumn {
    const [numeric, distinct, missing] = [this.#isFinite, this.#values.size, this.#missing]
    const problem = this.#problem()
    return { name, kind: problem === undefined ? this.#kind() : undefined, problem, numeric, distinct, missing }
  }

  #kind(): CsvColumn['kind'] {
    if (this.#words === 0) return 'number'
    return this.#isTruth ? 'boolean' : 'category'
  }

  #problem(): string | undefined {
    if (this.#numbers + this.#words === 0) return 'has no values'
    if (this.#tooLarge !== undefined) return `holds ${this.#tooLarge}, which is beyond float32 (3.4e38)`
    if (this.#words === 0 || this.#isTruth) return undefined
    if (this.#words - this.#foreignNumbers <= this.#numbers + this.#foreignNumbers) {
      return `holds numbers, but also ${this.#word}`
    }
    if (this.#categories.size <= MOST_CATEGORIES) return undefined
    return `has more than ${MOST_CATEGORIES} different words`
  }
}
