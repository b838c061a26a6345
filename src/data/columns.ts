import { readOptions } from '../core/schema.ts'
import { ColumnSurvey, type CsvColumn } from './column-survey.ts'
import { type CsvTextOptions, tableFields } from './csv-options.ts'
import { readTextParts } from './table-parts.ts'

export type { CsvColumn }

export const csvColumnsSchema = { name: 'csvColumns', fields: tableFields }

/**
 * What a CSV file holds, before it is read as samples: for programs that let one choose the column to predict.
 * @returns how many rows of values there are, whether the first line is a header, and the columns in the
 *   file's order, but for a first column without name that holds row numbers or row names
 * @param text of a CSV file, or its bytes
 * @param options how the text is written (`delimiter`, `header`, `decimal`, `comment`, `encoding`), which is by default
 *   found out from its beginning, and `maxUnpackedBytes` for a gzipped file
 * @throws InputError naming the line for what is no table: rows of different lengths, open quotes, an empty file
 * @example
 * const { columns } = await csvColumns(text)
 * const inputs = columns.filter((column) => column.kind && column.name !== 'kind')
 * const data = await parseCsv(text, { target: 'kind', features: inputs.map(({ name }) => name) })
 */
export async function csvColumns(
  text: string | Uint8Array,
  options: CsvTextOptions = {},
): Promise<{
  /** The number of rows, without the header. */
  rows: number
  /** Whether the first line has the names of the columns. */
  header: boolean
  /** The columns, in the order of the file. */
  columns: CsvColumn[]
}> {
  const checked = readOptions(csvColumnsSchema, options)
  let rows = 0
  let names: readonly string[] | undefined
  let columns: ColumnSurvey[] | undefined
  let unnamed: readonly number[] = []
  for await (const table of readTextParts(text, checked)) {
    rows += table.length
    names = table.names
    unnamed = table.unnamed
    columns ??= Array.from({ length: table.columns }, () => new ColumnSurvey())
    for (let row = 0; row < table.length; row++) {
      columns.forEach((column, j) => {
        column.add(table.cell(row, j), table.number(row, j), table.lines[row]!)
      })
    }
  }
  const all = (columns ?? []).map((column, j) => column.describe(names?.[j] ?? `x${j}`))
  const described = all.filter((_, j) => !unnamed.includes(j))
  return { rows, header: names !== undefined, columns: described }
}
