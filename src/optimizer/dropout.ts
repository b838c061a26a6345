/**
 * Which units dropout keeps: a hash of seed, layer, step, row of the minibatch and unit, so that every backend drops the
 * same ones and any step's follow without those before it. shaders/dropout.wgsl has the same function.
 */

/** The finalizer of MurmurHash3 (Austin Appleby, public domain): every bit of the input changes each bit of the result. */
function mix(value: number): number {
  let x = value | 0
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b)
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35)
  return x ^ (x >>> 16)
}

/** What a layer's dropped units depend on in addition to step, row and unit. */
export const dropoutKey = (seed: number, layer: number): number => mix(seed ^ Math.imul(layer + 1, 0x9e3779b1)) >>> 0

/** Hashes below this are dropped; a share of 0 drops none. */
export const dropoutThreshold = (share: number): number => Math.min(2 ** 32 - 1, Math.round(share * 2 ** 32))

/** What the units of one row are hashed from. */
export const dropoutRow = (key: number, step: number, row: number): number =>
  mix(mix(key + Math.imul(step, 0x9e3779b1)) + Math.imul(row, 0x85ebca77))

/** Whether a unit of a row stays. */
export const isKept = (rowKey: number, unit: number, threshold: number): boolean =>
  mix(rowKey + Math.imul(unit, 0x9e3779b1)) >>> 0 >= threshold
