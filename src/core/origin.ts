import type { RawRows } from './raw-rows.ts'

/** What the values of a matrix were made of, so that no preprocessing is applied twice and none in float32 twice rounded. */
export interface Origin {
  /** The rows in their own units, where they are still held. */
  readonly raw?: RawRows | undefined
  /** The encoding that was applied. */
  readonly encoding?: object | undefined
  /** The scaling that was applied. */
  readonly scaling?: object | undefined
}

const origins = new WeakMap<object, Origin>()

/** What is known about the origin of a matrix; undefined for values that were never preprocessed. */
export const originOf = (matrix: object): Origin | undefined => origins.get(matrix)

/** Notes the origin of a matrix, and returns the matrix. */
export function withOrigin<M extends object>(matrix: M, origin: Origin | undefined): M {
  if (origin) origins.set(matrix, origin)
  return matrix
}

/** The origin of a part of a matrix. @param take takes the same part of the raw rows */
export function partOfOrigin(origin: Origin | undefined, take: (raw: RawRows) => RawRows): Origin | undefined {
  return origin && { ...origin, raw: origin.raw && take(origin.raw) }
}
