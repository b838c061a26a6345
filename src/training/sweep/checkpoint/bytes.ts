import { InputError } from '../../../core/errors.ts'
import { Fingerprint } from '../../../data/fingerprint.ts'
import { checkDepth, type Json, object, whole } from '../../checkpoint-fields.ts'
import type { SweepCheckpoint } from './checkpoint.ts'
import { checkSweepCheckpoint } from './check.ts'

/*
 * The file: 8 bytes of text, the header's length in bytes (32 bits, little-endian), 4 bytes of padding, the header (JSON), and
 * from the next multiple of 8 on the numbers. In the JSON, { "$": [type, first byte, length] } is an array of numbers, and
 * { "$": text } a number that JSON does not have.
 */
const FORMAT = 'mlpsweep'
const VERSION = 1
const HEAD = 16

const types = { Float32Array, Float64Array, Uint32Array }
type TypeName = keyof typeof types
type Numbers = InstanceType<(typeof types)[TypeName]>

const isNumbers = (value: unknown): value is Numbers =>
  value instanceof Float32Array || value instanceof Float64Array || value instanceof Uint32Array

const aligned = (bytes: number) => Math.ceil(bytes / 8) * 8

/**
 * A checkpoint as bytes, for a file or a database: about 4 bytes for each number of parameters, and 50 for each epoch of a
 * network, of two million epochs at most.
 * @param checkpoint what {@link Sweep.checkpoint} or {@link mergeSweepCheckpoints} returned
 * @throws InputError for what is not a checkpoint, and for notes that JSON cannot hold
 * @example
 * const run = sweep(circle({ samples: 50, seed: 1 }), { sizes: [2, 3, 2], seeds: 4, epochs: 2, backend: 'cpu' })
 * for await (const round of run) {
 *   const bytes = encodeSweepCheckpoint(await run.checkpoint())
 *   console.log(round.progress, bytes.length)
 * }
 */
export function encodeSweepCheckpoint(checkpoint: SweepCheckpoint): Uint8Array {
  checkSweepCheckpoint(checkpoint)
  const parts: Numbers[] = []
  let end = 0
  const replace = (_: string, value: unknown) => {
    if (typeof value === 'number' && !Number.isFinite(value)) return { $: String(value) }
    if (!isNumbers(value)) return value
    const place = [value.constructor.name, end, value.length]
    parts.push(value)
    end += aligned(value.byteLength)
    return { $: place }
  }
  const text = encodeJson({ ...checkpoint, version: VERSION }, replace)
  checkDepth(checkpoint.notes, 'notes')
  const header = new TextEncoder().encode(text)
  const first = HEAD + aligned(header.length + 8)
  const bytes = new Uint8Array(first + end)
  bytes.set(new TextEncoder().encode(FORMAT))
  const view = new DataView(bytes.buffer)
  view.setUint32(8, header.length, true)
  bytes.set(header, HEAD)
  let at = first
  for (const part of parts) {
    bytes.set(new Uint8Array(part.buffer, part.byteOffset, part.byteLength), at)
    at += aligned(part.byteLength)
  }
  view.setUint32(12, checksum(bytes), true)
  return bytes
}

function encodeJson(value: object, replace: (key: string, value: unknown) => unknown): string {
  try {
    return JSON.stringify(value, replace)
  } catch (cause) {
    throw new InputError(`checkpoint: "notes" cannot be written as JSON: ${String(cause)}`, { cause })
  }
}

/** Of everything but its own place, which is taken as 0. */
function checksum(bytes: Uint8Array): number {
  const words = (from: number, to: number) => new Float32Array(bytes.buffer, bytes.byteOffset + from, (to - from) / 4)
  return parseInt(String(new Fingerprint().add(words(0, 12)).add(words(HEAD, bytes.length))), 16)
}

/**
 * Reads what {@link encodeSweepCheckpoint} writes.
 * @param bytes all bytes of one checkpoint; they are copied
 * @throws InputError for something else, for another version, and for bytes that are damaged
 */
export function decodeSweepCheckpoint(bytes: Uint8Array): SweepCheckpoint {
  if (!(bytes instanceof Uint8Array)) throw new InputError('checkpoint: expected a Uint8Array')
  const isOne = bytes.length >= HEAD && new TextDecoder().decode(bytes.subarray(0, 8)) === FORMAT
  if (!isOne) throw new InputError('checkpoint: this is not the checkpoint of a sweep, or it is cut short')
  // A copy at the start of a buffer, where numbers of 8 bytes may begin.
  const own = new Uint8Array(bytes)
  const view = new DataView(own.buffer)
  const length = view.getUint32(8, true)
  const first = HEAD + aligned(length + 8)
  if (own.length % 8 !== 0 || first > own.length || checksum(own) !== view.getUint32(12, true)) {
    throw new InputError('checkpoint: this checkpoint of a sweep is damaged or cut short')
  }
  const text = new TextDecoder().decode(own.subarray(HEAD, HEAD + length))
  const json = object(parseJson(text), 'checkpoint')
  // Before anything looks into it by recursion.
  checkDepth(json, 'checkpoint')
  const version = whole(json, 'version')
  if (version !== VERSION) {
    throw new InputError(
      `checkpoint: version ${version} of the checkpoints of sweeps is not known here (${VERSION} is); use the version of webgpu-mlp that wrote it`,
    )
  }
  const { version: _, ...fields } = revive(json, { bytes: own, first }) as Json
  checkSweepCheckpoint(fields)
  return fields
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new InputError('checkpoint: this checkpoint of a sweep is damaged: its header is not JSON')
  }
}

/** Puts the numbers back; not a reviver of JSON.parse, which is slower. */
function revive(value: unknown, file: { readonly bytes: Uint8Array<ArrayBuffer>; readonly first: number }): unknown {
  if (Array.isArray(value)) return value.map((inner) => revive(inner, file))
  if (typeof value !== 'object' || value === null) return value
  if ('$' in value) return numbersOf(value.$, file)
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, revive(inner, file)]))
}

function numbersOf(
  place: unknown,
  { bytes, first }: { readonly bytes: Uint8Array<ArrayBuffer>; readonly first: number },
) {
  if (typeof place === 'string') return Number(place)
  const [type, at, length] = Array.isArray(place) ? (place as unknown[]) : []
  const isPlace =
    typeof type === 'string' && Object.hasOwn(types, type) && isWhole(at) && isWhole(length) && at % 8 === 0
  const Type = types[type as TypeName]
  if (!isPlace || first + at + length * Type.BYTES_PER_ELEMENT > bytes.length) {
    throw new InputError('checkpoint: this checkpoint of a sweep is damaged: it has numbers at no place')
  }
  // A part of the bytes: a copy each would take twice the memory.
  return new Type(bytes.buffer, first + at, length)
}

const isWhole = (value: unknown): value is number => typeof value === 'number' && Number.isInteger(value) && value >= 0
