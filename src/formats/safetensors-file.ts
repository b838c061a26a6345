import { joinBytes } from '../core/join.ts'
import { product } from '../data/limits.ts'
import { describe, InputError } from '../core/errors.ts'
import { floatBytes, readBfloat16, readFloat16, readFloat32, readFloat64, type ReadNumber } from './floats.ts'

/**
 * The container: 8 bytes that hold the header's length (little-endian), the header (JSON, padded with spaces so that the
 * data begin at a multiple of 8), then all tensors without a hole, little-endian and row-major. Source: "Format" in the
 * README of huggingface/safetensors, whose limit on the header's length is taken too.
 */
const longestHeader = 100_000_000

const elementTypes: ReadonlyMap<string, { bytes: number; read: ReadNumber }> = new Map([
  ['F64', { bytes: 8, read: readFloat64 }],
  ['F32', { bytes: 4, read: readFloat32 }],
  ['F16', { bytes: 2, read: readFloat16 }],
  ['BF16', { bytes: 2, read: readBfloat16 }],
])

/** A tensor of numbers, row-major: as many values as the product of its shape. */
export interface Tensor {
  shape: readonly number[]
  values: Float32Array
}

/** What a file holds. */
export interface TensorFile {
  tensors: ReadonlyMap<string, Tensor>
  metadata: Readonly<Record<string, string>>
}

/** The bytes of a file; names sorted, so that the same tensors always make the same bytes. */
export function writeTensors({ tensors, metadata }: TensorFile): Uint8Array {
  const byName = <T>(entries: Iterable<[string, T]>) => [...entries].sort(([a], [b]) => (a < b ? -1 : 1))
  const sorted = byName(tensors)
  let end = 0
  const places = sorted.map(([name, { shape, values }]) => {
    const start = end
    end += values.length * 4
    return [name, { dtype: 'F32', shape, data_offsets: [start, end] }] as const
  })
  // Not Object.fromEntries: an object would put names that are whole numbers first.
  const entries = [['__metadata__', Object.fromEntries(byName(Object.entries(metadata)))] as const, ...places]
  const text = entries.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',')
  const header = new TextEncoder().encode(`{${text}}`)
  const padding = new Uint8Array(-header.length & 7).fill(0x20)
  const length = new Uint8Array(8)
  new DataView(length.buffer).setBigUint64(0, BigInt(header.length + padding.length), true)
  return joinBytes([length, header, padding, ...sorted.map(([, { values }]) => floatBytes(values))])
}

/**
 * Reads a file, as float32.
 * @throws InputError for a header that is cut short or no JSON, types that are not floats, tensors that overlap, leave a
 *   hole, end outside the file or are not as large as their shape, and values that are not finite in float32
 */
export function readTensors(bytes: Uint8Array): TensorFile {
  const { header, start } = readHeader(bytes)
  const { __metadata__: metadata = {}, ...entries } = header
  const places = Object.entries(entries).map(([name, entry]) => readPlace(name, entry))
  checkPlaces(places, bytes.length - start)
  const view = new DataView(bytes.buffer, bytes.byteOffset + start, bytes.length - start)
  const tensors = new Map(places.map((place) => [place.name, { shape: place.shape, values: readValues(view, place) }]))
  return { tensors, metadata: checkMetadata(metadata) }
}

function readHeader(bytes: Uint8Array): { header: Record<string, unknown>; start: number } {
  if (bytes.length < 8) {
    throw new InputError(`safetensors: cut short: expected 8 bytes of header length, got ${bytes.length} bytes in all`)
  }
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getBigUint64(0, true))
  if (length > longestHeader) {
    throw new InputError(
      `safetensors: not such a file: a header of ${length} bytes, at most ${longestHeader} are allowed`,
    )
  }
  if (8 + length > bytes.length) {
    throw new InputError(
      `safetensors: cut short, or not such a file: expected a header of ${length} bytes, got ${bytes.length - 8}`,
    )
  }
  let header: unknown
  try {
    header = JSON.parse(
      new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes.subarray(8, 8 + length)),
    )
  } catch (cause) {
    throw new InputError(`safetensors: the header (${length} bytes) is not JSON`, { cause })
  }
  if (!isObject(header)) throw new InputError(`safetensors: the header is ${describe(header)}, expected an object`)
  return { header, start: 8 + length }
}

interface Place {
  name: string
  dtype: string
  shape: number[]
  start: number
  end: number
}

function readPlace(name: string, entry: unknown): Place {
  const fail = (problem: string): never => {
    throw new InputError(`safetensors: ${describe(name)}: ${problem}`)
  }
  if (!isObject(entry)) return fail(`expected dtype, shape and data_offsets, got ${describe(entry)}`)
  const { dtype, shape, data_offsets: offsets } = entry
  const type = typeof dtype === 'string' ? elementTypes.get(dtype) : undefined
  if (typeof dtype !== 'string' || type === undefined) {
    return fail(`dtype ${describe(dtype)} is not read here, expected ${[...elementTypes.keys()].join(', ')}`)
  }
  if (!isCounts(shape)) return fail(`shape is ${say(shape)}, expected a list of whole numbers from 0`)
  if (!isCounts(offsets) || offsets.length !== 2) {
    return fail(`data_offsets is ${say(offsets)}, expected the first byte and the one after the last`)
  }
  const [start, end] = offsets as [number, number]
  const expected = type.bytes * product(shape)
  if (end - start !== expected) {
    return fail(`shape ${say(shape)} of ${dtype} takes ${expected} bytes, data_offsets ${say(offsets)} ${end - start}`)
  }
  return { name, dtype, shape, start, end }
}

/** Every byte belongs to one tensor. Sorts the places by where they begin. */
function checkPlaces(places: Place[], length: number): void {
  places.sort((a, b) => a.start - b.start || a.end - b.end)
  let at = 0
  for (const { name, start, end } of places) {
    if (start !== at) {
      const problem = start < at ? 'overlaps the tensor before it' : 'leaves a hole after the tensor before it'
      throw new InputError(`safetensors: ${describe(name)}: ${problem}: it begins at byte ${start}, expected ${at}`)
    }
    if (end > length) {
      throw new InputError(
        `safetensors: cut short: ${describe(name)} ends at byte ${end} of the data, the file has ${length}`,
      )
    }
    at = end
  }
  if (at < length) throw new InputError(`safetensors: ${length - at} bytes follow the last tensor`)
}

function readValues(view: DataView, { name, dtype, start, end }: Place): Float32Array {
  const { bytes, read } = elementTypes.get(dtype)!
  const values = new Float32Array((end - start) / bytes)
  for (let i = 0; i < values.length; i++) {
    const value = read(view, start + i * bytes, true)
    values[i] = value
    if (!Number.isFinite(values[i])) {
      throw new InputError(
        `safetensors: ${describe(name)}: value ${i} is ${value}, expected a finite number (in float32)`,
      )
    }
  }
  return values
}

function checkMetadata(metadata: unknown): Record<string, string> {
  if (!isObject(metadata))
    throw new InputError(`safetensors: __metadata__ is ${describe(metadata)}, expected an object`)
  for (const [key, value] of Object.entries(metadata)) {
    if (typeof value === 'string') continue
    throw new InputError(`safetensors: __metadata__: ${describe(key)} is ${describe(value)}, expected a string`)
  }
  return metadata as Record<string, string>
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isCounts = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((count) => Number.isSafeInteger(count) && (count as number) >= 0)

/** A value of the header as its text has it, shortened; it may be nested to any depth. */
function say(value: unknown): string {
  if (value === undefined) return 'missing'
  if (!Array.isArray(value)) return describe(value)
  const shown = value.slice(0, 8).map((one) => (typeof one === 'number' ? String(one) : describe(one)))
  return `[${shown.join(',')}${value.length > 8 ? ',…' : ''}]`
}
