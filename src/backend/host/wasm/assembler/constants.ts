import { type Code, unsigned, type V128 } from './expression.ts'

const GET_GLOBAL = 0x23
const V128_TYPE = 0x7b
const MUTABLE = 1
const END = 0x0b

/**
 * Vector constants of a module that are kept in global variables. V8 makes a constant from a 64-bit integer in three
 * instructions wherever it is used, also within loops; reading a variable is one. The variables are mutable, although
 * nothing changes them, so that the compiler does not make constants of them again.
 */
export class Constants {
  readonly #indices = new Map<string, number>()
  /** The variables, as a module's global section holds them. */
  readonly entries: Code[] = []

  /** @param constant a vector constant: `floats(…)` or `ints(…)` */
  keep(constant: V128): V128 {
    const value: Code = []
    constant.write(value)
    const key = value.join()
    const index = this.#indices.get(key) ?? this.entries.length
    if (index === this.entries.length) {
      this.#indices.set(key, index)
      this.entries.push([V128_TYPE, MUTABLE, ...value, END])
    }
    return {
      type: 'v128',
      write(code) {
        code.push(GET_GLOBAL)
        unsigned(code, index)
      },
    }
  }
}
