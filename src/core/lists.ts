import { describe, InputError } from './errors.ts'

/** Whether a value has a length and values by index: an array, a typed array, or another object like them. */
export function isList(value: unknown): value is ArrayLike<unknown> {
  if (Array.isArray(value)) return true
  if (typeof value !== 'object' || value === null) return false
  return Number.isInteger((value as ArrayLike<unknown>).length) && (value as ArrayLike<unknown>).length >= 0
}

/** Typed arrays hold numbers by their type; the others may hold null, '' and true, which would become numbers if copied. */
export function checkNumbers(argument: string, values: unknown): ArrayLike<number> {
  const isBig = values instanceof BigInt64Array || values instanceof BigUint64Array
  if (!isList(values) || isBig) {
    throw new InputError(`${argument}: expected a list of numbers, got ${describe(values)}`)
  }
  if (ArrayBuffer.isView(values)) return values as ArrayLike<number>
  for (let i = 0; i < values.length; i++) {
    const value = values[i]
    if (typeof value !== 'number') {
      throw new InputError(`${argument}: value ${i} is ${describe(value)}, expected a number`)
    }
  }
  return values as ArrayLike<number>
}

/** Zeros. @throws InputError where there is not enough memory for them */
export function makeFloats(count: number, argument: string): Float32Array {
  try {
    return new Float32Array(count)
  } catch (cause) {
    throw new InputError(`${argument}: ${count} values are more than there is memory for`, { cause })
  }
}
