import type { Dataset } from '../../data/dataset.ts'
import { widthOf } from '../../model/encoded-column.ts'

/** A column of a matrix. */
export interface NamedColumn {
  readonly place: number
  readonly name: string
}

/** The inputs that are numbers, not those of one-hot columns and truth values. */
export function numberColumns({ inputs, features, encoding }: Dataset): NamedColumn[] {
  if (!encoding) {
    return Array.from({ length: inputs.cols }, (_, j) => ({ place: j, name: features?.[j] ?? `input ${j + 1}` }))
  }
  let place = 0
  return encoding.columns.flatMap((column, j) => {
    const at = place
    place += widthOf(column)
    return column.kind === 'number' ? [{ place: at, name: features?.[j] ?? `column ${j} (counted from 0)` }] : []
  })
}

export const targetColumns = ({ targets, targetNames }: Dataset): NamedColumn[] =>
  Array.from({ length: targets.cols }, (_, j) => ({ place: j, name: targetNames?.[j] ?? `target ${j + 1}` }))
