import { describe, InputError } from '../core/errors.ts'
import { type Fields, optional, readOptions } from '../core/schema.ts'
import { nameClasses } from './classes.ts'
import { Dataset } from './dataset.ts'
import { pixelNames } from './digits.ts'
import { gunzip, isGzip, unpackFields, type UnpackOptions } from './gunzip.ts'
import { classNames } from './names.ts'
import { encodeNumbers, occurringNumbers } from './number-classes.ts'
import { MOST_COLUMNS, product } from './limits.ts'
import { Matrix } from '../core/matrix.ts'

/** The element types of the IDX format. */
export type IdxType = 'uint8' | 'int8' | 'int16' | 'int32' | 'float32' | 'float64'

/** What an IDX file holds. */
export interface IdxArray {
  /** The type of the numbers in the file. */
  type: IdxType
  /** The length of each dimension, the slowest first: [60000, 28, 28] for MNIST's training images. */
  shape: number[]
  /** The values in row-major order, as many as the product of the shape. */
  data: Uint8Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array
}

/** What {@link datasetFromIdx} takes. */
export interface IdxDatasetOptions extends UnpackOptions {
  /**
   * What the classes are called, label 0 first; names that are whole numbers are the labels themselves. Default: `0` … `9`;
   * where labels are above 9, `0` … the largest, or, where none is 0 (EMNIST's letters are 1 to 26), those that occur.
   */
  classes?: readonly string[] | undefined
}

export const parseIdxSchema = { name: 'parseIdx', fields: unpackFields }

export const datasetFromIdxSchema = {
  name: 'datasetFromIdx',
  fields: { ...unpackFields, classes: optional(classNames) } satisfies Fields<IdxDatasetOptions>,
}

interface ElementType {
  name: IdxType
  bytes: number
  read: (view: DataView, start: number, count: number) => IdxArray['data']
}

function element(
  name: IdxType,
  List: { new (length: number): IdxArray['data']; readonly BYTES_PER_ELEMENT: number },
  get: (view: DataView, at: number) => number,
): ElementType {
  const bytes = List.BYTES_PER_ELEMENT
  const read = (view: DataView, start: number, count: number) => {
    const values = new List(count)
    for (let i = 0; i < count; i++) values[i] = get(view, start + i * bytes)
    return values
  }
  return { name, bytes, read }
}

const elementTypes: ReadonlyMap<number, ElementType> = new Map([
  [0x08, element('uint8', Uint8Array, (view, at) => view.getUint8(at))],
  [0x09, element('int8', Int8Array, (view, at) => view.getInt8(at))],
  [0x0b, element('int16', Int16Array, (view, at) => view.getInt16(at))],
  [0x0c, element('int32', Int32Array, (view, at) => view.getInt32(at))],
  [0x0d, element('float32', Float32Array, (view, at) => view.getFloat32(at))],
  [0x0e, element('float64', Float64Array, (view, at) => view.getFloat64(at))],
])

/**
 * Reads the IDX format of the MNIST files: two zero bytes, the element type, the number of dimensions, each length as a
 * big-endian uint32, then the values, big-endian. Bytes that are gzipped (1f 8b) are unpacked first.
 * @param bytes the bytes of the file, gzipped or not
 * @param options `maxUnpackedBytes`, the most bytes that a gzipped file may unpack to (default 64 MiB, or 16 times the
 *   packed file where that is more)
 * @throws InputError for another magic number, a file cut short, bytes left over, and gzip that is broken or unpacks to
 *   more than `maxUnpackedBytes`
 * @example
 * const { shape, data } = await parseIdx(new Uint8Array(await response.arrayBuffer()))
 * console.log(shape, data[0]) // of MNIST's training images the shape is [60000, 28, 28]
 */
export async function parseIdx(bytes: Uint8Array, options: UnpackOptions = {}): Promise<IdxArray> {
  return readIdx(bytes, 'IDX file', readOptions(parseIdxSchema, options))
}

/**
 * The data set of an IDX file of images and one of labels, as MNIST, Fashion-MNIST and EMNIST come. Byte pixels become
 * 0 … 1 (divided by 255); float pixels stay as they are. Labels become one-hot.
 * @param images the bytes of the file, gzipped or not; shape samples × rows × columns (or samples × features)
 * @param labels the bytes of the file, gzipped or not; one whole number from 0 a sample
 * @param options the names of the `classes`, label 0 first (default the numbers of the labels), and `maxUnpackedBytes`,
 *   the most bytes that each of the files may unpack to (default 64 MiB, or 16 times the packed file where that is
 *   more)
 * @returns inputs samples × (rows · columns), targets samples × classes
 * @throws InputError for files that are broken, swapped, mislabelled, or of different counts, and labels outside `classes`
 * @example const train = await datasetFromIdx(images, labels, { classes: Array.from('0123456789') })
 */
export async function datasetFromIdx(
  images: Uint8Array,
  labels: Uint8Array,
  options: IdxDatasetOptions = {},
): Promise<Dataset> {
  const { classes: given, ...unpack } = readOptions(datasetFromIdxSchema, options)
  const pixels = await readIdx(images, 'images', unpack)
  const marks = await readIdx(labels, 'labels', unpack)
  if (pixels.shape.length === 1 && marks.shape.length > 1) {
    throw new InputError(
      `images and labels are swapped: the images are ${sayShape(pixels)}, the labels ${sayShape(marks)}`,
    )
  }
  if (pixels.shape.length < 2) {
    throw new InputError(`images: expected samples × rows × columns, got ${sayShape(pixels)}: is it a file of labels?`)
  }
  if (marks.shape.length !== 1 || marks.type.startsWith('float')) {
    throw new InputError(`labels: expected one whole number a sample, got ${sayShape(marks)}: is it a file of images?`)
  }
  const [samples = 0, ...image] = pixels.shape
  if (marks.data.length !== samples) {
    throw new InputError(`labels: expected ${samples}, one an image, got ${marks.data.length}`)
  }
  const features = product(image)
  if (samples === 0 || features === 0) {
    throw new InputError(`images: expected at least one image of at least one pixel, got ${sayShape(pixels)}`)
  }
  if (features > MOST_COLUMNS) {
    throw new InputError(`images: expected at most ${MOST_COLUMNS} pixels an image, got ${sayShape(pixels)}`)
  }
  const classes = given ?? nameLabels(marks.data)
  const inputs = new Matrix(samples, features, scalePixels(pixels))
  return Dataset.from(inputs, encodeNumbers(marks.data, classes, 'labels'), { features: pixelNames(features), classes })
}

/** Names for classes that are numbers: see {@link IdxDatasetOptions.classes}. */
function nameLabels(labels: IdxArray['data']): string[] {
  let largest = 0
  let smallest = Infinity
  for (const label of labels) {
    largest = Math.max(largest, label)
    smallest = Math.min(smallest, label)
  }
  const occurring = smallest > 0 && largest > 9 ? occurringNumbers(labels) : []
  return occurring.length > 1 ? occurring : nameClasses(labels, 'labels', 10)
}

function scalePixels({ type, data }: IdxArray): Float32Array {
  if (type === 'float32' || type === 'float64') return new Float32Array(data)
  if (type === 'uint8') {
    // Not Float32Array.from: it would make a list of all values first.
    const values = new Float32Array(data.length)
    for (let i = 0; i < values.length; i++) values[i] = data[i]! / 255
    return values
  }
  throw new InputError(`images: expected uint8 or float pixels, got ${type}`)
}

function sayShape({ type, shape }: IdxArray): string {
  return `${shape.join(' × ')} ${type}`
}

async function readIdx(packed: Uint8Array, name: string, options: UnpackOptions): Promise<IdxArray> {
  if (!(packed instanceof Uint8Array)) {
    throw new InputError(`${name}: expected the file's bytes as a Uint8Array, got ${describe(packed)}`)
  }
  const bytes = isGzip(packed)
    ? await gunzip(packed, name, options, (beginning) => readHeader(beginning, name)?.expected)
    : packed
  const header = readHeader(bytes, name)
  if (!header) {
    const length = 4 + 4 * bytes[3]!
    throw new InputError(`${name}: cut short: expected a header of ${length} bytes, got ${bytes.length} bytes in all`)
  }
  const { type, shape, start, count, expected } = header
  if (bytes.length !== expected) {
    const difference = Math.abs(bytes.length - expected)
    const problem = bytes.length < expected ? `cut short by ${difference}` : `followed by ${difference} more`
    const what = `${shape.join(' × ')} ${type.name} in ${expected} bytes`
    throw new InputError(`${name}: ${problem} bytes: expected ${what}, got ${bytes.length}`)
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return { type: type.name, shape, data: type.read(view, start, count) }
}

/** What a file says of itself; undefined where the bytes end within its header. @throws InputError for no IDX file */
function readHeader(bytes: Uint8Array, name: string) {
  const type = elementTypes.get(bytes[2] ?? 0)
  const dimensions = bytes[3] ?? 0
  if (bytes.length < 4 || bytes[0] !== 0 || bytes[1] !== 0 || type === undefined || dimensions === 0) {
    const magic = [...bytes.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ')
    const begins = magic === '' ? 'is empty' : `starts with ${magic}`
    throw new InputError(`${name}: not IDX: it ${begins}, expected 00 00, a type (08, 09, 0b … 0e) and the dimensions`)
  }
  const start = 4 + 4 * dimensions
  if (bytes.length < start) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const shape = Array.from({ length: dimensions }, (_, i) => view.getUint32(4 + 4 * i))
  const count = product(shape)
  return { type, shape, start, count, expected: start + count * type.bytes }
}
