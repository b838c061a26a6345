import { readOptions } from '../core/schema.ts'
import { csvFields, type CsvInputsOptions, type CsvOptions, type CsvTextOptions } from './csv-options.ts'
import { Dataset } from './dataset.ts'
import { InputError } from '../core/errors.ts'
import { RawRows } from '../core/raw-rows.ts'
import { completeRows, fitFills } from './fills.ts'
import { SampleReader, type Samples, targetsOf } from './samples.ts'
import type { TableOptions } from './head.ts'
import type { Table } from './table.ts'
import type { Pieces } from './pieces.ts'
import { readTableParts, readTextParts } from './table-parts.ts'

export type { CsvInputsOptions, CsvOptions, CsvTextOptions }

type LikelyDelimiter = Pick<TableOptions, 'likelyDelimiter'>

export const parseCsvSchema = { name: 'parseCsv', fields: csvFields }

/**
 * Reads samples from CSV text, or from the bytes of a CSV file, gzipped or not: every column but the target is an input.
 * Columns of words become one-hot, truth values 0 and 1; `missing` says what is done with missing values. How the text is written is found out from its beginning; options override each decision.
 * @param text the text of a CSV file, or its bytes, gzipped or not
 * @param options the columns to predict (`target`, default the last one that is not among `features`), the input
 *   columns (`features`, default all others), the `task`, what is done with `missing` values (default `error`), and how
 *   the text is written (`delimiter`, `header`, …)
 * @returns inputs samples × features, named where the file has a header; targets one-hot (classification; samples ×
 *   classes) or as they are (regression; samples × target columns)
 * @throws InputError naming the line of the file, counted from 1, and the column, for rows of different lengths, words
 *   where numbers belong, missing and infinite values, open quotes, unknown and doubled columns, and empty files
 * @example
 * const data = await parseCsv('length,width,kind\n5.1,3.5,setosa\n6.2,2.9,virginica\n', { target: 'kind' })
 * data.classes // ['setosa', 'virginica']
 */
export async function parseCsv(text: string | Uint8Array, options: CsvOptions = {}): Promise<Dataset> {
  const checked = readOptions(parseCsvSchema, options)
  return readSamples((tableOptions) => readTextParts(text, tableOptions), checked)
}

/**
 * Reads samples from CSV text that comes in pieces, cut anywhere, as {@link parseCsv} does from all of it: nothing but the
 * numbers, 8 bytes each, is in memory at once.
 * @throws InputError as {@link parseCsv} does
 */
export async function readCsv(pieces: Pieces, options: CsvOptions & LikelyDelimiter = {}): Promise<Dataset> {
  return readSamples((tableOptions) => readTableParts(pieces, tableOptions), options)
}

async function readSamples(read: (options: CsvOptions) => AsyncIterable<Table>, options: CsvOptions): Promise<Dataset> {
  const reader = new SampleReader(options)
  const parts: { inputs: RawRows; targets: RawRows }[] = []
  for await (const table of read(options)) parts.push(reader.read(table))
  const samples = reader.samples()
  const inputs = samples.columns.decode(RawRows.join(parts.map(({ inputs }) => inputs)))
  const targets = RawRows.join(parts.map(({ targets }) => targets))
  return makeDataset(inputs, targets, samples, options)
}

/** Whether rows with missing values are left out: as the options say, or the model. */
export const isDropping = ({ missing, columns }: CsvOptions): boolean => (missing ?? columns?.missing) === 'drop'

/** Samples without those that have missing values, where these are left out, or with their fills. */
function makeDataset(inputs: RawRows, targets: RawRows, samples: Samples, options: CsvOptions): Dataset {
  const { features, classes, targetNames } = samples
  const { encoding } = samples.columns
  const complete = isDropping(options) ? completeRows(inputs) : undefined
  if (complete?.length === 0) throw new InputError("CSV: every row has a missing value; missing: 'drop' leaves none")
  if (complete)
    options.onNote?.(`${inputs.rows - complete.length} of ${inputs.rows} rows have missing values: left out`)
  const [x, y] = complete ? [inputs.take(complete), targets.take(complete)] : [inputs, targets]
  const isFitted = encoding !== undefined && encoding.missing === 'impute' && options.columns === undefined
  return Dataset.fromRaw(x, isFitted ? fitFills(x, encoding) : encoding, targetsOf(y, 0, samples), {
    features,
    classes,
    targetNames,
  })
}
