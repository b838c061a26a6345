/**
 * The one source of randomness: sfc32 (Chris Doty-Humphrey's PractRand), seeded by splitmix32. Only operations that
 * IEEE 754 and ECMAScript define to the bit are used (no Math.log, no Math.cos), so a seed means the same numbers on
 * every platform.
 */

const LN2_HIGH = 0.69314718036912381649
const LN2_LOW = 1.90821492927058770002e-10

/** Natural logarithm of a positive, normal number by atanh's series: exact operations only, within 2 ulp. */
function logarithm(x: number): number {
  let exponent = 0
  while (x >= Math.SQRT2) {
    x /= 2
    exponent++
  }
  while (x < Math.SQRT1_2) {
    x *= 2
    exponent--
  }
  const s = (x - 1) / (x + 1)
  const square = s * s
  let sum = 0
  for (let k = 23; k >= 1; k -= 2) sum = sum * square + 1 / k
  return exponent * LN2_HIGH + (2 * s * sum + exponent * LN2_LOW)
}

function splitmix32(state: number): () => number {
  return () => {
    state = (state + 0x9e3779b9) | 0
    let t = state ^ (state >>> 16)
    t = Math.imul(t, 0x21f0aaad)
    t ^= t >>> 15
    t = Math.imul(t, 0x735a2d97)
    return (t ^ (t >>> 15)) >>> 0
  }
}

/** What the numbers are for: each purpose has its own stream, so that one seed is enough for a whole run. */
export type Purpose = 'initialization' | 'split' | 'shuffle' | 'dropout' | 'data' | 'stream' | 'fold' | 'sweep'
const streams: Record<Purpose, number> = {
  initialization: 1,
  split: 2,
  shuffle: 3,
  dropout: 4,
  data: 5,
  stream: 6,
  fold: 7,
  sweep: 8,
}

/** What the generator of a seed and a purpose begins with, as whole numbers; the index is added to the second one by xor. */
export function firstWords(seed: number, purpose: Purpose): [a: number, b: number, c: number] {
  const mix = splitmix32((seed ^ Math.imul(streams[purpose], 0x85ebca6b)) | 0)
  return [mix(), mix(), (mix() ^ seed) | 0]
}

/**
 * A seeded generator.
 * @param seed a whole number from 0 to 2³² − 1
 * @param purpose which of the seed's independent streams
 * @param index which member of that stream (the epoch, for `shuffle`), so that any of them can be had directly
 * @example new Random(7, 'shuffle', 3).permutation(500)
 */
export class Random {
  #a: number
  #b: number
  #c: number
  #counter = 1
  #spare: number | undefined

  constructor(seed: number, purpose: Purpose, index = 0) {
    const [a, b, c] = firstWords(seed, purpose)
    this.#a = a
    this.#b = (b ^ index) | 0
    this.#c = c
    for (let i = 0; i < 15; i++) this.bits()
  }

  /** 32 random bits, as a number from 0 to 2³² − 1. */
  bits(): number {
    const t = (this.#a + this.#b + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + t) | 0
    return t >>> 0
  }

  /** Uniform in [0, 1), in steps of 2⁻²⁴: exact in float32, so it never rounds up to 1. */
  uniform(): number {
    return (this.bits() >>> 8) * 2 ** -24
  }

  /** Uniform in [low, high). */
  between(low: number, high: number): number {
    return low + (high - low) * this.uniform()
  }

  /** Normal with mean 0 and standard deviation 1 (Marsaglia's polar method). */
  normal(): number {
    if (this.#spare !== undefined) {
      const spare = this.#spare
      this.#spare = undefined
      return spare
    }
    for (;;) {
      const x = 2 * this.uniform() - 1
      const y = 2 * this.uniform() - 1
      const square = x * x + y * y
      if (square === 0 || square >= 1) continue
      const factor = Math.sqrt((-2 * logarithm(square)) / square)
      this.#spare = y * factor
      return x * factor
    }
  }

  /** A whole number from 0 to n − 1, each as likely (rejection, no modulo bias). */
  below(n: number): number {
    for (;;) {
      const bits = this.bits()
      // The exact limit costs a division of doubles, and next to none of the numbers come near it.
      if (bits < 2 ** 32 - n || bits < 2 ** 32 - (2 ** 32 % n)) return bits % n
    }
  }

  /** Shuffles in place (Fisher–Yates) and returns the same array. */
  shuffle<T extends Uint32Array | number[]>(values: T): T {
    for (let i = values.length - 1; i > 0; i--) {
      const j = this.below(i + 1)
      const kept = values[i] as number
      values[i] = values[j] as number
      values[j] = kept
    }
    return values
  }

  /**
   * The numbers 0 … n − 1 in random order: those of {@link shuffle}. Written out over local variables, because every epoch
   * needs one: in Firefox private fields, and the remainder of a number above 2³¹, make the general form ten times slower.
   * @param order where they go, n numbers
   */
  permutation(n: number, order: Uint32Array = new Uint32Array(n)): Uint32Array {
    for (let i = 0; i < n; i++) order[i] = i
    let [a, b, c, counter] = [this.#a, this.#b, this.#c, this.#counter]
    for (let i = n - 1; i > 0;) {
      const t = (a + b + counter) | 0
      counter = (counter + 1) | 0
      a = b ^ (b >>> 9)
      b = (c + (c << 3)) | 0
      c = (((c << 21) | (c >>> 11)) + t) | 0
      const bits = t >>> 0
      const count = i + 1
      // As in `below`.
      if (bits >= 2 ** 32 - count && bits >= 2 ** 32 - (2 ** 32 % count)) continue
      // The remainder of bits / count: the quotient, at most 2³² / count, is too small to be rounded up to a whole number.
      const j = bits - Math.floor(bits / count) * count
      const kept = order[i]!
      order[i] = order[j]!
      order[j] = kept
      i--
    }
    this.#a = a
    this.#b = b
    this.#c = c
    this.#counter = counter
    return order
  }
}

/** A fresh seed, for runs that were given none: the one place where chance enters. */
export function drawSeed(): number {
  return globalThis.crypto.getRandomValues(new Uint32Array(1))[0] ?? 0
}
