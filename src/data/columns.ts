import { checkKeys } from '../errors.ts'
import { isNumeric, readTable } from './table.ts'

/** A column of a CSV file. */
export interface CsvColumn {
  /** From the header; else `x` and the column's number, counted from 0. */
  name: string
  /** Whether each of its values is a finite number, so that it can be an input. */
  numeric: boolean
  /** How many different values it has, as they are written. */
  distinct: number
}

/**
 * What a CSV file holds, before it is read as samples: for programs that let one choose the column to predict.
 * @returns how many rows of values there are, whether the first line is a header, and the columns in the file's order
 * @throws InputError naming the line for what is no table: rows of different lengths, open quotes, an empty file
 * @example
 * const { columns } = await csvColumns(text)
 * const data = await parseCsv(text, { target: 'kind', features: columns.filter((c) => c.numeric).map((c) => c.name) })
 */
export async function csvColumns(
  text: string,
  options: { delimiter?: string | undefined; header?: boolean | undefined } = {},
): Promise<{ rows: number; header: boolean; columns: CsvColumn[] }> {
  checkKeys('csvColumns', options, ['delimiter', 'header'])
  const { rows, names, columns } = await readTable(text, options)
  return {
    rows: rows.length,
    header: names !== undefined,
    columns: Array.from({ length: columns }, (_, j) => ({
      name: names?.[j] ?? `x${j}`,
      numeric: rows.every((cells) => isNumeric(cells[j] ?? '')),
      distinct: new Set(rows.map((cells) => cells[j])).size,
    })),
  }
}
