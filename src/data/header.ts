import { describe, InputError } from '../core/errors.ts'
import { isMissing, looksNumeric } from './cells.ts'
import type { Row } from './rows.ts'

/** Rows below the first that are compared with it. */
const SEEN_ROWS = 200

/** The names that other options give to columns: a first row that has them is a header. */
export interface KnownNames {
  readonly features?: readonly string[] | undefined
  readonly target?: string | number | readonly (string | number)[] | undefined
}

/**
 * Whether the first row of a table holds names, judged as a reader of the table would:
 *
 * 1. It does where it has all names of `features`, or a target that is no column number.
 * 2. A cell that is missing (empty, NA, ?) among numbers makes no header; nor do numbers alone, but for rule 5.
 * 3. A word above a column of numbers is a name. Numbers beside it are names too if they are whole, or as in rule 5.
 * 4. Words alone are names, unless most of them occur again further down in their own columns.
 * 5. Words that do not occur again, above words, and numbers: a header where the numbers are in equal steps or in order, and
 *    unlike the numbers below (outside their range, or whole above fractions), such as wavelengths. Numbers alone: only
 *    0, 1, …, n − 1, as pandas writes them for columns without names, where a sample is unlikely to be just that.
 */
export function looksLikeHeader(rows: readonly (readonly string[])[], known: KnownNames): boolean {
  const [first = [], ...others] = rows
  if (hasKnownNames(first, known)) return true
  const below = others.slice(0, SEEN_ROWS)
  // R leaves out the name above row names, so a header of one name less is none of the samples.
  const shift = below.length > 0 && below.every(({ length }) => length === first.length + 1) ? 1 : 0
  const columns = first.map((cell, j) => new Above(cell, below.map((cells) => cells[j + shift] ?? ''))) // prettier-ignore
  const isIndexed = columns[0]?.isIndex === true
  const named = isIndexed ? columns.slice(1) : columns
  const numbers = named.filter(({ kind }) => kind === 'number')
  const words = named.filter(({ kind }) => kind === 'word')
  const hasMarker = named.some(({ cell, kind }) => kind === 'missing' && (cell !== '' || numbers.length > 0))
  if (words.length === 0) {
    return numbers.length > 1 && !hasMarker && (countsColumns(numbers) || (isIndexed && areNames(numbers, false)))
  }
  if (words.some(({ isAboveNumbers }) => isAboveNumbers)) {
    return numbers.every(({ cell }) => /^\d+$/.test(cell)) || areNames(numbers, false)
  }
  if (hasMarker) return false
  const isRepeated = 2 * words.filter(({ occursBelow }) => occursBelow).length > words.length
  if (numbers.length === 0) return shift === 1 || !isRepeated
  if (words.some(({ occursBelow }) => occursBelow) || numbers.length < 2) return false
  return areNames(numbers, words.some(({ isAboveClasses }) => isAboveClasses)) // prettier-ignore
}

/** A cell of the first row, and what its column holds below. */
class Above {
  readonly cell: string
  readonly kind: 'number' | 'word' | 'missing'
  readonly value: number
  readonly isAboveNumbers: boolean
  /** Whether the column holds words of which some occur several times. */
  readonly isAboveClasses: boolean
  readonly occursBelow: boolean
  /** Whether it is the empty name of a column of row numbers or row names. */
  readonly isIndex: boolean
  /** The numbers below. */
  readonly values: readonly number[]
  readonly #hasOnlyFractions: boolean
  readonly #distinct: number

  constructor(cell: string, below: readonly string[]) {
    this.cell = cell
    this.kind = isMissing(cell) || isInfinite(cell) ? 'missing' : looksNumeric(cell) ? 'number' : 'word'
    this.value = valueOf(cell)
    const cells = below.filter((text) => !isMissing(text))
    const numbers = cells.filter(looksNumeric)
    const distinct = new Set(cells).size
    this.values = numbers.map(valueOf)
    this.isAboveNumbers = numbers.length > 0 && 2 * numbers.length > cells.length
    this.isAboveClasses = !this.isAboveNumbers && distinct < cells.length
    this.occursBelow = below.includes(cell)
    this.isIndex = cell === '' && cells.length > 0 && isIndex(cells)
    this.#hasOnlyFractions = numbers.length > 0 && numbers.every((text) => /[.,e]/i.test(text))
    this.#distinct = distinct
  }

  /** Whether the numbers below go on from this one in equal steps. */
  get isContinued(): boolean {
    const [second] = this.values
    if (second === undefined) return false
    const step = second - this.value
    if (this.values.length === 1) return Math.abs(step) === 1
    const isNext = (value: number, i: number) =>
      Math.abs(value - this.value - (i + 1) * step) <= STEP_ERROR * Math.abs(step)
    return step !== 0 && this.values.every(isNext)
  }

  /** Whether this number is of another kind than those below: whole above fractions only, or far outside their range. */
  get isUnlike(): boolean {
    const { values, value, cell } = this
    if (values.length < 2 || this.isContinued) return false
    if (this.#hasOnlyFractions && /^\d+$/.test(cell)) return true
    const least = values.reduce((a, b) => Math.min(a, b))
    const most = values.reduce((a, b) => Math.max(a, b))
    const span = most - least
    return values.length > 2 && (value < least - span || value > most + span)
  }

  /** About the probability that a sample has this number. */
  get probability(): number {
    return this.isUnlike ? 1 / 100 : 1 / Math.max(1, this.#distinct)
  }
}

/** The share of a step by which rounded numbers in equal steps may differ. */
const STEP_ERROR = 0.05

/** Whether the cells of a column without name are row numbers, from 0 or 1, or row names: different words. */
export function isIndex(cells: readonly string[]): boolean {
  const start = Number(cells[0])
  if (start === 0 || start === 1) return cells.every((cell, i) => cell === String(start + i))
  return cells.length > 1 && !cells.some(looksNumeric) && new Set(cells).size === cells.length
}

/** Whether the first row is 0, 1, …, n − 1 and a sample is unlikely to be: less than one in 1000, or for pairs unlike. */
function countsColumns(numbers: readonly Above[]): boolean {
  if (!numbers.every(({ cell }, j) => cell === String(j))) return false
  if (numbers.some(({ isContinued }) => isContinued)) return false
  // Rows of ranks: each is an arrangement of the same numbers.
  const isRanks = [0, 1, 2].every((row) => {
    const sorted = numbers.map(({ values }) => values[row] ?? NaN).sort((a, b) => a - b)
    return sorted.every((value, j) => value === j)
  })
  if (isRanks) return false
  const probability = numbers.reduce((product, above) => product * above.probability, 1)
  return probability < 1 / 1000 || (probability <= 1 / 100 && numbers.some(({ isUnlike }) => isUnlike))
}

/**
 * Whether numbers beside words are names: in order, and either unlike their columns or, where the words are above classes,
 * whole numbers in equal steps.
 */
function areNames(numbers: readonly Above[], areAboveClasses: boolean): boolean {
  if (!isOrdered(numbers) || numbers.some(({ isContinued }) => isContinued)) return false
  if (numbers.every(({ isUnlike }) => isUnlike)) return true
  const [{ value: first }, { value: second }] = numbers as [Above, Above]
  const isEven = numbers.every(({ value, cell }, j) => /^\d+$/.test(cell) && value === first + j * (second - first))
  return areAboveClasses && numbers.length > 2 && isEven
}

function isOrdered(numbers: readonly Above[]): boolean {
  if (numbers.length < 2) return false
  const rises = numbers[1]!.value > numbers[0]!.value
  return numbers.every(({ value }, j) => {
    const previous = numbers[j - 1]
    return previous === undefined || (rises ? value > previous.value : value < previous.value)
  })
}

const valueOf = (cell: string): number => Number(cell.replace(',', '.').replace('%', ''))

const isInfinite = (cell: string): boolean => /^[+-]?inf(inity)?$/i.test(cell)

function hasKnownNames(first: readonly string[], { features, target }: KnownNames): boolean {
  const names = new Set(first)
  if (features?.every((name) => names.has(name))) return true
  const targets = target === undefined ? [] : typeof target === 'object' ? target : [target]
  return targets.length > 0 && targets.every((name) => isName(name, first.length) && names.has(String(name)))
}

/** Whether a target is a name: no number, or none that a column has. */
function isName(target: string | number, columns: number): boolean {
  if (typeof target === 'number') return false
  return !/^-?\d+$/.test(target) || Number(target) >= columns || Number(target) < -columns
}

/**
 * The names of a header. One that is empty is called by its number; of several equal ones, all but the first get a number, as
 * pandas does: `a`, `a.1`.
 * @param onNote is called with a sentence for each that is renamed
 */
export function readNames({ line, cells }: Row, onNote: (text: string) => void): string[] {
  const isUsed = new Set(cells)
  const seen = new Set<string>()
  const counts = new Map<string, number>()
  return cells.map((cell, j) => {
    const name = cell === '' ? `column ${j}` : cell
    if (!seen.has(name)) {
      seen.add(name)
      return name
    }
    let count = counts.get(name) ?? 0
    let renamed: string
    do renamed = `${name}.${++count}`
    while (isUsed.has(renamed) || seen.has(renamed))
    counts.set(name, count)
    seen.add(renamed)
    if (counts.size <= MOST_NOTES) onNote(`line ${line}: column ${j} (counted from 0) has the name ${describe(name)}, as another has; it is called ${describe(renamed)}`) // prettier-ignore
    return renamed
  })
}

/** Columns of one name of which it is said that they are renamed. */
const MOST_NOTES = 20

/** The error for a table that is only a header. */
export const onlyHeader = (line: number): InputError =>
  new InputError(`CSV: only a header (line ${line}), expected rows of values below it`)
