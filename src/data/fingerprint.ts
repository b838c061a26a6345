import type { Dataset } from './dataset.ts'

/**
 * 32 bits, in hexadecimal, that identify data: FNV-1a over words of 32 bits. It finds a file that was changed,
 * not one that was forged.
 */
export class Fingerprint {
  #hash = 0x811c9dc5

  add(values: Float32Array | Float64Array): this {
    const words = new Uint32Array(values.buffer, values.byteOffset, values.byteLength / 4)
    let hash = this.#hash
    for (let i = 0; i < words.length; i++) hash = Math.imul(hash ^ words[i]!, 0x01000193)
    this.#hash = hash
    return this
  }

  toString(): string {
    return (this.#hash >>> 0).toString(16).padStart(8, '0')
  }
}

/** The {@link Fingerprint} of a data set: its inputs, targets and weights. */
export function fingerprint({ inputs, targets, weights }: Dataset): string {
  const fingerprint = new Fingerprint().add(inputs.data).add(targets.data)
  return String(weights ? fingerprint.add(weights) : fingerprint)
}
