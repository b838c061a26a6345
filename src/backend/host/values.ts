/** Numbers of a host backend, in its precision. */
export type Values = Float32Array | Float64Array

export type Precision = 'float32' | 'float64'

/** Makes an array of zeros. */
export type MakeValues = (length: number) => Values

export const valuesOf = (precision: Precision): MakeValues =>
  precision === 'float32' ? (length) => new Float32Array(length) : (length) => new Float64Array(length)
