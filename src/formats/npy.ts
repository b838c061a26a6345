import { joinBytes } from '../core/join.ts'
import { checkInteger, describe, InputError } from '../core/errors.ts'
import { checkNumbers } from '../core/lists.ts'
import { Matrix, type MatrixLike } from '../core/matrix.ts'
import { isGzip } from '../data/gunzip.ts'
import { product } from '../data/limits.ts'
import { checkBytes } from './check.ts'
import { floatBytes } from './floats.ts'
import { MOST_DIMENSIONS, readNpyHeader, writeNpyHeader } from './npy-header.ts'
import { type NpyValues, readNpyValues } from './npy-values.ts'

export type { NpyNumbers, NpyValues } from './npy-values.ts'

/** What an .npy file holds. */
export interface NpyArray {
  /** The length of each dimension, the slowest first; none for a single number. */
  shape: number[]
  /** In row-major order, as many as the product of the shape. */
  data: NpyValues
}

/**
 * Reads an array as `numpy.save` writes it: versions 1.0 to 3.0 of .npy, numbers of every size (float16 becomes float32),
 * truth values, texts (`<U`, and `|S` in UTF-8), both byte orders, C and Fortran order (which comes out row-major).
 * @param bytes the bytes of the .npy file, not gzipped
 * @throws InputError for what is no .npy file, one that is cut short or has bytes left over, Python objects, records, complex
 *   numbers, and 64-bit whole numbers beyond ±(2⁵³ − 1)
 * @example const { shape, data } = parseNpy(await readFile('weights.npy'))
 */
export function parseNpy(bytes: Uint8Array): NpyArray {
  const { shape, data } = readNpy(bytes, 'npy')
  return { shape, data }
}

/** @param name what errors call the array */
export function readNpy(bytes: Uint8Array, name: string): NpyArray & { isWhole: boolean } {
  checkBytes(bytes, name)
  if (bytes[0] === 0x50 && bytes[1] === 0x4b) {
    throw new InputError(`${name}: not an .npy file but a zip archive, such as an .npz file (parseNpz reads those)`)
  }
  if (isGzip(bytes)) throw new InputError(`${name}: gzipped; unpack it first (readDataset and inputsFromNpy do)`)
  const header = readNpyHeader(bytes, name)
  return { shape: header.shape, ...readNpyValues(bytes, header, name) }
}

/**
 * The bytes of an .npy file of float32, to the byte as `numpy.save` writes them: version 1.0, `<f4`, C order.
 * @param values a matrix, or values of any shape, such as `{ shape: [3], data: network.biases[0] }`
 * @throws InputError where there are not as many values as the shape says; of a matrix, as {@link Matrix.from} says
 * @example await writeFile('predictions.npy', toNpy(await trainer.predict(x)))
 */
export function toNpy(values: MatrixLike | ShapedValues): Uint8Array {
  if (isShaped(values)) {
    checkShape(values)
    return joinBytes([writeNpyHeader('<f4', values.shape), floatBytes(values.data)])
  }
  const { rows, cols, data } = Matrix.from(values, 'values')
  return joinBytes([writeNpyHeader('<f4', [rows, cols]), floatBytes(data)])
}

/** Numbers with the shape of an array, row-major. */
export interface ShapedValues {
  /** The length of each dimension. */
  readonly shape: readonly number[]
  /** The values, row-major. */
  readonly data: ArrayLike<number>
}

const isShaped = (values: MatrixLike | ShapedValues): values is ShapedValues =>
  typeof values === 'object' && values !== null && 'shape' in values

function checkShape({ shape, data }: ShapedValues): void {
  if (!Array.isArray(shape) || shape.length > MOST_DIMENSIONS) {
    throw new InputError(`shape: expected a list of at most ${MOST_DIMENSIONS} lengths, got ${describe(shape)}`)
  }
  for (const [d, length] of shape.entries()) checkInteger(`shape[${d}]`, length, 0)
  const count = product(shape)
  const { length } = checkNumbers('data', data)
  if (length !== count) {
    throw new InputError(`data: expected ${shape.join(' × ') || 'one value'} = ${count} values, got ${length}`)
  }
}
