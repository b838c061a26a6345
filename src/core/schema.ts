import { meaningsOf, suggest } from './aliases.ts'
import { checkFloat32, checkInstance, checkInteger, checkName, checkNumber, InputError } from './errors.ts'
import { classNameOf, describe, listNames } from './text.ts'

/**
 * Option sets. One schema gives the names of a set's options, their defaults and checks, the type of the checked options
 * and, for options that the command line has too, the flag with its help. `satisfies Fields<I>` makes the compiler refuse
 * a schema that lacks an option of the interface I, or has one more.
 */

/** What a value has to be. */
export interface Kind<T> {
  /** @returns the value @throws InputError naming the argument, the value and what is expected */
  readonly check: (argument: string, value: unknown) => T
  /** Whether the command line reads a number. */
  readonly isNumber?: boolean
  /** The names to choose from, where it is one of several. */
  readonly names?: readonly string[]
}

/** How the command line calls an option. */
export interface Flag {
  /** As Commander takes it, such as `--batch <size>`. */
  readonly flag?: string
  /** The sentence that the help of the command line shows. */
  readonly help?: string
}

/** One option. `Absent` is the type of an option that is left out: undefined, the default's type, or never. */
export interface Option<T, Absent = undefined> extends Kind<T>, Flag {
  /** @throws InputError where the option is required */
  readonly absent: (argument: string) => Absent
  /** The value of an option that is left out; undefined if it has no default, or one that differs between calls. */
  readonly default?: unknown
}

/** The options that an interface needs: one for each key. */
export type Fields<I> = { readonly [K in keyof Required<I>]: Option<Exclude<I[K], undefined>, unknown> }

/** The options of a schema by name. */
export type AnyFields = Readonly<Record<string, Option<unknown, unknown>>>

/** A set of options, with the name of the function that takes it. */
export interface Schema<F extends AnyFields> {
  /** The name of the function that takes the options. */
  readonly name: string
  /** The options by name. */
  readonly fields: F
  /** What comes before the option's name in errors; '' by default. */
  readonly prefix?: string
  /** Where options belong that are no options here: sentences, with the names that each is about. */
  readonly elsewhere?: Readonly<Record<string, readonly string[]>>
}

/** The options of a schema, checked and complete. */
export type Checked<F extends AnyFields> = {
  readonly [K in keyof F]: F[K] extends Option<infer T, infer Absent> ? T | Absent : never
}

/** An option that must be given. */
export const required = <T>(kind: Kind<T>, flag: Flag = {}): Option<T, never> => ({
  ...kind,
  ...flag,
  absent: (argument) => kind.check(argument, undefined) as never,
})

/** An option that may be left out, and is undefined then. */
export const optional = <T>(kind: Kind<T>, flag: Flag = {}): Option<T> => ({
  ...kind,
  ...flag,
  absent: () => undefined,
})

/** An option with a default. */
export const withDefault = <T>(kind: Kind<T>, value: T, flag: Flag = {}): Option<T, T> => ({
  ...kind,
  ...flag,
  absent: () => value,
  default: value,
})

/** An option whose default differs from call to call, such as a seed. */
export const withFresh = <T>(kind: Kind<T>, make: () => T, flag: Flag = {}): Option<T, T> => ({
  ...kind,
  ...flag,
  absent: make,
})

/**
 * Checks options: that they are an object, that all names are known, and each value.
 * @returns all options, with the defaults of those that are left out or undefined
 * @throws InputError naming the option
 */
export function readOptions<F extends AnyFields>(schema: Schema<F>, given: unknown): Checked<F> {
  const { fields, prefix = '' } = schema
  if (given !== undefined) checkNames(schema, given)
  const options = (given ?? {}) as Readonly<Record<string, unknown>>
  const read = ([name, option]: [string, Option<unknown, unknown>]) => {
    const value = options[name]
    return [name, value === undefined ? option.absent(prefix + name) : option.check(prefix + name, value)]
  }
  return Object.fromEntries(Object.entries(fields).map(read)) as Checked<F>
}

/** The options that are named by the fields of another schema. */
export const pickOptions = <O extends object, K extends keyof O>(
  options: O,
  fields: Readonly<Record<K, unknown>>,
): Pick<O, K> => Object.fromEntries(Object.keys(fields).map((key) => [key, options[key as K]])) as Pick<O, K>

function checkNames<F extends AnyFields>(schema: Schema<F>, given: unknown): void {
  const isList = Array.isArray(given) || ArrayBuffer.isView(given)
  if (typeof given !== 'object' || given === null || isList) throw notAnObject(schema, given)
  for (const name of Object.keys(given)) {
    if (Object.hasOwn(schema.fields, name)) continue
    const type = classNameOf(given)
    throw type === undefined || type === 'Object' ? unknownOption(schema, name) : notAnObject(schema, given)
  }
}

/** `adam(0.05)` is shown how to give the option that takes such a value. */
function notAnObject({ name, fields }: Schema<AnyFields>, given: unknown): InputError {
  const meant = Object.entries(fields).find(([, { check }]) => {
    try {
      check(name, given)
      return typeof given === 'number' || typeof given === 'string'
    } catch {
      return false
    }
  })
  const [option] = meant ?? []
  const example = option === undefined ? '' : `, such as { ${option}: ${describe(given)} }`
  return new InputError(`${name}: expected an object of options${example}, got ${describe(given)}`)
}

function unknownOption({ name, fields, elsewhere = {} }: Schema<AnyFields>, given: string): InputError {
  const known = Object.keys(fields)
  const meant = [given, ...meaningsOf(given).map(({ name: own }) => own)]
  const isHere = meant.some((own) => known.includes(own))
  const place = Object.entries(elsewhere).find(([, names]) => meant.some((own) => names.includes(own)))
  if (!isHere && place) return new InputError(`${name} option: unknown name ${describe(given)}: ${place[0]}`)
  return new InputError(
    `${name} option: unknown name ${describe(given)}${suggest(given, known)}; known are ${listNames(known)}`,
  )
}

/** A finite number within [min, max]; `exclusive` leaves min itself out. */
export const number = (range: { min?: number; max?: number; exclusive?: boolean } = {}): Kind<number> => ({
  check: (argument, value) => checkNumber(argument, value, range),
  isNumber: true,
})

/** A number from 0 on that float32 can hold. */
export const float32 = (range: { exclusive?: boolean } = {}): Kind<number> => ({
  check: (argument, value) => checkFloat32(argument, value, range),
  isNumber: true,
})

/** A number from 0 up to, but not including, 1. */
export const share: Kind<number> = {
  check: (argument, value) => {
    if (typeof value === 'number' && value >= 0 && value < 1) return value
    throw new InputError(`${argument}: expected a number from 0 up to, but not including, 1, got ${describe(value)}`)
  },
  isNumber: true,
}

/** A whole number within [min, max]. */
export const integer = (min = 1, max = 2 ** 32 - 1): Kind<number> => ({
  check: (argument, value) => checkInteger(argument, value, min, max),
  isNumber: true,
})

/** A seed: a whole number from 0 to 2³² − 1. */
export const seed = integer(0)

/** One of several names. */
export const name = <T extends string>(names: readonly T[]): Kind<T> => ({
  check: (argument, value) => checkName(argument, value, names),
  names,
})

export const boolean: Kind<boolean> = {
  check: (argument, value) => {
    if (typeof value === 'boolean') return value
    throw new InputError(`${argument}: expected true or false, got ${describe(value)}`)
  },
}

/** @param what of the text, for the error */
export const text = (what = 'text'): Kind<string> => ({
  check: (argument, value) => {
    if (typeof value === 'string') return value
    throw new InputError(`${argument}: expected ${what}, got ${describe(value)}`)
  },
})

/** @param what the function does, for the error */
export const callback = <F extends (...values: never[]) => unknown>(what = ''): Kind<F> => ({
  check: (argument, value) => {
    if (typeof value === 'function') return value as F
    throw new InputError(`${argument}: expected a function${what}, got ${describe(value)}`)
  },
})

/** A list whose values are all of a kind. @param what of the list, for the error */
export const list = <T>(kind: Kind<T>, what: string, least = 0): Kind<readonly T[]> => ({
  check: (argument, value) => {
    if (!Array.isArray(value) || value.length < least) {
      throw new InputError(`${argument}: expected ${what}, got ${describe(value)}`)
    }
    // Not map: it passes over holes.
    return Array.from(value as unknown[], (one, i) => kind.check(`${argument}[${i}]`, one))
  },
})

/** An object of one of this library's classes. @param hint how to make one */
export const instance = <T>(
  type: { readonly prototype: T; readonly name: string; [Symbol.hasInstance](value: unknown): boolean },
  className: string,
  hint = '',
): Kind<T> => ({ check: (argument, value) => checkInstance(argument, value, type, className, hint) })

/** A set of options within another. */
export const nested = <F extends AnyFields>(schema: Schema<F>): Kind<Checked<F>> => ({
  check: (_, value) => readOptions(schema, value),
})

/** A kind of value with a check that is not listed here. */
export const kind = <T>(check: Kind<T>['check'], isNumber = false): Kind<T> => ({ check, isNumber })
