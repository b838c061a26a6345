import { boolean, type Fields, kind, name, optional } from '../core/schema.ts'
import { describe, InputError } from '../core/errors.ts'
import { classNames, columnNames } from './names.ts'

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
   * occurs twice on average; else they are regression targets. (For a single output of 0 or 1, give `regression`.)
   */
  task?: 'classification' | 'regression' | undefined
  /** The classes that a saved model knows, in its order: `network.classes`. Default: those in the file, sorted. */
  classes?: readonly string[] | undefined
}

const delimiter = kind((argument, value) => {
  if (typeof value === 'string' && /^[^"\r\n\ufeff]$/.test(value)) return value
  throw new InputError(`${argument}: expected one character, such as ',' or ';', got ${describe(value)}`)
})

const isColumn = (value: unknown) => typeof value === 'string' || typeof value === 'number'

const target = kind<NonNullable<CsvOptions['target']>>((argument, value) => {
  if (isColumn(value) || (Array.isArray(value) && value.length > 0 && value.every(isColumn))) return value
  throw new InputError(`${argument}: expected a column's name or number, or several of them, got ${describe(value)}`)
})

/** Options of every reader of tables. */
export const tableFields = { delimiter: optional(delimiter), header: optional(boolean) }

export const csvInputsFields = { ...tableFields, features: optional(columnNames) } satisfies Fields<CsvInputsOptions>

export const csvFields = {
  ...csvInputsFields,
  target: optional(target, {
    flag: '--target <column>',
    help: 'CSV: the column to predict, by name or number (default: the last)',
  }),
  task: optional(name(['classification', 'regression'] as const)),
  classes: optional(classNames),
} satisfies Fields<CsvOptions>
