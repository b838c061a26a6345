import { checkKeys, checkName, describe, InputError } from '../errors.ts'
import { Dataset, type Targets } from './dataset.ts'
import { Matrix } from './matrix.ts'
import { cellError, findNamed, isMissing, isNumeric, readNumbers, readTable, sayColumn, type Table } from './table.ts'

/** What {@link parseCsvInputs} takes. */
export interface CsvInputsOptions {
  /** The character between values. Default: found out from the text (comma, semicolon, tab, …). */
  delimiter?: string | undefined
  /**
   * Whether the first row holds names. Default: it does where none of its values is a number, or one is a word above a
   * number in the second row.
   */
  header?: boolean | undefined
  /** The input columns, by name, in the order wanted: `network.features`. In a file without header: their number. */
  features?: readonly string[] | undefined
}

/** What {@link parseCsv} takes. */
export interface CsvOptions extends CsvInputsOptions {
  /**
   * The column to predict: its name, or its number, counted from 0, or back from the end (−1 is the last). Default: the
   * last that is not one of `features`. Several columns are several outputs.
   */
  target?: string | number | readonly (string | number)[] | undefined
  /**
   * `classification`: the target's values are names of classes, and become one-hot; `regression`: they are numbers, and
   * stay as they are. Default: words are classes; numbers are classes where all are whole, at most 20 differ, and each
   * stands there twice on average; else they are quantities. (For a single output of 0 or 1, give `regression`.)
   */
  task?: 'classification' | 'regression' | undefined
  /** The classes that a saved model knows, in its order: `network.classes`. Default: those in the file, sorted. */
  classes?: readonly string[] | undefined
}

const inputKeys = ['delimiter', 'header', 'features']

/**
 * Reads samples from CSV text: every column but the target is an input, and has to hold numbers.
 * @returns inputs samples × features, named where the file has a header; targets one-hot (classification; samples ×
 *   classes) or as they are (regression; samples × target columns)
 * @throws InputError naming the line of the file, counted from 1, and the column, for rows of different lengths, words
 *   where numbers belong, missing and infinite values, open quotes, unknown and doubled columns, and empty files
 * @example
 * const data = await parseCsv('length,width,kind\n5.1,3.5,setosa\n6.2,2.9,virginica\n', { target: 'kind' })
 * data.classes // ['setosa', 'virginica']
 */
export async function parseCsv(text: string, options: CsvOptions = {}): Promise<Dataset> {
  checkKeys('parseCsv', options, [...inputKeys, 'target', 'task', 'classes'])
  const { features, target, task, classes } = options
  if (task !== undefined) checkName('task', task, ['classification', 'regression'])
  if (task === 'regression' && classes !== undefined) {
    throw new InputError("classes: a regression has none; leave them out, or give task: 'classification'")
  }
  const table = await readTable(text, options)
  const targets = findTargets(table, target, features)
  const columns = findInputs(table, features, targets)
  const inputs = new Matrix(table.rows.length, columns.length, readNumbers(table, columns))
  const names = features ?? (table.names && columns.map((column) => table.names?.[column] ?? ''))
  const read = targets.length > 1 ? readSeveral : readSingle
  const { y, found } = read(table, targets, task ?? (classes && 'classification'), classes)
  return Dataset.from(inputs, y, { features: names, classes: found })
}

/**
 * Reads inputs to predict from. A file with a header gives the columns named in `features` and may hold others, which
 * are passed over; without `features`, or without a header, every column is an input.
 * @returns inputs samples × features, and what the columns are called (`x0`, `x1`, … where nothing says it)
 * @throws InputError as {@link parseCsv} does
 * @example const { inputs } = await parseCsvInputs(text, { features: network.features })
 */
export async function parseCsvInputs(
  text: string,
  options: CsvInputsOptions = {},
): Promise<{ inputs: Matrix; features: string[] }> {
  checkKeys('parseCsvInputs', options, inputKeys)
  const table = await readTable(text, options)
  const columns = findInputs(table, options.features, [])
  const inputs = new Matrix(table.rows.length, columns.length, readNumbers(table, columns))
  const features = options.features ?? columns.map((column) => table.names?.[column] ?? `x${column}`)
  return { inputs, features: [...features] }
}

function findTargets(table: Table, target: CsvOptions['target'], features: readonly string[] | undefined): number[] {
  if (target === undefined) {
    for (let column = table.columns - 1; column >= 0; column--) {
      const name = table.names?.[column]
      if (name === undefined || !features?.includes(name)) return [column]
    }
    throw new InputError('target: every column of the file is one of the features; expected a column to predict')
  }
  const wanted = (typeof target === 'object' ? target : [target]) as readonly unknown[]
  if (!Array.isArray(wanted) || wanted.length === 0) {
    throw new InputError(`target: expected a column's name or number, or several of them, got ${describe(target)}`)
  }
  const columns = wanted.map((column) => findTarget(table, column))
  const repeated = columns.find((column, i) => columns.indexOf(column) < i)
  if (repeated !== undefined) throw new InputError(`target: ${sayColumn(table, repeated)} stands there twice`)
  return columns
}

function findTarget(table: Table, target: unknown): number {
  const { names, columns } = table
  const isNumber = typeof target === 'number' || (typeof target === 'string' && /^-?\d+$/.test(target))
  if (typeof target === 'string' && (names?.includes(target) || (names && !isNumber))) {
    return findNamed('target', target, names)
  }
  if (!isNumber) {
    const hint = typeof target === 'string' ? ' in a file without header' : ''
    throw new InputError(`target: expected a column's name or number, got ${describe(target)}${hint}`)
  }
  const column = Number(target)
  if (Number.isInteger(column) && column >= -columns && column < columns) return column < 0 ? column + columns : column
  throw new InputError(`target: expected a column from 0 to ${columns - 1}, or back from -1, got ${describe(target)}`)
}

function findInputs(table: Table, features: readonly string[] | undefined, targets: readonly number[]): number[] {
  const { names } = table
  if (features && names) {
    return features.map((name) => {
      const column = findNamed('features', name, names)
      if (targets.includes(column)) throw new InputError(`target: ${describe(name)} is one of the features, too`)
      return column
    })
  }
  const columns = Array.from({ length: table.columns }, (_, j) => j).filter((j) => !targets.includes(j))
  if (columns.length === 0) throw new InputError('CSV: every column is a target, expected at least one input column')
  if (features && columns.length !== features.length) {
    throw new InputError(
      `CSV: expected ${features.length} input columns (${features.slice(0, 8).join(', ')}${features.length > 8 ? ', …' : ''}), ` +
        `got ${columns.length}; a file with a header may hold others, too`,
    )
  }
  return columns
}

interface Read {
  y: Targets
  found: readonly string[] | undefined
}

/** Several targets: numbers to predict, or for a classification, columns that are one-hot already. */
function readSeveral(table: Table, columns: number[], task: CsvOptions['task'], classes: CsvOptions['classes']): Read {
  const y = new Matrix(table.rows.length, columns.length, readNumbers(table, columns))
  if (task !== 'classification') return { y, found: undefined }
  for (let row = 0; row < y.rows; row++) {
    const values = [...y.row(row)]
    if (values.some((value) => value !== 0 && value !== 1) || values.filter((value) => value === 1).length !== 1) {
      const found = values.slice(0, 20).join(', ')
      throw new InputError(
        `CSV: line ${table.lines[row]}: expected one 1 and else 0 in the target columns, got ${found}`,
      )
    }
  }
  return { y, found: classes ?? columns.map((column) => table.names?.[column] ?? String(column)) }
}

function readSingle(table: Table, columns: number[], task: CsvOptions['task'], classes: CsvOptions['classes']): Read {
  const [column = 0] = columns
  if ((task ?? inferTask(table, column)) === 'regression') return { y: readNumbers(table, columns), found: undefined }
  const cells = table.rows.map((cells) => cells[column] ?? '')
  cells.forEach((cell, row) => {
    if (isMissing(cell)) throw cellError(table, row, column, 'the name of a class')
  })
  const found = classes ?? findClasses(cells)
  if (found.length < 2) {
    throw new InputError(`CSV: ${sayColumn(table, column)}: every value is ${describe(found[0])}, expected two or more`)
  }
  const places = new Map(found.map((name, i) => [name, i]))
  const labels = cells.map((cell, row) => {
    const label = places.get(cell) ?? places.get(canonical(cell))
    if (label !== undefined) return label
    const known = found.length > 20 ? `${found.slice(0, 20).join(', ')}, …` : found.join(', ')
    throw cellError(table, row, column, `one of the classes ${known}`)
  })
  return { y: labels, found }
}

/** 1, 1.0 and +1 are one class. */
function canonical(cell: string): string {
  return isNumeric(cell) ? String(Number(cell)) : cell
}

function findClasses(cells: readonly string[]): string[] {
  const names = [...new Set(cells.map(canonical))]
  return names.every(isNumeric) ? names.sort((a, b) => Number(a) - Number(b)) : names.sort()
}

function inferTask(table: Table, column: number): 'classification' | 'regression' {
  const cells = table.rows.map((cells) => cells[column] ?? '')
  const distinct = new Set(cells.map(canonical)).size
  const words = cells.filter((cell) => !isNumeric(cell)).length
  const many = distinct > 20 && 2 * distinct > cells.length
  if (words === cells.length && many) {
    const what = `${distinct} different words in ${cells.length} rows are no classes`
    throw new InputError(`CSV: ${sayColumn(table, column)}: ${what}; name the column to predict with target`)
  }
  if (words === cells.length) return 'classification'
  if (words > 0) {
    const row = cells.findIndex((cell) => !isNumeric(cell))
    const isWord = !isMissing(cells[row] ?? '')
    const mend = isWord ? ", as in other rows (or give task: 'classification', if the numbers are names)" : ''
    throw cellError(table, row, column, `a finite number${mend}`)
  }
  const areClasses = cells.every((cell) => Number.isInteger(Number(cell))) && distinct > 1 && distinct <= 20
  return areClasses && 2 * distinct <= cells.length ? 'classification' : 'regression'
}
