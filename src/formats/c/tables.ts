import { InputError } from '../../core/errors.ts'

/** The constants of a source, with the number of bytes that they take. */
export class Tables {
  readonly lines: string[] = []
  bytes = 0

  /**
   * A table of float32.
   * @param what the values are, for errors
   * @throws InputError for a value that float32 cannot hold
   */
  floats(name: string, values: ArrayLike<number>, what: string): string {
    const texts = Array.from(values, (value, i) => floatLiteral(value, `${what}[${i}]`))
    return this.#add('float', 4, name, texts)
  }

  /** A table of whole numbers from −32768 to 32767. */
  shorts(name: string, values: readonly number[]): string {
    return this.#add('short', 2, name, values.map(String))
  }

  #add(type: string, size: number, name: string, texts: readonly string[]): string {
    this.bytes += size * texts.length
    this.lines.push(`static const ${type} ${name}[${texts.length}] = {`)
    // Ten numbers a line: a line of a million numbers is more than some compilers and editors take.
    for (let i = 0; i < texts.length; i += 10) this.lines.push(`    ${texts.slice(i, i + 10).join(', ')},`)
    this.lines.push('};', '')
    return name
  }
}

/** NaN, which marks a value that there is not, or the shortest decimal number that is this float32. */
export function floatLiteral(value: number, what: string): string {
  if (Number.isNaN(value)) return 'NAN'
  const rounded = Math.fround(value)
  if (!Number.isFinite(rounded)) throw new InputError(`network: ${what} is ${value}, too large for float32`)
  if (Object.is(rounded, -0)) return '-0.0f'
  for (let digits = 6; ; digits++) {
    const text = String(Number(rounded.toPrecision(digits)))
    // Nine digits are always enough.
    if (digits < 9 && Math.fround(Number(text)) !== rounded) continue
    return `${/[.e]/.test(text) ? text : `${text}.0`}f`
  }
}
