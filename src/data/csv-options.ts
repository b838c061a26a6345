import { describe, InputError } from '../core/errors.ts'
import { callback, type Fields, instance, kind, name, optional } from '../core/schema.ts'
import { Encoding, missingPolicies, type MissingPolicy } from '../model/encoding.ts'
import { encodingName } from './decode.ts'
import { unpackFields, type UnpackOptions } from './gunzip.ts'
import { classNames, columnNames, splitList } from './names.ts'

/** How the text of a table is read; what is left out is found out from its beginning. */
export interface CsvTextOptions extends UnpackOptions {
  /**
   * What is between values: one character, or `tab`, `pipe`, or `space` for any number of spaces and tabs. Default `auto`:
   * what splits most of the first rows into the same number of values, most of them numbers.
   */
  delimiter?: string | undefined
  /**
   * Whether the first row holds names. Default `auto`: it does where a word of it is above numbers, or where there are only
   * words that do not occur again below; numbers alone are names only where they are 0, 1, … n − 1, or in order and unlike
   * the numbers below. A missing value (empty, NA, ?) among numbers makes the row a sample.
   */
  header?: boolean | 'auto' | 'yes' | 'no' | undefined
  /**
   * The mark before decimals. Default `auto`: a comma where the cells show it (0,5). Separators of thousands and percent
   * signs are read where the whole column has them; the value of 12 % is 12.
   */
  decimal?: 'auto' | '.' | ',' | undefined
  /**
   * The character with which lines begin that are no rows. Default `auto`: a block of lines above the table that begin
   * with `#`. With `none`, such lines are rows.
   */
  comment?: string | undefined
  /** The encoding of a file, as `TextDecoder` calls it. Default: UTF-8, or UTF-16 where its byte order mark says so. */
  encoding?: string | undefined
  /** Is called with a sentence for what a reader of the file might not expect: a column that is left out or renamed. */
  onNote?: ((text: string) => void) | undefined
}

/** What {@link parseCsvInputs} takes. */
export interface CsvInputsOptions extends CsvTextOptions {
  /** The input columns, by name, in the order wanted: `network.features`. In a file without header: their number. */
  features?: readonly string[] | undefined
  /** The kinds of the columns that a saved model knows: `network.encoding`. Default: what the file holds. */
  columns?: Encoding | undefined
  /**
   * Rows with missing values: `error`; `drop`: they are left out; `impute`: filled with the column's median, or its most
   * frequent word. It is kept with the model. Default: as the model of `columns`, else `error`.
   */
  missing?: MissingPolicy | undefined
}

/** What {@link parseCsv} takes. */
export interface CsvOptions extends CsvInputsOptions {
  /** Columns to leave out, by name or number: ids, or what is known only later. Default: none. */
  drop?: readonly (string | number)[] | undefined
  /**
   * The column to predict: its name, or its number, counted from 0, or back from the end (−1 is the last). Default: the
   * last that is not one of `features`. Several columns are several outputs. A text with commas lists several where no
   * column has it as its name; in it, names that contain commas are in quotes: `a,"b,c"`.
   */
  target?: string | number | readonly (string | number)[] | undefined
  /**
   * `classification`: the target's values are names of classes, and become one-hot; `multilabel`: several columns of 0 and
   * 1, of which several may be 1, and whose names are those of the labels; `regression`: numbers, which stay as they are.
   * Default: columns whose values are words, or most of them, are classes; for numbers, `numbers` decides.
   */
  task?: 'classification' | 'multilabel' | 'regression' | undefined
  /**
   * What numbers are where `task` is not given. `classes`: whole numbers are names of classes, and several columns of 0 and
   * 1 are classes where each row is one-hot, else labels. `targets`: values of a regression. Default: one column is classes
   * where all numbers are whole, at most 20 differ, and each occurs twice on average; several are regression targets.
   */
  numbers?: 'classes' | 'targets' | undefined
  /**
   * Rows whose target is missing: `error`, or `drop`: they are left out, whatever `missing` says about input columns; a missing
   * target is never filled. Default: `drop` where `missing` is `drop`, else `error`.
   */
  missingTargets?: 'error' | 'drop' | undefined
  /** The classes that a saved model knows, in its order: `network.classes`. Default: those in the file, sorted. */
  classes?: readonly string[] | undefined
  /**
   * The regression targets that a saved model knows, in its order: `network.targetNames`. Without `target`, they are the
   * columns of these names; with it, they are what the model calls its columns. Default: the columns' names.
   */
  targetNames?: readonly string[] | undefined
}

const delimiterNames: Readonly<Record<string, string>> = { tab: '\t', '\\t': '\t', pipe: '|', space: 'space', ' ': 'space', comma: ',', semicolon: ';' } // prettier-ignore

const delimiter = kind((argument, value) => {
  if (value === 'auto') return value
  if (typeof value === 'string' && Object.hasOwn(delimiterNames, value)) return delimiterNames[value]!
  if (typeof value === 'string' && /^[^"\r\n\ufeff]$/.test(value)) return value
  throw new InputError(`${argument}: expected one character, such as ',' or ';', or auto, tab, pipe or space, got ${describe(value)}`) // prettier-ignore
})

const header = kind<boolean | 'auto'>((argument, value) => {
  if (typeof value === 'boolean' || value === 'auto') return value
  if (value === 'yes' || value === 'no') return value === 'yes'
  throw new InputError(`${argument}: expected auto, yes or no (true or false), got ${describe(value)}`)
})

const comment = kind((argument, value) => {
  if (value === 'auto' || value === 'none') return value
  if (typeof value === 'string' && /^[^"\s\ufeff]$/.test(value)) return value
  throw new InputError(`${argument}: expected one character, such as '#', or auto or none, got ${describe(value)}`)
})

const isColumn = (value: unknown) => typeof value === 'string' || typeof value === 'number'

const target = kind<NonNullable<CsvOptions['target']>>((argument, value) => {
  if (isColumn(value) || (Array.isArray(value) && value.length > 0 && value.every(isColumn))) return value
  throw new InputError(`${argument}: expected a column's name or number, or several of them, got ${describe(value)}`)
})

const dropped = kind<readonly (string | number)[]>((argument, given) => {
  const value: unknown = typeof given === 'string' ? splitList(given) : given
  if (Array.isArray(value) && value.length > 0 && value.every(isColumn)) return value
  throw new InputError(`${argument}: expected a list of columns, by name or number, got ${describe(given)}`)
})

/** Options of every reader of tables. */
export const tableFields = {
  delimiter: optional(delimiter, {
    flag: '--delimiter <character>',
    help: 'CSV: what is between values: one character, tab, pipe, or space for any number of spaces (default: auto)',
  }),
  header: optional(header, {
    flag: '--header <when>',
    help: 'CSV: whether the first row holds names: auto, yes, no (default: auto)',
  }),
  decimal: optional(name(['auto', '.', ','] as const), {
    flag: '--decimal <mark>',
    help: "CSV: the mark before decimals: auto, '.' or ',' (default: auto)",
  }),
  comment: optional(comment, {
    flag: '--comment <character>',
    help: "CSV: how lines begin that are no rows, such as '#' (default: auto, a block of # lines above the table)",
  }),
  encoding: optional(encodingName, {
    flag: '--encoding <name>',
    help: 'CSV: such as windows-1252 or latin1 (default: UTF-8; UTF-16 by its mark)',
  }),
  onNote: optional(callback<NonNullable<CsvTextOptions['onNote']>>()),
  ...unpackFields,
} satisfies Fields<CsvTextOptions>

export const csvInputsFields = {
  ...tableFields,
  features: optional(columnNames, {
    flag: '--features <columns>',
    help: 'CSV: the input columns by name, with commas between them (default: all but the target)',
  }),
  columns: optional(instance<Encoding>(Encoding, 'Encoding')),
  missing: optional(name(missingPolicies), {
    flag: '--missing <what>',
    help: 'CSV: rows with missing values: error, drop, impute (median, most frequent word; default: error)',
  }),
} satisfies Fields<CsvInputsOptions>

export const csvFields = {
  ...csvInputsFields,
  drop: optional(dropped, {
    flag: '--drop <columns>',
    help: 'CSV: columns to leave out, by name or number, with commas between them',
  }),
  target: optional(target, {
    flag: '--target <columns>',
    help: 'CSV: the column to predict, by name or number (default: the last); several: u,v',
  }),
  task: optional(name(['classification', 'multilabel', 'regression'] as const)),
  numbers: optional(name(['classes', 'targets'] as const)),
  missingTargets: optional(name(['error', 'drop'] as const)),
  classes: optional(classNames),
  targetNames: optional(columnNames),
} satisfies Fields<CsvOptions>
