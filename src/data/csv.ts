import { checkKeys, checkName, describe, InputError } from '../errors.ts'
import { Dataset, type Targets } from './dataset.ts'
import { Matrix } from './matrix.ts'
import { findNamed, readNumbers, readTable, readTableParts, type Table } from './table.ts'
import { checkOneHot, findTargets, labelsOf, targetNames, TargetSurvey } from './target.ts'

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
  const { task, classes } = options
  if (task !== undefined) checkName('task', task, ['classification', 'regression'])
  if (task === 'regression' && classes !== undefined) {
    throw new InputError("classes: a regression has none; leave them out, or give task: 'classification'")
  }
  const table = await readTable(text, options)
  const { targets, columns, names } = chooseColumns(table, options)
  const inputs = new Matrix(table.rows.length, columns.length, readNumbers(table, columns))
  const { y, found } = readTargets(table, targets, task ?? (classes && 'classification'), classes)
  return Dataset.from(inputs, y, { features: names, classes: found })
}

/** Which columns are targets and which are inputs, and what the inputs are called. */
export function chooseColumns(table: Table, { target, features }: CsvOptions) {
  const targets = findTargets(table, target, features)
  const columns = findInputs(table, features, targets)
  const names = features ?? (table.names && columns.map((column) => table.names?.[column] ?? ''))
  return { targets, columns, names }
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

/**
 * Reads inputs to predict from, of CSV text that comes in pieces, a part at a time.
 * @param pieces of the text, cut anywhere
 * @throws InputError as {@link parseCsv} does
 */
export async function* csvInputParts(pieces: AsyncIterable<string>, options: CsvInputsOptions): AsyncGenerator<Matrix> {
  let columns: number[] | undefined
  for await (const table of readTableParts(pieces, options)) {
    columns ??= findInputs(table, options.features, [])
    yield new Matrix(table.rows.length, columns.length, readNumbers(table, columns))
  }
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

function readTargets(
  table: Table,
  targets: readonly number[],
  task: CsvOptions['task'],
  classes: CsvOptions['classes'],
): { y: Targets; found: readonly string[] | undefined } {
  const [first = 0, ...others] = targets
  if (others.length > 0) {
    const y = new Matrix(table.rows.length, targets.length, readNumbers(table, targets))
    if (task !== 'classification') return { y, found: undefined }
    checkOneHot(table, y)
    return { y, found: classes ?? targetNames(table, targets) }
  }
  if (classes) return { y: labelsOf(table, first, classes), found: classes }
  const survey = new TargetSurvey(first)
  const places = survey.add(table)
  if ((task ?? survey.task()) === 'regression') return { y: readNumbers(table, targets), found: undefined }
  const { names, labels } = survey.classes()
  return { y: places.map((place) => labels[place]!), found: names }
}
