import { describe, InputError } from '../core/errors.ts'

/** Reads the fields of a checkpoint's JSON. Each function throws an InputError that names the field. */

export type Json = Record<string, unknown>

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

export function object(value: unknown, field: string): Json {
  if (isObject(value)) return value
  throw new InputError(`checkpoint: "${field}" is ${describe(value)}, expected an object`)
}

/** Epochs, and what is counted in them, have 32 bits, since random numbers are made from them. */
const MOST_EPOCHS = 2 ** 32 - 1

export function whole(json: Json, field: string, within = '', most = MOST_EPOCHS): number {
  const value = json[field]
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most) return value
  throw new InputError(`checkpoint: "${within}${field}" is ${describe(value)}, expected a whole number up to ${most}`)
}

export function number(json: Json, field: string, within: string, [least, most]: readonly [number, number]): number {
  const value = json[field]
  // JSON has no NaN and no infinities, but 1e999 becomes one.
  if (typeof value === 'number' && Number.isFinite(value) && value >= least && value <= most) return value
  const range = least === -Infinity ? 'a finite number' : `a number from ${least} to ${most}`
  throw new InputError(`checkpoint: "${within}${field}" is ${describe(value)}, expected ${range}`)
}

export function optionalText(json: Json, field: string, within = ''): string | undefined {
  const value = json[field]
  if (value === undefined || typeof value === 'string') return value
  throw new InputError(`checkpoint: "${within}${field}" is ${describe(value)}, expected text`)
}

/** Objects and lists within one another: more than any settings or notes have, and few enough for recursion. */
const DEEPEST = 100

const isDeeper = (value: unknown, most: number): boolean =>
  typeof value === 'object' &&
  value !== null &&
  (most === 0 || Object.values(value as Json).some((inner) => isDeeper(inner, most - 1)))

/** Checks that what a checkpoint carries can be written and compared. */
export function checkDepth(value: unknown, field: string): void {
  if (!isDeeper(value, DEEPEST)) return
  throw new InputError(`checkpoint: "${field}" is nested more than ${DEEPEST} deep; a program that trains never writes that`) // prettier-ignore
}
