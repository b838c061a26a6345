import type { CsvTextOptions } from '../data/csv.ts'
import { readTableParts } from '../data/table-parts.ts'
import { likelyDelimiter, utf8Pieces } from './files.ts'

/** Values that went through float32 are within this share of those in the file. */
const ROUNDING = 1e-6

/**
 * The line of a CSV file, counted from 1, in which a row with a value in a column begins; rows that were left out or
 * reordered do not matter, because the file is searched for the value. The first one where there are several.
 * @param column its name; where the file has no such name, all columns are searched
 * @returns undefined where no row has it
 */
export async function findCsvLine(
  path: string,
  column: string,
  value: number,
  { onNote: _, ...options }: CsvTextOptions,
): Promise<number | undefined> {
  const isFound = (number: number) => Math.abs(number - value) <= ROUNDING * Math.abs(value)
  const tables = readTableParts(utf8Pieces(path, options), { ...options, likelyDelimiter: likelyDelimiter(path) })
  for await (const table of tables) {
    const named = table.names?.indexOf(column) ?? -1
    const columns = named >= 0 ? [named] : Array.from({ length: table.columns }, (_, j) => j)
    for (let row = 0; row < table.length; row++) {
      if (columns.some((j) => isFound(table.number(row, j)))) return table.lines[row]
    }
  }
  return undefined
}
