import { describe, InputError } from '../core/errors.ts'
import { kind } from '../core/schema.ts'

/** The first value that occurs a second time; undefined where all differ. */
export function findRepeated<T>(values: readonly T[]): T | undefined {
  const seen = new Set<T>()
  return values.find((value) => seen.size === seen.add(value).size)
}

/** A list of texts. */
export const names = kind<readonly string[]>((argument, value) => {
  if (Array.isArray(value) && Array.from(value as unknown[]).every(isText)) return value as string[]
  throw new InputError(`${argument}: expected a list of names, got ${describe(value)}`)
})

/** At least two names, all different. */
export const classNames = kind((argument, value) => {
  const list = names.check(argument, value)
  const repeated = findRepeated(list)
  if (repeated !== undefined) throw new InputError(`${argument}: ${describe(repeated)} is listed twice`)
  if (list.length < 2) throw new InputError(`${argument}: expected at least two names, got ${list.length}`)
  return list
})

/** At least one name of a column, all different; a text lists names with commas between them. */
export const columnNames = kind((argument, given) => {
  const value: unknown = typeof given === 'string' ? splitList(given) : given
  if (!Array.isArray(value) || value.length === 0 || !Array.from(value as unknown[]).every(isText)) {
    throw new InputError(`${argument}: expected a list of column names, got ${describe(given)}`)
  }
  const repeated = findRepeated(value as string[])
  if (repeated !== undefined) throw new InputError(`${argument}: ${describe(repeated)} is listed twice`)
  return value as readonly string[]
})

const isText = (value: unknown) => typeof value === 'string'

/**
 * The parts of a list with commas between them, without the spaces around them. A part in quotes may contain commas; a quote
 * in it is doubled.
 * @example splitList('a, "b,c"') // ['a', 'b,c']
 */
export function splitList(text: string): string[] {
  const parts = text.match(/(?:^|,)(?:\s*"(?:[^"]|"")*"\s*(?=,|$)|[^,]*)/g) ?? [text]
  return parts.map((part, i) => {
    const trimmed = (i === 0 && !part.startsWith(',') ? part : part.slice(1)).trim()
    return /^".*"$/s.test(trimmed) && trimmed.length > 1 ? trimmed.slice(1, -1).replaceAll('""', '"') : trimmed
  })
}

/**
 * A sentence for a name that is unknown only because it is written in another way: with a dot at its end, or in other letters;
 * else an empty text. The UCI repository's adult.test has dots that adult.data does not have.
 * @example sayAlike('>50K.', ['<=50K', '>50K'])
 */
export function sayAlike(name: string, known: readonly string[]): string {
  const withoutDot = (text: string) => text.replace(/\.+$/, '')
  const dotted = known.find((one) => withoutDot(one) === withoutDot(name))
  if (dotted !== undefined) {
    return `; it differs from ${describe(dotted)} only in the dot at its end, as in adult.test of the UCI repository: write the names alike in both files, for example with sed 's/\\.$//'`
  }
  const cased = known.find((one) => one.toLowerCase() === name.toLowerCase())
  return cased === undefined ? '' : `; it differs from ${describe(cased)} only in upper and lower case: write the names alike in both files` // prettier-ignore
}
