/** Text within messages: values on one line, shortened, without characters that a terminal obeys. */

/**
 * Characters that a terminal obeys instead of showing them, or that make text look like other text: C0, DEL and C1
 * controls, line and paragraph separators, and the marks that change the direction of writing.
 */
const controls = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu

/** Each control character as its six characters \u001b. */
export function escapeText(text: string): string {
  return text.replace(controls, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** A value as it is shown in an error message: short, on one line. It does not fail for any value. */
export function describe(value: unknown): string {
  if (typeof value === 'string') return `'${escapeText(shorten(value))}'`
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'bigint') return shorten(`${value}n`)
  if (typeof value !== 'object' || value === null) return shorten(String(value))
  if (Array.isArray(value)) return `an array of ${value.length}`
  const name = classNameOf(value)
  return name === undefined || name === 'Object' ? 'an object' : `a ${shorten(name)}`
}

/** The name of an object's class; not value.constructor, because an object from a file may have a field of that name. */
export function classNameOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const made = (Object.getPrototypeOf(value) as { constructor?: unknown } | null)?.constructor
  const name: unknown = typeof made === 'function' ? made.name : undefined
  return typeof name === 'string' && name !== '' ? name : undefined
}

/** Characters of a value within a message. */
const LONGEST_VALUE = 40

/** The beginning of a text, as a value within a message. */
export function shorten(text: string): string {
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}…` : text
}

/** Characters of the beginning and of the end of a long message: its end says what is expected. */
const LONGEST_BEGINNING = 360
const LONGEST_END = 120

/** A message on one line. Its middle is left out twice: escaped characters are longer, and a message may be as long as a file. */
export const shortenMessage = (message: string) => leaveOutMiddle(escapeText(leaveOutMiddle(message)))

function leaveOutMiddle(message: string): string {
  if (message.length <= LONGEST_BEGINNING + LONGEST_END + 3) return message
  return `${message.slice(0, LONGEST_BEGINNING)} … ${message.slice(-LONGEST_END)}`
}

/** Names in an error message: as many as are worth reading, each cut short. */
export function listNames(names: readonly unknown[], most = 20): string {
  const shown = names.slice(0, most).map((name) => (typeof name === 'string' ? shorten(name) : describe(name)))
  return names.length > most ? `${shown.join(', ')}, …` : shown.join(', ')
}
