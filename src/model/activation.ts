/**
 * Activation functions f and their derivatives f′, as PyTorch defines them (gelu in its erf form, leakyRelu with slope
 * 0.01, elu with alpha 1). The same formulas in WGSL are shaders/activation/NAME.wgsl. Arguments of exp are never positive, so that nothing overflows. At the edges f(NaN) is NaN, and f and f′ of ±Infinity are the limits.
 */

/** What works on one neuron at a time: all but softmax, which needs its whole layer. */
export interface ElementwiseActivation {
  /** a = f(z) */
  readonly value: (z: number) => number
  /** f′(z), from z and a = f(z) */
  readonly derivative: (z: number, a: number) => number
  /** The value of a single output that separates two classes, in the middle of its range; 0.5 where it is left out. */
  readonly boundary?: number
}

export function sigmoid(z: number): number {
  const e = Math.exp(-Math.abs(z))
  return z < 0 ? e / (1 + e) : 1 / (1 + e)
}

/** ln(1 + eᶻ) without overflow. */
export function softplus(z: number): number {
  return (z < 0 ? 0 : z) + Math.log1p(Math.exp(-Math.abs(z)))
}

/** Where the error function changes from its series to the continued fraction. */
const SERIES_END = 2

/** erf(x) for |x| < 2: all terms have one sign, so nothing cancels. The series 2/√π · e^(−x²) · Σ 2ⁿ x^(2n+1) / (2n+1)!! (Abramowitz and Stegun 7.1.6). */
function erfSeries(x: number): number {
  let term = x
  let sum = x
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1)
    sum += term
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum
}

/** erfc(x) = 1 − erf(x) for x ≥ 2: its continued fraction (Abramowitz and Stegun 7.1.14). */
function erfcFraction(x: number): number {
  let fraction = 0
  for (let k = 60; k >= 1; k--) fraction = k / 2 / (x + fraction)
  return Math.exp(-x * x) / (Math.sqrt(Math.PI) * (x + fraction))
}

/** Φ(z), the normal distribution function, to about 1e-13 of itself in both tails: erfc(−z / √2) / 2. */
function normalDistribution(z: number): number {
  const x = Math.abs(z) * Math.SQRT1_2
  const tail = 0.5 * (x >= SERIES_END ? erfcFraction(x) : 1 - erfSeries(x))
  return z < 0 ? tail : 1 - tail
}

const normalDensity = (z: number) => Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI)

/** z·tail, where the tail is 0 from some z on: its limit 0 also for an infinite z. */
const timesTail = (z: number, tail: number) => (tail === 0 ? 0 : z * tail)

/** tanh(softplus(z)) = n / (n + 2) with n = e²ᶻ + 2eᶻ; numerator and denominator are divided by e²ᶻ where z > 0. */
function tanhOfSoftplus(z: number): number {
  const e = Math.exp(-Math.abs(z))
  const [numerator, rest] = z < 0 ? [e * (e + 2), 2] : [1 + 2 * e, 2 * e * e]
  return numerator / (numerator + rest)
}

/** Its derivative, (1 − tanh²(softplus z)) σ(z), as one quotient in which nothing cancels. */
function tanhOfSoftplusSlope(z: number): number {
  const e = Math.exp(-Math.abs(z))
  const denominator = z < 0 ? e * (e + 2) + 2 : 1 + 2 * e + 2 * e * e
  return (4 * (z < 0 ? e : e * e) * (1 + e)) / (denominator * denominator)
}

/**
 * The table of activations that work on one neuron at a time. A new one is an entry here and a file in shaders/activation/;
 * the exports to ONNX and JavaScript and the formulas of the backend wasm have a record each in which the type checker asks
 * for it.
 */
const table = {
  linear: { value: (z) => z, derivative: () => 1 },
  sigmoid: { value: sigmoid, derivative: (_, a) => a * (1 - a) },
  tanh: { value: Math.tanh, derivative: (_, a) => 1 - a * a, boundary: 0 },
  relu: { value: (z) => (z < 0 ? 0 : z), derivative: (z) => (z > 0 ? 1 : 0) },
  leakyRelu: { value: (z) => (z < 0 ? 0.01 * z : z), derivative: (z) => (z > 0 ? 1 : 0.01) },
  elu: { value: (z) => (z < 0 ? Math.expm1(z) : z), derivative: (z, a) => (z < 0 ? a + 1 : 1) },
  gelu: {
    value: (z) => timesTail(z, normalDistribution(z)),
    derivative: (z) => normalDistribution(z) + timesTail(z, normalDensity(z)),
  },
  silu: {
    value: (z) => timesTail(z, sigmoid(z)),
    derivative: (z) => sigmoid(z) + timesTail(z, sigmoid(z) * sigmoid(-z)),
  },
  softplus: { value: softplus, derivative: sigmoid },
  mish: {
    value: (z) => timesTail(z, tanhOfSoftplus(z)),
    derivative: (z) => tanhOfSoftplus(z) + timesTail(z, tanhOfSoftplusSlope(z)),
  },
} satisfies Record<string, ElementwiseActivation>

/** The activations that work on one neuron at a time. */
export type ElementwiseName = keyof typeof table
/** All of them; softmax, which works on a whole layer, is for output layers only. */
export type ActivationName = ElementwiseName | 'softmax'

/** f and f′ of every activation that works on one neuron at a time. */
export const activations: Readonly<Record<ElementwiseName, ElementwiseActivation>> = table

/** The names of all activations, as PyTorch defines them; softmax is for output layers only. */
export const activationNames = /* @__PURE__ */ [...Object.keys(table), 'softmax'] as readonly ActivationName[]

/** Where a single output changes from the first class to the second: 0 for tanh, whose range is −1 to 1, else 0.5. */
export const outputBoundary = (activation: ActivationName): number =>
  (activation === 'softmax' ? undefined : activations[activation].boundary) ?? 0.5
