import type { EncodedColumn, Network } from '../index.ts'
import { escapeControls } from '../index.ts'

/** Columns and words that are named at most. */
const MOST_NAMES = 4

const kinds = { number: 'of numbers', boolean: 'of truth values', category: 'of words' } as const

/** The kinds of the columns that are not all numbers, and what is done with missing values, for people. */
export function describeColumns({ encoding, features }: Pick<Network, 'encoding' | 'features'>): string {
  const { columns, missing } = encoding!
  const parts = (Object.keys(kinds) as EncodedColumn['kind'][]).flatMap((kind) => {
    const places = columns.flatMap((column, j) => (column.kind === kind ? [j] : []))
    if (places.length === 0) return []
    const names = kind === 'number' ? [] : places.map((j) => nameOf(columns[j]!, features?.[j] ?? `x${j}`))
    return [`${places.length} ${kinds[kind]}${names.length > 0 ? `: ${listSome(names)}` : ''}`]
  })
  const policy = { error: 'an error', drop: 'given no answer', impute: 'filled' }[missing]
  return `${parts.join('; ')}; missing values are ${policy}`
}

function nameOf(column: EncodedColumn, name: string): string {
  return escapeControls(column.kind === 'category' ? `${name} (${listSome(column.categories)})` : name)
}

function listSome(names: readonly string[]): string {
  const more = names.length - MOST_NAMES
  return more > 0 ? `${names.slice(0, MOST_NAMES).join(', ')} and ${more} more` : names.join(', ')
}
