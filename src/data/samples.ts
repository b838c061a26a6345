import { describe, InputError, listNames } from '../core/errors.ts'
import type { CsvOptions } from './csv-options.ts'
import { RawRows } from '../core/raw-rows.ts'
import { InputColumns, type InputColumnsOptions, type ReadColumns } from './input-columns.ts'
import { hasValue, takeRows, cellProblem, missingColumn, placesOf, type Table } from './table.ts'
import {
  type ColumnForm,
  findTargets,
  labelsOf,
  nameTargets,
  readTargetColumns,
  targetNames,
  weaker,
} from './target.ts'
import { TargetSurvey } from './target-survey.ts'

/** What the columns of a file are. */
export interface Layout {
  readonly inputs: readonly number[]
  readonly targets: readonly number[]
  /** What the inputs are called, where something says it. */
  readonly features: readonly string[] | undefined
  /** What the target columns are called, where something says it. */
  readonly targetNames: readonly string[] | undefined
}

/** What samples are, once all of them have been seen. Nothing about classes for regression. */
export interface Samples extends Layout {
  /** What the input columns are. */
  readonly columns: ReadColumns
  readonly classes?: readonly string[]
  /** The class of a row that ends with what {@link SampleReader} read of its target. */
  readonly classOf?: (row: Float64Array) => number
  /** Rows of each class. */
  readonly totals?: readonly number[]
}

type SampleOptions = CsvOptions & Pick<InputColumnsOptions, 'isScaled'>

/** Reads samples out of tables that come one after another, the parts of one file. */
export class SampleReader {
  readonly #options: SampleOptions
  #layout: Layout | undefined
  #inputs: InputColumns | undefined
  #column: TargetColumn | undefined
  /** Rows that were left out because their target is missing. */
  #withoutTarget = 0

  /** @throws InputError for classes of a regression */
  constructor(options: SampleOptions) {
    const { task, classes } = options
    if (task === 'regression' && classes !== undefined) {
      throw new InputError("classes: a regression has none; leave them out, or give task: 'classification'")
    }
    this.#options = { ...options, missing: options.missing ?? options.columns?.missing }
  }

  /**
   * The input columns of a table's rows, to be decoded when all have been read; and of the targets the values, and behind a
   * single one the place of its class.
   */
  read(table: Table): { inputs: RawRows; targets: RawRows } {
    this.#layout ??= chooseColumns(table, this.#options)
    this.#column ??= new TargetColumn(this.#layout.targets, this.#options)
    this.#inputs ??= new InputColumns(table, this.#layout.inputs, this.#options)
    const { missing, missingTargets = missing === 'drop' ? 'drop' : 'error' } = this.#options
    const complete = missingTargets === 'drop' ? this.#withTargets(table, this.#layout.targets) : table
    return { inputs: this.#inputs.read(complete), targets: this.#column.read(complete) }
  }

  /** The rows of a table whose targets are there; a missing target is never filled in. */
  #withTargets(table: Table, targets: readonly number[]): Table {
    const hasTargets = (row: number) => targets.every((column) => hasValue(table, row, column))
    const rows = Array.from({ length: table.length }, (_, row) => row).filter(hasTargets)
    this.#withoutTarget += table.length - rows.length
    return rows.length === table.length ? table : takeRows(table, rows)
  }

  /** When all have been read. @throws InputError where the target is neither classes nor numbers */
  samples(): Samples {
    if (!this.#layout || !this.#column || !this.#inputs) {
      throw new InputError('CSV: the file is empty, expected rows of values')
    }
    if (this.#withoutTarget > 0)
      this.#options.onNote?.(
        `${this.#withoutTarget} ${this.#withoutTarget === 1 ? 'row has' : 'rows have'} no target: left out`,
      )
    const columns = this.#inputs.finish()
    const found = this.#column.classes()
    const targetNames = found.classes ? undefined : this.#layout.targetNames
    return { ...this.#layout, targetNames, columns, ...found }
  }
}

/** The targets of rows, from column `first` on: values, or the class of each. */
export function targetsOf(rows: RawRows, first: number, { targets, classOf }: Samples): RawRows | Uint32Array {
  if (classOf && targets.length === 1) return Uint32Array.from({ length: rows.rows }, (_, i) => classOf(rows.row(i)))
  return rows.columns(first, targets.length)
}

/** Which columns are targets and which are inputs, and what the inputs are called. */
function chooseColumns(table: Table, options: CsvOptions): Layout {
  const { target, features, drop, task, classes, targetNames } = options
  if (features && drop) throw new InputError('drop: features names the inputs already; give one of the two')
  const dropped = findDropped(table, drop)
  // Labels are columns of their names.
  const labels = task === 'multilabel' ? classes : undefined
  const targets = findTargets(table, { target, labels, targetNames, features, dropped })
  const inputs = findInputs(table, features, targets, dropped)
  const { names } = table
  return {
    targets,
    inputs,
    features: features ?? (names && inputs.map((column) => names[column] ?? '')),
    targetNames: nameTargets(table, targets, targetNames),
  }
}

/** The input columns: those that are named, else all that are no targets. */
export function findInputs(
  table: Table,
  features: readonly string[] | undefined,
  targets: readonly number[],
  dropped: readonly number[] = [],
): number[] {
  const { names } = table
  const isTarget = new Set(targets)
  if (features && names) {
    const places = placesOf(names)
    return features.map((name) => {
      const column = places.get(name)
      if (column === undefined) throw missingColumn('features', name, names)
      if (isTarget.has(column)) throw new InputError(`target: ${describe(name)} is one of the features, too`)
      return column
    })
  }
  const isLeftOut = new Set([...targets, ...table.unnamed, ...dropped])
  const columns = Array.from({ length: table.columns }, (_, j) => j).filter((j) => !isLeftOut.has(j))
  if (columns.length === 0) {
    const what = dropped.length > 0 ? 'a target or left out' : 'a target'
    throw new InputError(`CSV: every column is ${what}, expected at least one input column`)
  }
  if (features && columns.length !== features.length) {
    throw new InputError(
      `CSV: expected ${features.length} input columns (${listNames(features, 8)}), ` +
        `got ${columns.length}; a file with a header may hold others, too`,
    )
  }
  return columns
}

/** The columns to leave out, by name or number. @throws InputError for one that the file does not have */
function findDropped({ names, columns }: Table, drop: CsvOptions['drop']): number[] {
  const places = placesOf(names ?? [])
  return (drop ?? []).map((column) => {
    const place = places.get(String(column)) ?? (/^-?\d+$/.test(String(column)) ? Number(column) : NaN)
    if (place >= -columns && place < columns) return place < 0 ? place + columns : place
    throw missingColumn('drop', String(column), names ?? Array.from({ length: columns }, (_, j) => String(j)))
  })
}

/** The target of rows that come a part at a time: whether it is classes is known at the end only. */
class TargetColumn {
  readonly #columns: readonly number[]
  readonly #options: CsvOptions
  readonly #survey: TargetSurvey | undefined
  /** Of the classes that are given. */
  readonly #places: ReadonlyMap<string, number>
  /** Rows by the place of their class. */
  readonly #totals: number[] = []
  /** Of several columns. */
  #columnNames: readonly string[] | undefined
  #form: ColumnForm = 'oneHot'
  #tooLarge: ((expected: string) => InputError) | undefined

  constructor(columns: readonly number[], options: CsvOptions) {
    this.#columns = columns
    this.#options = options
    this.#places = placesOf(options.classes ?? [])
    if (options.task === 'multilabel' && columns.length === 1) {
      throw new InputError('task: multilabel has several target columns; one column of 0 and 1 is two classes')
    }
    if (columns.length === 1 && !options.classes) this.#survey = new TargetSurvey(columns[0]!)
  }

  /** Values, and behind a single one the place of its class. */
  read(table: Table): RawRows {
    const [column = 0, ...others] = this.#columns
    const { task } = this.#options
    if (others.length > 0 || task === 'regression' || task === 'multilabel') return this.#readNumbers(table)
    const y = new RawRows(table.length, 2)
    const places = this.#survey?.add(table) ?? labelsOf(table, column, this.#places, this.#options.target === undefined)
    places.forEach((place, i) => {
      const value = table.number(i, column)
      if (Math.abs(Math.fround(value)) === Infinity) this.#tooLarge ??= cellProblem(table, i, column)
      y.data[2 * i] = value
      y.data[2 * i + 1] = place
      this.#totals[place] = (this.#totals[place] ?? 0) + 1
    })
    return y
  }

  #readNumbers(table: Table): RawRows {
    const columns = this.#columns
    const { values, form } = readTargetColumns(table, columns, this.#options.task)
    const y = new RawRows(table.length, columns.length, values)
    this.#form = weaker(this.#form, form)
    this.#columnNames ??= targetNames(table, columns)
    if (this.#form !== 'oneHot') return y
    for (let i = 0; i < y.rows; i++) {
      const place = y.row(i).indexOf(1)
      this.#totals[place] = (this.#totals[place] ?? 0) + 1
    }
    return y
  }

  /** When all rows have been read. */
  classes(): Omit<Samples, keyof Layout | 'columns'> {
    const { classes, task, numbers } = this.#options
    const totalsOf = (names: readonly string[]) => names.map((_, i) => this.#totals[i] ?? 0)
    if (task === 'multilabel') return { classes: classes ?? this.#columnNames! }
    if (this.#columns.length > 1) {
      const names = classes ?? this.#columnNames!
      const areClasses = task === 'classification' || (task === undefined && numbers === 'classes')
      if (!areClasses || this.#form === 'numbers') return {}
      if (this.#form === 'labels') return { classes: names }
      return { classes: names, totals: totalsOf(names), classOf: (row) => row.indexOf(1, -names.length) - row.length + names.length } // prettier-ignore
    }
    if (classes) return { classes, totals: totalsOf(classes), classOf: (row) => row.at(-1)! }
    if (!this.#survey || task === 'regression') return {}
    if ((task ?? this.#survey.task(numbers)) === 'regression') {
      this.#survey.checkComplete('a finite number')
      if (this.#tooLarge) throw this.#tooLarge('a number that float32 can hold (below 3.4e38)')
      return {}
    }
    const { names, labels } = this.#survey.classes()
    const totals = new Array<number>(names.length).fill(0)
    labels.forEach((label, place) => (totals[label]! += this.#totals[place] ?? 0))
    return { classes: names, totals, classOf: (row) => labels[row.at(-1)!]! }
  }
}
