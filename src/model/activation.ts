/**
 * Activation functions f and their derivatives f′, as PyTorch defines them (gelu in its erf form, leakyRelu with slope
 * 0.01, elu with alpha 1). The same formulas stand in shaders/activation.wgsl under the same numbers. Arguments of exp
 * are bounded, so that nothing overflows to NaN.
 */

/** Every activation, in the order that gives it its number in the shaders; softmax is for output layers only. */
export const activationNames = [
  'linear',
  'sigmoid',
  'tanh',
  'relu',
  'leakyRelu',
  'elu',
  'gelu',
  'silu',
  'softplus',
  'softmax',
] as const
export type ActivationName = (typeof activationNames)[number]

/** What works on one neuron at a time: all but softmax, which needs its whole layer. */
export interface ElementwiseActivation {
  /** a = f(z) */
  readonly value: (z: number) => number
  /** f′(z), from z and a = f(z) */
  readonly derivative: (z: number, a: number) => number
}

export function sigmoid(z: number): number {
  const e = Math.exp(-Math.min(Math.abs(z), 80))
  return z < 0 ? e / (1 + e) : 1 / (1 + e)
}

/** ln(1 + eᶻ) without overflow. */
export function softplus(z: number): number {
  return (z < 0 ? 0 : z) + Math.log1p(Math.exp(-Math.min(Math.abs(z), 80)))
}

/**
 * The error function, to about 1e-15: below 3 the series erf(x) = 2/√π · e^(−x²) · Σ 2ⁿ x^(2n+1) / (2n+1)!! (all terms
 * positive: no cancellation), above it the continued fraction of erfc (Abramowitz and Stegun 7.1.6 and 7.1.14).
 */
export function erf(x: number): number {
  const magnitude = Math.abs(x)
  if (!(magnitude < 6)) return Math.sign(x)
  const square = x * x
  if (magnitude < 3) {
    let term = x
    let sum = x
    for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
      term *= (2 * square) / (2 * n + 1)
      sum += term
    }
    return (2 / Math.sqrt(Math.PI)) * Math.exp(-square) * sum
  }
  let fraction = 0
  for (let k = 40; k >= 1; k--) fraction = k / 2 / (magnitude + fraction)
  return Math.sign(x) * (1 - Math.exp(-square) / (Math.sqrt(Math.PI) * (magnitude + fraction)))
}

/** Φ(z), the normal distribution function. */
const normalDistribution = (z: number) => 0.5 * (1 + erf(z * Math.SQRT1_2))
const normalDensity = (z: number) => Math.exp(-0.5 * Math.min(z * z, 160)) / Math.sqrt(2 * Math.PI)

/** f and f′ of every activation that works on one neuron at a time. */
export const activations: Record<Exclude<ActivationName, 'softmax'>, ElementwiseActivation> = {
  linear: { value: (z) => z, derivative: () => 1 },
  sigmoid: { value: sigmoid, derivative: (_, a) => a * (1 - a) },
  tanh: { value: Math.tanh, derivative: (_, a) => 1 - a * a },
  relu: { value: (z) => (z < 0 ? 0 : z), derivative: (z) => (z > 0 ? 1 : 0) },
  leakyRelu: { value: (z) => (z < 0 ? 0.01 * z : z), derivative: (z) => (z > 0 ? 1 : 0.01) },
  elu: { value: (z) => (z < 0 ? Math.expm1(z) : z), derivative: (z, a) => (z < 0 ? a + 1 : 1) },
  gelu: {
    value: (z) => z * normalDistribution(z),
    derivative: (z) => normalDistribution(z) + z * normalDensity(z),
  },
  silu: {
    value: (z) => z * sigmoid(z),
    derivative: (z) => {
      const s = sigmoid(z)
      return s * (1 + z * (1 - s))
    },
  },
  softplus: { value: softplus, derivative: sigmoid },
}
