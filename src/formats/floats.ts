/** Reads one number of a file; `at` counts bytes. */
export type ReadNumber = (view: DataView, at: number, littleEndian: boolean) => number

/** IEEE 754 half precision: 1 bit of sign, 5 of exponent, 10 of fraction. */
export const readFloat16: ReadNumber = (view, at, littleEndian) => {
  const bits = view.getUint16(at, littleEndian)
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 0x1f
  const fraction = bits & 0x3ff
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 31) return fraction ? NaN : sign * Infinity
  return sign * (1024 + fraction) * 2 ** (exponent - 25)
}

/** bfloat16: the upper half of a float32. */
export const readBfloat16: ReadNumber = (view, at, littleEndian) => {
  const upper = new DataView(new ArrayBuffer(4))
  upper.setUint16(0, view.getUint16(at, littleEndian))
  return upper.getFloat32(0)
}

export const readFloat32: ReadNumber = (view, at, littleEndian) => view.getFloat32(at, littleEndian)
export const readFloat64: ReadNumber = (view, at, littleEndian) => view.getFloat64(at, littleEndian)

/** The bytes of float32 values, little-endian on every machine. */
export function floatBytes(values: ArrayLike<number>): Uint8Array<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(values.length * 4))
  for (let i = 0; i < values.length; i++) view.setFloat32(i * 4, values[i] as number, true)
  return new Uint8Array(view.buffer)
}

/** The bytes of float64 values, little-endian on every machine. */
export function doubleBytes(values: ArrayLike<number>): Uint8Array<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(values.length * 8))
  for (let i = 0; i < values.length; i++) view.setFloat64(i * 8, values[i] as number, true)
  return new Uint8Array(view.buffer)
}
