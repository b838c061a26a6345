import { checkInteger, checkNumber, describe, InputError } from '../../core/errors.ts'
import type { Random } from '../../core/random.ts'
import { type Fields, kind, type Kind, name, number, readOptions, required, withDefault } from '../../core/schema.ts'

/** One value, or several to try. */
export type OneOrMore<T> = T | readonly T[]

const scales = ['linear', 'log'] as const

/** Numbers between two limits, from which a random search ({@link SweepOptions.random}) takes some. */
export interface SweepRange {
  /** The smallest value. */
  from: number
  /** The largest value. */
  to: number
  /** Whether numbers, or their logarithms, are equally likely. Default 'linear'. */
  scale?: (typeof scales)[number] | undefined
}

/** A range, checked and complete. */
export interface CheckedRange {
  readonly from: number
  readonly to: number
  readonly scale: (typeof scales)[number]
  /** Whether its numbers are rounded to whole ones. */
  readonly isWhole: boolean
}

/**
 * Twelve digits: enough for every purpose, and the same on all platforms although their logarithms differ in the last bits;
 * 0.1 is 0.1 and not 0.10000000000000002.
 */
const rounded = (value: number) => Number(value.toPrecision(12))

/** The number at a share, from 0 to 1, of the way between two positive numbers by their logarithms. */
const between = (from: number, to: number, share: number) =>
  rounded(Math.exp(Math.log(from) + share * (Math.log(to) - Math.log(from))))

/** The most numbers that logspace makes. */
const MOST_NUMBERS = 1_000_000

/**
 * Numbers whose logarithms are equally far apart, from the first to the last; rounded to twelve digits.
 * @param from the first number, above 0
 * @param to the last number, above 0; below `from`, the numbers fall
 * @param count how many numbers, from 1 to 1,000,000; a single one is `from`
 * @throws InputError for ends that are not above 0
 * @example logspace(0.01, 10, 4) // [0.01, 0.1, 1, 10]
 */
export function logspace(from: number, to: number, count: number): number[] {
  checkNumber('from', from, { min: 0, exclusive: true })
  checkNumber('to', to, { min: 0, exclusive: true })
  checkInteger('count', count, 1, MOST_NUMBERS)
  const last = count - 1
  return Array.from({ length: count }, (_, i) => (i === 0 ? from : i === last ? to : between(from, to, i / last)))
}

const rangeSchema = {
  name: 'range',
  prefix: '',
  fields: {
    from: required(number()),
    to: required(number()),
    scale: withDefault(name(scales), 'linear'),
  } satisfies Fields<SweepRange>,
}

/** A value of a kind, or an array of them with at least one. */
export const values = <T>(one: Kind<T>): Kind<readonly T[]> =>
  kind((argument, given) => {
    if (!Array.isArray(given)) return [one.check(argument, given)]
    if (given.length === 0) {
      throw new InputError(`${argument}: expected at least one value, got an empty array; there is nothing to train`)
    }
    // Not map: it passes over holes.
    return Array.from(given as unknown[], (value, i) => one.check(`${argument}[${i}]`, value))
  })

/** Numbers of a kind, as {@link values}, or a range of them. */
export const valuesOrRange = <T>(one: Kind<T>, isWhole = false): Kind<readonly T[] | CheckedRange> =>
  kind((argument, given) => {
    if (typeof given !== 'object' || given === null || !('from' in given)) return values(one).check(argument, given)
    const range = readOptions({ ...rangeSchema, name: `${argument}: range`, prefix: `${argument}: ` }, given)
    one.check(`${argument}: from`, range.from)
    one.check(`${argument}: to`, range.to)
    const { from, to, scale } = range
    if (!(from < to)) throw new InputError(`${argument}: expected a range with from below to, got ${from} to ${to}`)
    if (scale === 'log' && from <= 0) {
      throw new InputError(`${argument}: expected a range above 0, which a logarithmic scale needs, got ${from}`)
    }
    return { from, to, scale, isWhole }
  })

/** An array is one value, and an array of arrays several. @param one checks an array */
export const arrays = <T>(one: Kind<readonly T[]>): Kind<readonly (readonly T[])[]> =>
  kind((argument, given) => {
    const areSeveral = Array.isArray(given) && given.some((value) => Array.isArray(value))
    return areSeveral ? values(one).check(argument, given) : [one.check(argument, given)]
  })

export const isRange = (axis: unknown): axis is CheckedRange => !Array.isArray(axis)

/** A random number within a range. */
export function numberWithin({ from, to, scale, isWhole }: CheckedRange, random: Random): number {
  // Each whole number is as likely as the others.
  if (isWhole && scale === 'linear') return from + random.below(to - from + 1)
  if (scale === 'linear') return Math.min(to, Math.max(from, rounded(random.between(from, to))))
  const value = between(from, to, random.uniform())
  return isWhole ? Math.round(value) : Math.min(to, Math.max(from, value))
}

/** Seeds: how many, from 1 on, or which ones. */
export const seedsKind = kind<readonly number[]>((argument, given) => {
  if (typeof given === 'number') {
    const count = checkInteger(argument, given, 1, 2 ** 24)
    return Array.from({ length: count }, (_, k) => k + 1)
  }
  if (!Array.isArray(given) || given.length === 0) {
    throw new InputError(`${argument}: expected how many seeds, or an array of them, got ${describe(given)}`)
  }
  return Array.from(given as unknown[], (value, i) => checkInteger(`${argument}[${i}]`, value, 0))
})
