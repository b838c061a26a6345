import { describe, InputError } from './errors.ts'

/** Numbers as base64 of their little-endian bytes, 4 each for a Float32Array, 8 for a Float64Array. */
export function toBase64(values: Float32Array | Float64Array): string {
  const bytes = new Uint8Array(values.byteLength)
  const view = new DataView(bytes.buffer)
  if (values instanceof Float32Array) values.forEach((value, i) => view.setFloat32(4 * i, value, true))
  else values.forEach((value, i) => view.setFloat64(8 * i, value, true))
  let binary = ''
  // `apply` takes a typed array as it is; spreading would go through an iterator, three times slower.
  for (let i = 0; i < bytes.length; i += 0x8000) {
    binary += String.fromCharCode.apply(null, bytes.subarray(i, i + 0x8000) as unknown as number[])
  }
  return btoa(binary)
}

/**
 * Reads what {@link toBase64} writes.
 * @param name what errors call it, such as `model: "weights[0]"`
 * @throws InputError for what is no base64, and for bytes that are no whole numbers
 */
export function fromBase64<P extends 'float32' | 'float64'>(
  base64: unknown,
  name: string,
  precision: P,
): P extends 'float32' ? Float32Array : Float32Array | Float64Array
export function fromBase64(base64: unknown, name: string, precision: 'float32' | 'float64') {
  if (typeof base64 !== 'string') throw new InputError(`${name} is ${describe(base64)}, expected base64`)
  let binary: string
  try {
    binary = atob(base64)
  } catch {
    throw new InputError(`${name} is not base64`)
  }
  const size = precision === 'float32' ? 4 : 8
  if (binary.length % size !== 0) throw new InputError(`${name} is cut short (${binary.length} bytes)`)
  // Loops: Uint8Array.from would make a list of all characters first.
  const bytes = new Uint8Array(binary.length)
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i)
  const view = new DataView(bytes.buffer)
  const length = binary.length / size
  const values = precision === 'float32' ? new Float32Array(length) : new Float64Array(length)
  for (let i = 0; i < length; i++) {
    values[i] = precision === 'float32' ? view.getFloat32(4 * i, true) : view.getFloat64(8 * i, true)
  }
  return values
}
