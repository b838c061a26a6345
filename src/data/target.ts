import { describe, InputError, listNames } from '../core/errors.ts'
import type { CsvOptions } from './csv-options.ts'
import type { RawRows } from '../core/raw-rows.ts'
import { findRepeated } from './names.ts'
import {
  cellError,
  cellProblem,
  isMissing,
  isNumeric,
  missingColumn,
  placesOf,
  sayColumn,
  type Table,
} from './table.ts'

/** The columns to predict: those that are named, else the last that is not an input. */
export function findTargets(
  table: Table,
  target: CsvOptions['target'],
  features: readonly string[] | undefined,
  dropped: readonly number[] = [],
): number[] {
  if (target === undefined) {
    const isFeature = new Set(features)
    for (let column = table.columns - 1; column >= 0; column--) {
      const name = table.names?.[column]
      if (!dropped.includes(column) && (name === undefined || !isFeature.has(name))) return [column]
    }
    throw new InputError('target: every column of the file is one of the features; expected a column to predict')
  }
  const wanted = (typeof target === 'object' ? target : [target]) as readonly unknown[]
  if (!Array.isArray(wanted) || wanted.length === 0) {
    throw new InputError(`target: expected a column's name or number, or several of them, got ${describe(target)}`)
  }
  const places = placesOf(table.names ?? [])
  const columns = wanted.map((column) => findTarget(table, places, column))
  const repeated = findRepeated(columns)
  if (repeated !== undefined) throw new InputError(`target: ${sayColumn(table, repeated)} is listed twice`)
  return columns
}

function findTarget({ names, columns }: Table, places: ReadonlyMap<string, number>, target: unknown): number {
  const named = typeof target === 'string' ? places.get(target) : undefined
  if (named !== undefined) return named
  const isNumber = typeof target === 'number' || (typeof target === 'string' && /^-?\d+$/.test(target))
  if (typeof target === 'string' && names && !isNumber) throw missingColumn('target', target, names)
  if (!isNumber) {
    const hint = typeof target === 'string' ? ' in a file without header' : ''
    throw new InputError(`target: expected a column's name or number, got ${describe(target)}${hint}`)
  }
  const column = Number(target)
  if (Number.isInteger(column) && column >= -columns && column < columns) return column < 0 ? column + columns : column
  throw new InputError(`target: expected a column from 0 to ${columns - 1}, or back from -1, got ${describe(target)}`)
}

/** The names of the classes where each has its own column. */
export function targetNames({ names }: Table, columns: readonly number[]): string[] {
  return columns.map((column) => names?.[column] ?? String(column))
}

/** Checks that columns that are to be classes are one-hot. @param y the columns, of the same rows as the table */
export function checkOneHot(table: Table, y: RawRows): void {
  for (let row = 0; row < y.rows; row++) {
    const values = [...y.row(row)]
    if (values.every((value) => value === 0 || value === 1) && values.filter((value) => value === 1).length === 1)
      continue
    const found = listNames(values)
    throw new InputError(`CSV: line ${table.lines[row]}: expected one 1 and else 0 in the target columns, got ${found}`)
  }
}

/** 1, 1.0 and +1 are one class. */
function canonical(table: Table, column: number, cell: string): string {
  const value = table.numberOf(column, cell)
  return Number.isNaN(value) ? cell : String(value)
}

/** The place of each row's class among those that are known. @throws InputError naming the line of one that is not */
export function labelsOf(table: Table, column: number, places: ReadonlyMap<string, number>): Uint32Array {
  return Uint32Array.from(table.rows, (cells, row) => {
    const cell = cells[column] ?? ''
    const label = places.get(cell) ?? places.get(canonical(table, column, cell))
    if (label !== undefined) return label
    if (isMissing(cell)) throw cellError(table, row, column, 'the name of a class')
    throw cellError(table, row, column, `one of the classes ${listNames([...places.keys()])}`)
  })
}

/** Different values that a survey remembers at most: no network has more classes. */
const MOST_CLASSES = 100_000

/**
 * Looks through a column to predict, a table at a time, and says what it holds: names of classes, or regression targets.
 */
export class TargetSurvey {
  readonly #column: number
  /** Each value as it is written, with the place of its class: classes are counted as they appear. */
  #seen = new Map<string, number>()
  #classes = new Map<string, number>()
  #rows = 0
  #words = 0
  #fractions = 0
  #tooMany = false
  #said = ''
  /** Errors about the first word and the first value that is missing, if they are to be errors. */
  #firstWord: { error: (expected: string) => InputError; missing: boolean } | undefined
  #firstMissing: ((expected: string) => InputError) | undefined

  constructor(column: number) {
    this.#column = column
  }

  /** @returns for each row the place of its class, in the order in which they appeared */
  add(table: Table): Uint32Array {
    this.#said = sayColumn(table, this.#column)
    return Uint32Array.from(table.rows, (cells, row) => {
      const cell = cells[this.#column] ?? ''
      this.#rows++
      const value = table.numberOf(this.#column, cell)
      if (Number.isNaN(value)) this.#addWord(table, row, cell)
      else if (!Number.isInteger(value)) this.#fractions++
      return this.#place(table, cell)
    })
  }

  #addWord(table: Table, row: number, cell: string): void {
    this.#words++
    const missing = isMissing(cell)
    // Only the message is kept, not all of the table.
    this.#firstWord ??= { error: cellProblem(table, row, this.#column), missing }
    if (missing) this.#firstMissing ??= cellProblem(table, row, this.#column)
  }

  #place(table: Table, cell: string): number {
    const seen = this.#seen.get(cell)
    if (seen !== undefined || this.#tooMany) return seen ?? 0
    const name = canonical(table, this.#column, cell)
    const place = this.#classes.get(name) ?? this.#classes.size
    this.#classes.set(name, place)
    this.#seen.set(cell, place)
    if (this.#seen.size > MOST_CLASSES) {
      this.#tooMany = true
      this.#seen.clear()
    }
    return place
  }

  /**
   * Words are classes; numbers are, where all are whole, at most 20 differ, and each occurs twice on average.
   * @throws InputError where words and numbers are mixed, and for words that are hardly ever the same
   */
  task(): 'classification' | 'regression' {
    const distinct = this.#classes.size
    const rows = this.#rows
    if (this.#words === rows) {
      if (!this.#tooMany && (distinct <= 20 || 2 * distinct <= rows)) return 'classification'
      const what = `${this.#tooMany ? `more than ${MOST_CLASSES}` : distinct} different words in ${rows} rows are no classes`
      throw new InputError(`CSV: ${this.#said}: ${what}; name the column to predict with target`)
    }
    if (this.#firstWord) {
      const hint = ", as in other rows (or give task: 'classification', if the numbers are names)"
      throw this.#firstWord.error(`a finite number${this.#firstWord.missing ? '' : hint}`)
    }
    const areClasses = this.#fractions === 0 && !this.#tooMany && distinct > 1 && distinct <= 20
    return areClasses && 2 * distinct <= rows ? 'classification' : 'regression'
  }

  /**
   * The classes' names, sorted (as numbers where all are), and for each place that {@link add} gave, where it is there.
   * @throws InputError where a value is missing, and for fewer than two classes
   */
  classes(): { names: string[]; labels: Uint32Array } {
    if (this.#firstMissing) throw this.#firstMissing('the name of a class')
    if (this.#tooMany)
      throw new InputError(`CSV: ${this.#said}: more than ${MOST_CLASSES} different values are no classes`)
    const names = [...this.#classes.keys()]
    if (names.length < 2) {
      throw new InputError(`CSV: ${this.#said}: every value is ${describe(names[0])}, expected two or more`)
    }
    const sorted = names.every(isNumeric) ? names.sort((a, b) => Number(a) - Number(b)) : names.sort()
    const labels = new Uint32Array(sorted.length)
    sorted.forEach((name, i) => (labels[this.#classes.get(name)!] = i))
    return { names: sorted, labels }
  }
}
