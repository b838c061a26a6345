import type { Values } from '../../core/values.ts'

/** The floating point type that the CPU backend computes in. */
export type Precision = 'float32' | 'float64'

/** Makes an array of zeros. */
export type MakeValues = (length: number) => Values

export const valuesOf = (precision: Precision): MakeValues =>
  precision === 'float32' ? (length) => new Float32Array(length) : (length) => new Float64Array(length)
