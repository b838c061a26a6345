import { describe, InputError, listNames } from '../core/errors.ts'
import type { CsvOptions } from './csv-options.ts'
import { truthOf } from '../model/encoding.ts'
import { findRepeated, sayAlike, splitList } from './names.ts'
import { cellError, isMissing, missingColumn, placesOf, sayColumn, type Table } from './table.ts'

/** What says which columns are targets. */
interface TargetChoice extends Pick<CsvOptions, 'target' | 'targetNames' | 'features'> {
  /** The names of labels that a model knows. */
  readonly labels: readonly string[] | undefined
  readonly dropped: readonly number[]
}

/**
 * The columns to predict: those that are chosen, else those that a model knows by name, else the last that are no inputs, as
 * many as the model has.
 */
export function findTargets(table: Table, choice: TargetChoice): number[] {
  const { targetNames } = choice
  const target = choice.target ?? choice.labels ?? (table.names && targetNames)
  if (target === undefined) return lastTargets(table, choice)
  const columns = findNamed(table, target)
  if (targetNames && columns.length !== targetNames.length) {
    throw new InputError(`target: expected ${targetNames.length} columns, one for each target of the model (${listNames(targetNames, 8)}), got ${columns.length}`) // prettier-ignore
  }
  return columns
}

/** The last columns that are no inputs, in the order of the file. */
function lastTargets(table: Table, { targetNames, features, dropped }: TargetChoice): number[] {
  const isFeature = new Set(features)
  const isFree = (column: number) => {
    const name = table.names?.[column]
    return !dropped.includes(column) && (name === undefined || !isFeature.has(name))
  }
  const wanted = targetNames?.length ?? 1
  const found = Array.from({ length: table.columns }, (_, column) => column)
    .filter(isFree)
    .slice(-wanted)
  if (found.length === wanted) return found
  throw new InputError('target: every column of the file is one of the features; expected a column to predict')
}

/**
 * What target columns are called: as a model calls them, except that those that have another one of the model's names keep it,
 * so that a wrong order is found; else as the file does, which a file without header does not.
 */
export function nameTargets({ names }: Table, columns: readonly number[], known: readonly string[] | undefined) {
  const own = columns.map((column) => names?.[column])
  if (known) return known.map((name, i) => (known.includes(own[i] ?? '') ? own[i]! : name))
  return own.every((name) => name !== undefined) ? own : undefined
}

/** The columns of a choice, in its order. */
function findNamed(table: Table, target: NonNullable<CsvOptions['target']>): number[] {
  const wanted = (typeof target === 'object' ? target : [target]) as readonly unknown[]
  if (!Array.isArray(wanted) || wanted.length === 0) {
    throw new InputError(`target: expected a column's name or number, or several of them, got ${describe(target)}`)
  }
  const places = placesOf(table.names ?? [])
  const columns = wanted
    .flatMap((column) => listedNames(column, places))
    .map((column) => findTarget(table, places, column))
  const repeated = findRepeated(columns)
  if (repeated !== undefined) throw new InputError(`target: ${sayColumn(table, repeated)} is listed twice`)
  return columns
}

/** A text with commas that is no column's name lists several; in quotes, commas are parts of names. */
function listedNames(target: unknown, places: ReadonlyMap<string, number>): readonly unknown[] {
  if (typeof target !== 'string' || places.has(target)) return [target]
  const parts = splitList(target)
  return parts.length > 1 || parts[0] !== target ? parts : [target]
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

/** What rows of several target columns have in common. */
export type ColumnForm = 'oneHot' | 'labels' | 'numbers'

/**
 * The numbers of several target columns, row-major; truth values (yes, TRUE) are 1 and 0 unless they are regression targets.
 * @throws InputError naming the line for a word, and where a row is not of the form that is expected
 */
export function readTargetColumns(table: Table, columns: readonly number[], task: CsvOptions['task']) {
  const { length } = table
  const values = new Float64Array(length * columns.length)
  let form: ColumnForm = 'oneHot'
  for (let row = 0, at = 0; row < length; row++) {
    let ones = 0
    let isBinary = true
    for (const column of columns) {
      const value = readTarget(table, row, column, task !== 'regression')
      if (value === 1) ones++
      else if (value !== 0) isBinary = false
      values[at++] = value
    }
    const found: ColumnForm = !isBinary ? 'numbers' : ones === 1 ? 'oneHot' : 'labels'
    if (task === 'classification' && found !== 'oneHot') throw formError(table, row, values.subarray(at - columns.length, at), 'one 1 and else 0') // prettier-ignore
    if (task === 'multilabel' && found === 'numbers') throw formError(table, row, values.subarray(at - columns.length, at), '0 or 1') // prettier-ignore
    form = weaker(form, found)
  }
  return { values, form }
}

const formError = (table: Table, row: number, values: Float64Array, expected: string) =>
  new InputError(`CSV: line ${table.lines[row]}: expected ${expected} in the target columns, got ${listNames([...values])}`) // prettier-ignore

const forms: readonly ColumnForm[] = ['oneHot', 'labels', 'numbers']

/** The form that both have. */
export const weaker = (one: ColumnForm, other: ColumnForm): ColumnForm =>
  forms[Math.max(forms.indexOf(one), forms.indexOf(other))]!

function readTarget(table: Table, row: number, column: number, takesTruth: boolean): number {
  const number = table.number(row, column)
  const value = Number.isNaN(number) && takesTruth ? (truthOf(table.cell(row, column)) ?? NaN) : number
  if (Math.abs(Math.fround(value)) < Infinity) return value
  const expected = Number.isNaN(value) ? table.sayNumber(column) : 'a number that float32 can hold (below 3.4e38)'
  throw cellError(table, row, column, isMissing(table.cell(row, column)) ? `${expected}; ${DROP_HINT}` : expected)
}

/** 1, 1.0 and +1 are one class. */
export const canonical = (value: number, cell: string): string => (Number.isNaN(value) ? cell : String(value))

/**
 * The place of each row's class among those that are known.
 * @param isChosen whether the column was chosen because nothing names one
 * @throws InputError naming the line of one that is not
 */
export function labelsOf(
  table: Table,
  column: number,
  places: ReadonlyMap<string, number>,
  isChosen: boolean,
): Uint32Array {
  // Where nothing names the target, it may be another column.
  const help = isChosen ? '; --target names another column to predict' : ''
  return Uint32Array.from({ length: table.length }, (_, row) => {
    const cell = table.cell(row, column)
    const label = places.get(cell) ?? places.get(canonical(table.number(row, column), cell))
    if (label !== undefined) return label
    if (isMissing(cell)) throw cellError(table, row, column, `the name of a class; ${DROP_HINT}${help}`)
    const known = [...places.keys()]
    throw cellError(table, row, column, `one of the classes ${listNames(known)}${sayAlike(cell, known) || help}`)
  })
}

/** The option for rows whose target is missing. */
export const DROP_HINT = "missing: 'drop' (--missing drop) leaves such rows out"
