import { describe, InputError } from '../../core/errors.ts'
import { kind } from '../../core/schema.ts'

/** C99 distinguishes the first 63 characters of identifiers. */
const MOST_CHARACTERS = 63

/** A prefix longer than this would leave too little for the names of columns and categories. */
const MOST_OF_PREFIX = 31

/**
 * The prefix of all names: it has to make identifiers that C and C++ do not reserve, `<prefix>_predict` and `<PREFIX>_INPUTS`.
 * Two underscores in a row are reserved in C++, one at the beginning in C.
 */
export const prefixKind = kind((argument, value): string => {
  if (typeof value !== 'string') throw new InputError(`${argument}: expected a name, got ${describe(value)}`)
  if (/^[A-Za-z](_?[A-Za-z0-9])*$/.test(value) && value.length <= MOST_OF_PREFIX) return value
  throw new InputError(
    `${argument}: expected a C identifier of at most ${MOST_OF_PREFIX} letters, digits and single underscores that begins ` +
      `with a letter, such as model, got ${describe(value)}`,
  )
})

/** Makes constants from names of any characters, each of them once. */
export class Constants {
  readonly #prefix: string
  readonly #taken = new Set<string>()

  /** @param reserved constants that are defined elsewhere, without the prefix */
  constructor(prefix: string, reserved: readonly string[]) {
    this.#prefix = prefix.toUpperCase()
    for (const name of reserved) this.#taken.add(`${this.#prefix}_${name}`)
  }

  /**
   * A constant such as MODEL_COLUMN_AGE.
   * @param parts names, each with what stands for it where it has no letter or digit of ASCII
   */
  make(...parts: readonly (readonly [name: string, otherwise: string])[]): string {
    const words = parts.map(([name, otherwise]) => wordOf(name) || otherwise)
    const whole = [this.#prefix, ...words].join('_').slice(0, MOST_CHARACTERS).replace(/_$/, '')
    let name = whole
    for (let n = 2; this.#taken.has(name); n++) name = `${whole.slice(0, MOST_CHARACTERS - 1 - String(n).length)}_${n}`
    this.#taken.add(name)
    return name
  }
}

/** 'größe (m)' as GROSSE_M: the letters and digits of ASCII, in capitals, with accents left out. */
const wordOf = (name: string): string =>
  name
    .replaceAll('ß', 'ss')
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[^A-Za-z0-9]+/g, '_')
    .replace(/^_|_$/g, '')
    .toUpperCase()

/** Text as a C string of UTF-8. Octal escapes have three digits, so that digits after them are not taken as part of them. */
export function stringLiteral(text: string): string {
  const characters = Array.from(new TextEncoder().encode(text), (byte) => {
    const character = String.fromCharCode(byte)
    if (character === '"' || character === '\\') return `\\${character}`
    // Without the question mark there are no trigraphs.
    const isPlain = byte >= 32 && byte < 127 && character !== '?'
    return isPlain ? character : `\\${byte.toString(8).padStart(3, '0')}`
  })
  return `"${characters.join('')}"`
}

/** The number of bytes of a string in memory, with its end. */
export const stringBytes = (text: string): number => new TextEncoder().encode(text).length + 1

/** A name within a comment, shortened: letters of all scripts, but nothing that ends a comment or changes how it is shown. */
export function inComment(name: string): string {
  const text = Array.from(name)
    .slice(0, 60)
    .join('')
    .replace(/[^\p{L}\p{N} -~]/gu, ' ')
    .replace(/\*(?=\/)|\/(?=\*)|\?(?=\?)/g, '$& ')
    .replace(/\s+/g, ' ')
    // A backslash at the end of a line joins it with the next one.
    .replace(/[\\ ]+$/, '')
  return text.trim() || '(no name)'
}
