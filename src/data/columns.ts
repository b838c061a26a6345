import { readOptions } from '../core/schema.ts'
import { type CsvTextOptions, tableFields } from './csv-options.ts'
import { readTextParts } from './table-parts.ts'

/** A column of a CSV file. */
export interface CsvColumn {
  /** From the header; else `x` and the column's number, counted from 0. */
  name: string
  /** Whether each of its values is a finite number, so that it can be an input. */
  numeric: boolean
  /** How many different values it has, as they are written; counted up to 1000. */
  distinct: number
}

export const csvColumnsSchema = { name: 'csvColumns', fields: tableFields }

/** Different values of a column up to which they are counted: more need not be kept. */
const MOST_DISTINCT = 1000

/**
 * What a CSV file holds, before it is read as samples: for programs that let one choose the column to predict.
 * @returns how many rows of values there are, whether the first line is a header, and the columns in the
 *   file's order, but for a first column without name that holds row numbers or row names
 * @param text of a CSV file, or its bytes
 * @throws InputError naming the line for what is no table: rows of different lengths, open quotes, an empty file
 * @example
 * const { columns } = await csvColumns(text)
 * const data = await parseCsv(text, { target: 'kind', features: columns.filter((c) => c.numeric).map((c) => c.name) })
 */
export async function csvColumns(
  text: string | Uint8Array,
  options: CsvTextOptions = {},
): Promise<{ rows: number; header: boolean; columns: CsvColumn[] }> {
  const checked = readOptions(csvColumnsSchema, options)
  let rows = 0
  let names: readonly string[] | undefined
  let columns: { numeric: boolean; values: Set<string> }[] | undefined
  let unnamed: readonly number[] = []
  for await (const table of readTextParts(text, checked)) {
    rows += table.rows.length
    names = table.names
    unnamed = table.unnamed
    columns ??= Array.from({ length: table.columns }, () => ({ numeric: true, values: new Set<string>() }))
    for (const cells of table.rows) {
      columns.forEach((column, j) => {
        const cell = cells[j]!
        column.numeric &&= Number.isFinite(table.numberOf(j, cell))
        if (column.values.size < MOST_DISTINCT) column.values.add(cell)
      })
    }
  }
  const all = (columns ?? []).map(({ numeric, values }, j) => {
    return { name: names?.[j] ?? `x${j}`, numeric, distinct: values.size }
  })
  const described = all.filter((_, j) => !unnamed.includes(j))
  return { rows, header: names !== undefined, columns: described }
}
