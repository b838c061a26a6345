/** Numbers in one of the two precisions in which the CPU computes: parameters, gradients, activations. */
export type Values = Float32Array | Float64Array

/** Whether two values that may be missing are equal, by their own `equals`. */
export function areEqual<T extends { equals(other: T): boolean }>(a: T | undefined, b: T | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && a.equals(b))
}
