import { describe, InputError } from '../core/errors.ts'
import { product } from '../data/limits.ts'
import { readFloat16, readFloat32, readFloat64, type ReadNumber } from './floats.ts'
import type { NpyHeader } from './npy-header.ts'

/** Numbers of an .npy file: float16 becomes float32, 64-bit whole numbers float64, truth values 0 and 1. */
export type NpyNumbers =
  Float32Array | Float64Array | Int8Array | Int16Array | Int32Array | Uint8Array | Uint16Array | Uint32Array

/** The values of an .npy file: numbers, or texts. */
export type NpyValues = NpyNumbers | string[]

type NumberList = { new (length: number): NpyNumbers; readonly BYTES_PER_ELEMENT: number }

interface NumberType {
  readonly bytes: number
  readonly List: NumberList
  readonly read: ReadNumber
}

const type = (bytes: number, List: NumberList, read: ReadNumber): NumberType => ({ bytes, List, read })

const numberTypes: ReadonlyMap<string, NumberType> = new Map([
  ['f2', type(2, Float32Array, readFloat16)],
  ['f4', type(4, Float32Array, readFloat32)],
  ['f8', type(8, Float64Array, readFloat64)],
  ['i1', type(1, Int8Array, (view, at) => view.getInt8(at))],
  ['i2', type(2, Int16Array, (view, at, little) => view.getInt16(at, little))],
  ['i4', type(4, Int32Array, (view, at, little) => view.getInt32(at, little))],
  ['i8', type(8, Float64Array, (view, at, little) => Number(view.getBigInt64(at, little)))],
  ['u1', type(1, Uint8Array, (view, at) => view.getUint8(at))],
  ['u2', type(2, Uint16Array, (view, at, little) => view.getUint16(at, little))],
  ['u4', type(4, Uint32Array, (view, at, little) => view.getUint32(at, little))],
  ['u8', type(8, Float64Array, (view, at, little) => Number(view.getBigUint64(at, little)))],
  ['b1', type(1, Uint8Array, (view, at) => Number(view.getUint8(at) !== 0))],
])

/** Bytes of a text at most. */
const LONGEST_TEXT = 1 << 20

/** What the values of a file are. */
interface ElementType {
  readonly bytes: number
  /** Whether they are whole numbers or truth values. */
  readonly isWhole: boolean
  readonly read: (view: DataView, places: Places) => NpyValues
}

/** Where the values are, in the order in which they are wanted. */
interface Places {
  readonly count: number
  readonly placeOf: (i: number) => number
  readonly isInOrder: boolean
}

/** @throws InputError for values that are not read, with what to save instead */
function elementType(descr: string, name: string): ElementType {
  const [, order = '', kind = ''] = /^([<>|=]?)(.+)$/s.exec(descr) ?? []
  const numbers = numberTypes.get(kind)
  if (numbers && !(order === '|' && numbers.bytes > 1)) {
    const isWhole = !kind.startsWith('f')
    const read = (view: DataView, places: Places) => readNumbers(view, places, numbers, order !== '>', isWhole, name)
    return { bytes: numbers.bytes, isWhole, read }
  }
  const [, letter, length = ''] = /^([US])(\d+)$/.exec(kind) ?? []
  const bytes = Number(length) * (letter === 'U' ? 4 : 1)
  if (letter !== undefined && bytes > 0 && bytes <= LONGEST_TEXT) {
    const decode = letter === 'U' ? decodeCodePoints(order !== '>', name) : decodeBytes(name)
    const read = (view: DataView, { count, placeOf }: Places) =>
      Array.from({ length: count }, (_, i) => decode(view, placeOf(i) * bytes, bytes))
    return { bytes, isWhole: false, read }
  }
  throw new InputError(`${name}: values of type ${describe(descr)}, expected numbers, truth values or texts; ${fixFor(kind)}`) // prettier-ignore
}

function fixFor(kind: string): string {
  if (kind.startsWith('O')) {
    return "these are Python objects (allow_pickle): save labels as texts, y.astype(str), numbers as x.astype('float64')"
  }
  if (kind.startsWith('c')) return 'complex numbers: save x.real and x.imag'
  if (/^[Mm]/.test(kind)) return "times: save x.astype('int64')"
  return "save x.astype('float64')"
}

const isLittleEndianHost = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1

function readNumbers(
  view: DataView,
  { count, placeOf, isInOrder }: Places,
  { bytes, List, read }: NumberType,
  little: boolean,
  isWhole: boolean,
  name: string,
): NpyNumbers {
  const data = new List(count)
  // Of most files the bytes are the values.
  const isCopied = isInOrder && List.BYTES_PER_ELEMENT === bytes && (bytes === 1 || little === isLittleEndianHost)
  if (isCopied && !(isWhole && bytes === 8) && !isTruth(read)) {
    new Uint8Array(data.buffer).set(new Uint8Array(view.buffer, view.byteOffset, count * bytes))
    return data
  }
  for (let i = 0; i < count; i++) {
    const place = placeOf(i)
    const value = read(view, place * bytes, little)
    if (isWhole && !Number.isSafeInteger(value)) {
      throw new InputError(`${name}: value ${place} is ${value}, beyond the whole numbers that float64 holds`)
    }
    data[i] = value
  }
  return data
}

const isTruth = (read: ReadNumber) => read === numberTypes.get('b1')!.read

/** Texts of `<U`: code points of four bytes, filled up with zeros. */
function decodeCodePoints(little: boolean, name: string) {
  return (view: DataView, start: number, bytes: number): string => {
    let text = ''
    let zeros = ''
    for (let at = start; at < start + bytes; at += 4) {
      const point = view.getUint32(at, little)
      if (point > 0x10ffff) throw new InputError(`${name}: text ${start / bytes} holds ${point}, which is no character`)
      if (point === 0) zeros += '\0'
      else {
        text += zeros + String.fromCodePoint(point)
        zeros = ''
      }
    }
    return text
  }
}

/** Texts of `|S`: bytes, filled up with zeros. */
function decodeBytes(name: string) {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  return (view: DataView, start: number, bytes: number): string => {
    const all = new Uint8Array(view.buffer, view.byteOffset + start, bytes)
    const end = all.findLastIndex((byte) => byte !== 0) + 1
    try {
      return decoder.decode(all.subarray(0, end))
    } catch (cause) {
      throw new InputError(`${name}: text ${start / bytes} is not UTF-8; save y.astype(str)`, { cause })
    }
  }
}

/**
 * The values after the header, in row-major order.
 * @throws InputError for types that are not read, too few or too many bytes, and whole numbers beyond float64
 */
export function readNpyValues(
  bytes: Uint8Array,
  { descr, fortranOrder, shape, start }: NpyHeader,
  name: string,
): { data: NpyValues; isWhole: boolean } {
  const type = elementType(descr, name)
  const count = product(shape)
  const expected = start + count * type.bytes
  if (bytes.length !== expected) {
    const difference = Math.abs(bytes.length - expected)
    const problem = bytes.length < expected ? `cut short by ${difference}` : `followed by ${difference} more`
    const what = `(${shape.join(', ')}) ${descr} in ${expected} bytes`
    throw new InputError(`${name}: ${problem} bytes: expected ${what}, got ${bytes.length}`)
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset + start, bytes.length - start)
  const isInOrder = !(fortranOrder && shape.length > 1)
  const placeOf = isInOrder ? (i: number) => i : columnMajorPlace(shape)
  return { data: type.read(view, { count, placeOf, isInOrder }), isWhole: type.isWhole }
}

/** The place in column-major order (the first index changes fastest) of each value in row-major order. */
function columnMajorPlace(shape: readonly number[]): (i: number) => number {
  const steps = shape.map((_, d) => product(shape.slice(0, d)))
  return (i) => {
    let rest = i
    let place = 0
    for (let d = shape.length - 1; d >= 0; d--) {
      place += (rest % shape[d]!) * steps[d]!
      rest = Math.floor(rest / shape[d]!)
    }
    return place
  }
}
