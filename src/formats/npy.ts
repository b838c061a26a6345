import { nameClasses } from '../data/classes.ts'
import { Dataset, type DatasetNames } from '../data/dataset.ts'
import { product } from '../data/limits.ts'
import { Matrix, type MatrixLike } from '../core/matrix.ts'
import { checkInteger, describe, InputError } from '../core/errors.ts'
import { checkNumbers } from '../core/lists.ts'
import { type Fields, optional, readOptions } from '../core/schema.ts'
import { classNames, names } from '../data/names.ts'
import { checkBytes } from './check.ts'
import { floatBytes, joinBytes, readFloat32, readFloat64, type ReadNumber } from './floats.ts'
import { MOST_DIMENSIONS, readNpyHeader, writeNpyHeader } from './npy-header.ts'

/** The values of an .npy file: 64-bit whole numbers become float64, truth values 0 and 1. */
export type NpyValues =
  Float32Array | Float64Array | Int8Array | Int16Array | Int32Array | Uint8Array | Uint16Array | Uint32Array

/** What an .npy file holds. */
export interface NpyArray {
  /** The length of each dimension, the slowest first; none for a single number. */
  shape: number[]
  /** In row-major order, as many as the product of the shape. */
  data: NpyValues
}

interface ElementType {
  bytes: number
  make: (length: number) => NpyValues
  read: ReadNumber
}

const elementTypes: ReadonlyMap<string, ElementType> = new Map<string, ElementType>([
  ['f4', { bytes: 4, make: (n) => new Float32Array(n), read: readFloat32 }],
  ['f8', { bytes: 8, make: (n) => new Float64Array(n), read: readFloat64 }],
  ['i1', { bytes: 1, make: (n) => new Int8Array(n), read: (view, at) => view.getInt8(at) }],
  ['i2', { bytes: 2, make: (n) => new Int16Array(n), read: (view, at, little) => view.getInt16(at, little) }],
  ['i4', { bytes: 4, make: (n) => new Int32Array(n), read: (view, at, little) => view.getInt32(at, little) }],
  [
    'i8',
    { bytes: 8, make: (n) => new Float64Array(n), read: (view, at, little) => Number(view.getBigInt64(at, little)) },
  ],
  ['u1', { bytes: 1, make: (n) => new Uint8Array(n), read: (view, at) => view.getUint8(at) }],
  ['u2', { bytes: 2, make: (n) => new Uint16Array(n), read: (view, at, little) => view.getUint16(at, little) }],
  ['u4', { bytes: 4, make: (n) => new Uint32Array(n), read: (view, at, little) => view.getUint32(at, little) }],
  [
    'u8',
    { bytes: 8, make: (n) => new Float64Array(n), read: (view, at, little) => Number(view.getBigUint64(at, little)) },
  ],
  ['b1', { bytes: 1, make: (n) => new Uint8Array(n), read: (view, at) => Number(view.getUint8(at) !== 0) }],
])

/**
 * Reads an array as `numpy.save` writes it: versions 1.0 to 3.0 of .npy, numbers of every size but float16, truth values,
 * both byte orders, C and Fortran order (which comes out row-major).
 * @throws InputError for what is no .npy file, one that is cut short or has bytes left over, texts, records, complex
 *   numbers, and 64-bit whole numbers beyond ±(2⁵³ − 1)
 * @example const { shape, data } = parseNpy(await readFile('weights.npy'))
 */
export function parseNpy(bytes: Uint8Array): NpyArray {
  const { shape, data } = readNpy(bytes, 'npy')
  return { shape, data }
}

function readNpy(bytes: Uint8Array, name: string): NpyArray & { isWhole: boolean } {
  checkBytes(bytes, name)
  const { descr, fortranOrder, shape, start } = readNpyHeader(bytes, name)
  const [, order, kind = ''] = /^([<>|=]?)(\w+)$/.exec(descr) ?? []
  const type = elementTypes.get(kind)
  if (type === undefined || (order === '|' && type.bytes > 1)) {
    const known = [...elementTypes.keys()].join(', ')
    throw new InputError(`${name}: values of type ${describe(descr)}, expected ${known}; save x.astype('float32')`)
  }
  const count = product(shape)
  const expected = start + count * type.bytes
  if (bytes.length !== expected) {
    const difference = Math.abs(bytes.length - expected)
    const problem = bytes.length < expected ? `cut short by ${difference}` : `followed by ${difference} more`
    const what = `(${shape.join(', ')}) ${descr} in ${expected} bytes`
    throw new InputError(`${name}: ${problem} bytes: expected ${what}, got ${bytes.length}`)
  }
  const isWhole = !kind.startsWith('f')
  const data = type.make(count)
  const view = new DataView(bytes.buffer, bytes.byteOffset + start, bytes.length - start)
  const places = fortranOrder && shape.length > 1 ? columnMajorPlaces(shape, count) : undefined
  for (let i = 0; i < count; i++) {
    const place = places ? places[i]! : i
    const value = type.read(view, place * type.bytes, order !== '>')
    if (isWhole && !Number.isSafeInteger(value)) {
      throw new InputError(`${name}: value ${place} is ${value}, beyond the whole numbers that float64 holds`)
    }
    data[i] = value
  }
  return { shape, data, isWhole }
}

/** The place in column-major order (the first index changes fastest) of each value in row-major order. */
function columnMajorPlaces(shape: readonly number[], count: number): Uint32Array {
  const steps = shape.map((_, d) => product(shape.slice(0, d)))
  return Uint32Array.from({ length: count }, (_, i) => {
    let rest = i
    let place = 0
    for (let d = shape.length - 1; d >= 0; d--) {
      place += (rest % shape[d]!) * steps[d]!
      rest = Math.floor(rest / shape[d]!)
    }
    return place
  })
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

interface ShapedValues {
  readonly shape: readonly number[]
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

export const datasetFromNpySchema = {
  name: 'datasetFromNpy',
  fields: { features: optional(names), classes: optional(classNames) } satisfies Fields<DatasetNames>,
}

/**
 * The data set of two .npy files. Inputs of more dimensions are laid flat, a row a sample. Targets of one dimension are
 * regression targets where they are floats, and classes (0, 1, 2 …) where they are whole numbers; those of two are taken as they
 * are. Nothing is scaled.
 * @param x samples × features (or samples × rows × columns …)
 * @param y samples, or samples × outputs
 * @param options what features and classes are called; classes left out are called by their numbers
 * @throws InputError for broken files, other shapes, different counts, and values that are not finite
 * @example const data = datasetFromNpy(await readFile('x.npy'), await readFile('y.npy'))
 */
export function datasetFromNpy(x: Uint8Array, y: Uint8Array, options: DatasetNames = {}): Dataset {
  const { features, classes } = readOptions(datasetFromNpySchema, options)
  const inputs = readNpy(x, 'x')
  const targets = readNpy(y, 'y')
  if (inputs.shape.length < 2) throw new InputError(`x: expected samples × features, got (${inputs.shape.join(', ')})`)
  const isList = targets.shape.length === 1
  if (!isList && targets.shape.length !== 2) {
    throw new InputError(`y: expected one value a sample, or a row of them, got (${targets.shape.join(', ')})`)
  }
  const matrix = toMatrix(inputs, 'x')
  if (!isList) return Dataset.from(matrix, toMatrix(targets, 'y'), { features, classes })
  const found = classes ?? (targets.isWhole ? nameClasses(targets.data, 'y', 2) : undefined)
  return Dataset.from(matrix, targets.data, { features, classes: found })
}

function toMatrix({ shape: [rows = 0, ...row], data }: NpyArray, name: string): Matrix {
  return Matrix.from({ rows, cols: product(row), data }, name)
}
