import { OutOfMemoryError } from './errors.ts'

/** A number of bytes for people, such as '1.5 GiB'. */
export function describeBytes(bytes: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB']
  const unit = Math.max(0, Math.min(units.length - 1, Math.floor(Math.log2(Math.max(bytes, 1)) / 10)))
  return unit === 0 ? `${bytes} bytes` : `${(bytes / 2 ** (10 * unit)).toFixed(1)} ${units[unit]!}`
}

/** What engines throw where they cannot make an array: V8, SpiderMonkey, JavaScriptCore. */
const isRefusedArray = (error: unknown): boolean =>
  error instanceof RangeError && /alloc|length|memory|size/i.test(error.message)

/**
 * Runs work that makes large arrays.
 * @param what needs them, for the error
 * @param bytes that they take
 * @param remedy what to change
 * @throws OutOfMemoryError where the engine has no memory for them
 */
export function withArrays<T>(what: string, bytes: number, remedy: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw explainRefusedArray(error, what, bytes, remedy)
  }
}

/** The error to throw for one that work threw which makes large arrays; others are not changed. */
export function explainRefusedArray(error: unknown, what: string, bytes: number, remedy: string): unknown {
  if (!isRefusedArray(error)) return error
  const message = `${what}: this process has no memory left for ${describeBytes(bytes)}; ${remedy}`
  return new OutOfMemoryError(message, { cause: error })
}

/** An array of zeros for results. @throws OutOfMemoryError where the engine has no memory for it */
export const resultArray = (what: string, length: number, remedy: string): Float32Array =>
  withArrays(what, 4 * length, remedy, () => new Float32Array(length))

/** What to do where the outputs for some rows are too large. */
export const fewerRows = 'predict fewer rows at a time'
