import type { Matrix } from '../core/matrix.ts'
import { originOf, withOrigin } from '../core/origin.ts'
import { RawRows } from '../core/raw-rows.ts'
import { readOptions } from '../core/schema.ts'
import { Encoding } from '../model/encoding.ts'
import { preprocess } from '../model/preprocess.ts'
import type { Scaling } from '../model/scaling.ts'
import { csvInputsFields, type CsvInputsOptions } from './csv-options.ts'
import { completeRows } from './fills.ts'
import type { TableOptions } from './head.ts'
import { InputColumns } from './input-columns.ts'
import type { Pieces } from './pieces.ts'
import { findInputs } from './samples.ts'
import { missingColumn, placesOf, type Table } from './table.ts'
import { readTableParts, readTextParts } from './table-parts.ts'

export const parseCsvInputsSchema = { name: 'parseCsvInputs', fields: csvInputsFields }

/** Rows of a file to predict from. */
export interface CsvRows {
  /** How many rows there are. */
  readonly rows: number
  /** Inputs of the complete rows, encoded; the network scales them, unless they are scaled already. */
  readonly inputs: Matrix
  /** Which rows are complete, where some have missing values that nothing fills; undefined where all are. */
  readonly complete: Uint32Array | undefined
  /** The cells of the columns to keep: one list for each row. */
  readonly kept: readonly (readonly string[])[]
  /** The names of the input columns. */
  readonly features: readonly string[]
}

/** How rows to predict from are read. */
export interface CsvRowsOptions extends CsvInputsOptions, Pick<TableOptions, 'likelyDelimiter'> {
  /** Columns whose cells are returned as they are written. */
  readonly keep?: readonly string[] | undefined
  /** The scaling of the network, where the inputs are to be scaled as they are read. */
  readonly scaling?: Scaling | undefined
}

/**
 * Reads inputs to predict from. A file with a header gives the columns named in `features` and may hold others, which
 * are passed over; without `features`, or without a header, every column is an input.
 * @param text the text of a CSV file, or its bytes, gzipped or not
 * @param options `columns`, the encoding of a network with columns of words or missing values (`network.encoding`)
 * @returns inputs samples × inputs, encoded but not scaled (`network.predict` scales them), and what the columns are called
 *   (`x0`, `x1`, … where nothing says it); rows with missing values are not in them with `missing: 'drop'`
 * @throws InputError as {@link parseCsv} does
 * @example
 * const { inputs } = await parseCsvInputs('width,length\n3.5,5.1\n', { features: ['length', 'width'] })
 * inputs.toArray() // [[5.1, 3.5]]
 */
export async function parseCsvInputs(
  text: string | Uint8Array,
  options: CsvInputsOptions = {},
): Promise<{
  /** One row per row of the file. */
  inputs: Matrix
  /** The names of the columns. */
  features: string[]
}> {
  const checked = readOptions(parseCsvInputsSchema, options)
  const parts: CsvRows[] = []
  for await (const part of readRows(readTextParts(text, checked), checked)) parts.push(part)
  const raw = RawRows.join(parts.map((part) => originOf(part.inputs)!.raw!))
  return { inputs: makeInputs(raw, checked.columns), features: [...(parts[0]?.features ?? [])] }
}

/**
 * Reads rows to predict from, of CSV text that comes in pieces, a part at a time.
 * @param pieces of the text or its UTF-8 bytes, cut anywhere
 * @throws InputError as {@link parseCsv} does
 */
export function csvRowParts(pieces: Pieces, options: CsvRowsOptions): AsyncGenerator<CsvRows> {
  return readRows(readTableParts(pieces, options), options)
}

async function* readRows(tables: AsyncIterable<Table>, options: CsvRowsOptions): AsyncGenerator<CsvRows> {
  const { features: names, keep = [] } = options
  const encoding = options.columns?.isPlain ? undefined : options.columns
  let read: InputColumns | undefined
  let inputs: number[] = []
  let kept: number[] = []
  for await (const table of tables) {
    if (!read) {
      inputs = findInputs(table, names, [])
      kept = keep.map((name) => placeOf(table, name))
      // The kinds of the columns are known: those of the model, or numbers.
      const columns = encoding ?? Encoding.ofNumbers(inputs.length)
      read = new InputColumns(table, inputs, { ...options, columns, isScaled: options.scaling !== undefined })
    }
    const raw = read.read(table)
    // Where rows are to be left out, the fills of the model do not complete them.
    const complete = completeRows(raw, options.missing === 'drop' ? undefined : encoding)
    const whole = complete ? raw.take(complete) : raw
    yield {
      rows: raw.rows,
      inputs: makeInputs(whole, encoding, options.scaling),
      complete,
      kept: Array.from({ length: table.length }, (_, row) => kept.map((column) => table.cell(row, column))),
      features: names ?? inputs.map((column) => table.names?.[column] ?? `x${column}`),
    }
  }
  read?.noteValues()
}

/** Inputs that keep their columns unless they are scaled. */
const makeInputs = (raw: RawRows, encoding: Encoding | undefined, scaling?: Scaling): Matrix =>
  withOrigin(preprocess(raw, encoding, scaling), scaling ? { encoding, scaling } : { raw, encoding })

/** The place of a column to keep, by its name, or by its number in a file without header. */
function placeOf({ names, columns }: Table, name: string): number {
  const place = placesOf(names ?? []).get(name) ?? (/^\d+$/.test(name) ? Number(name) : NaN)
  if (place < columns) return place
  throw missingColumn('keep', name, names ?? Array.from({ length: columns }, (_, j) => String(j)))
}
