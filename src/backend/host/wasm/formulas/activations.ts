import type { ElementwiseName } from '../../../../model/activation.ts'
import { type V128 } from '../assembler/expression.ts'
import { f32x4, floats, ints, v128 } from '../assembler/vectors.ts'
import type { Body, Local } from '../assembler/function.ts'
import type { Kit } from '../kit.ts'
import { clamp, positivePart } from './elementary.ts'
import {
  cotangent,
  expOfNegative,
  halfCotangent,
  LARGEST_FALL,
  logOnePlus,
  polynomial,
  powerOfRemainder,
  reduce,
} from './exponential.ts'

/**
 * The activations of src/model/activation.ts and their derivatives, of four float32 at a time. With eʳ = (R + r) / (R − r)
 * (exponential.ts) most of them are one quotient in which nothing cancels. f(NaN) is NaN, and f and f′ of ±Infinity are
 * the limits.
 *
 * Largest errors of the values in units in the last place: sigmoid 2.4, tanh 4, leakyRelu 1, elu 3, gelu 6.5, silu 3,
 * softplus 3, mish 6; linear and relu are exact. What is less than the smallest normal number, 2⁻¹²⁶, may be 0, before silu,
 * gelu and mish multiply it by z. Derivatives are off by at most 2⁻²⁰ of themselves and 2⁻²¹ more.
 */
export interface ActivationFormula {
  /** a = f(z) */
  value(kit: Kit, body: Body, z: Local<'v128'>): V128
  /** f′(z), from z and a = f(z) */
  derivative(kit: Kit, body: Body, z: Local<'v128'>, a: Local<'v128'>): V128
}

/** 1 / (1 + e⁻ᶻ) with e⁻ᶻ = 2ⁿ (R − r) / (R + r). 2ⁿ = Infinity makes it 0, from z = −88.4 on. */
function sigmoid(kit: Kit, body: Body, z: V128): V128 {
  const near = body.keep(clamp(z, -89, LARGEST_FALL))
  const { r, scale } = reduce(kit, body, near, -1)
  const cotangentOfR = cotangent(kit, body, r)
  const sum = body.keep(f32x4.add(cotangentOfR, r))
  return f32x4.div(sum, kit.madd(f32x4.sub(cotangentOfR, r), scale, sum))
}

/** (e²ᶻ − 1) / (e²ᶻ + 1) with z = n · ½ ln 2 + r, numerator and denominator multiplied by r coth r − r. */
function tanh(kit: Kit, body: Body, z: V128): V128 {
  const near = body.keep(clamp(z, -10, 10))
  const { r, scale } = reduce(kit, body, near, 0.5)
  const cotangentOfR = halfCotangent(kit, body, r)
  const more = body.keep(f32x4.add(scale, floats(1)))
  const less = body.keep(f32x4.sub(scale, floats(1)))
  const numerator = kit.madd(more, r, f32x4.mul(less, cotangentOfR))
  return f32x4.div(numerator, kit.madd(more, cotangentOfR, f32x4.mul(less, r)))
}

/** eᶻ − 1 for z < 0, as tanh's. For other z the result has no meaning. */
function expMinusOne(kit: Kit, body: Body, z: V128): V128 {
  const { r, scale } = reduce(kit, body, body.keep(f32x4.pmax(z, floats(-20))))
  const cotangentOfR = cotangent(kit, body, r)
  const less = f32x4.mul(f32x4.sub(scale, floats(1)), cotangentOfR)
  const numerator = kit.madd(f32x4.add(scale, floats(1)), r, less)
  return f32x4.div(numerator, f32x4.sub(cotangentOfR, r))
}

/** e^−|z| */
const fallingPower = (kit: Kit, body: Body, z: V128) => expOfNegative(kit, body, f32x4.neg(f32x4.abs(z)))

/** From here on the tails of the normal distribution are 0: they are less than the smallest denormal number. */
const NORMAL_END = 15
/** The bits of a float32 with 12 bits of precision, whose square is exact: sign, exponent and 11 of 23 bits. */
const EXACT_SQUARE = 0xfffff000

/**
 * e^(−x²/2) for 0 ≤ x ≤ 15. The rounding error of x² would be up to 2⁻¹⁸ of the result; so x is divided into a part whose
 * square is exact and a rest, whose share of the exponent is at most 0.06.
 */
function normalFall(kit: Kit, body: Body, x: Local<'v128'>): V128 {
  const main = body.keep(v128.and(x, ints(EXACT_SQUARE)))
  const exact = f32x4.mul(f32x4.mul(main, main), floats(-0.5))
  const { r, scale } = reduce(kit, body, body.keep(f32x4.pmax(exact, floats(-LARGEST_FALL))))
  const rest = f32x4.mul(f32x4.sub(x, main), f32x4.add(x, main))
  return f32x4.mul(powerOfRemainder(kit, body.keep(kit.nmadd(floats(0.5), rest, r))), scale)
}

/** t = 1 / (1 + x / TAIL_SCALE) */
const TAIL_SCALE = 2 * Math.SQRT2

/**
 * For x from 0 to 15: Φ(−x) e^(x²/2), Φ the normal distribution function, as t times a minimax polynomial of t
 * (test/activations/fits.py), to 2⁻²⁴ of itself.
 */
function scaledTail(kit: Kit, body: Body, x: Local<'v128'>): V128 {
  const t = body.keep(f32x4.div(floats(TAIL_SCALE), f32x4.add(x, floats(TAIL_SCALE))))
  const coefficients = [
    0.1410437673, 0.1411779225, 0.1216220632, 0.1010679528, -0.01266618539, 0.1381004602, -0.2427885383, 0.1418973953,
    -0.02945485152,
  ]
  return f32x4.mul(t, polynomial(kit, t, coefficients))
}

/** |z|, at most NORMAL_END. */
const distance = (body: Body, z: V128) => body.keep(f32x4.pmin(f32x4.abs(z), floats(NORMAL_END)))

/** z Φ(z) = the positive part of z, less |z| Φ(−|z|). */
function gelu(kit: Kit, body: Body, z: Local<'v128'>): V128 {
  const x = distance(body, z)
  const tail = f32x4.mul(scaledTail(kit, body, x), normalFall(kit, body, x))
  return kit.nmadd(x, tail, positivePart(z))
}

/** Φ(z) + z φ(z), φ the normal density: d = Φ(−|z|) − |z| φ(z) for z < 0, 1 − d for the others. */
function geluSlope(kit: Kit, body: Body, z: Local<'v128'>): V128 {
  const x = distance(body, z)
  const factor = kit.nmadd(x, floats(1 / Math.sqrt(2 * Math.PI)), scaledTail(kit, body, x))
  const d = body.keep(f32x4.mul(factor, normalFall(kit, body, x)))
  return v128.select(d, f32x4.sub(floats(1), d), f32x4.lt(z, floats(0)))
}

/** z σ(z). σ is 0 where z would be less than −89. */
const silu = (kit: Kit, body: Body, z: V128) => {
  const near = body.keep(f32x4.pmax(z, floats(-89)))
  return f32x4.mul(near, sigmoid(kit, body, near))
}

/** σ(z) (1 + z (1 − σ(z))) = e (1 + e + z) / (1 + e)² with e = eᶻ; 1 from z = 40 on. */
function siluSlope(kit: Kit, body: Body, z: V128): V128 {
  const near = body.keep(clamp(z, -LARGEST_FALL, 40))
  const e = body.keep(expOfNegative(kit, body, near))
  const sum = body.keep(f32x4.add(e, floats(1)))
  return f32x4.div(f32x4.mul(e, f32x4.add(sum, near)), f32x4.mul(sum, sum))
}

/** For mish: z within limits outside which tanh(softplus z) is eᶻ or 1, and n = eᶻ (eᶻ + 2). */
function mishParts(kit: Kit, body: Body, z: V128) {
  const near = body.keep(clamp(z, -LARGEST_FALL, 20))
  const e = body.keep(expOfNegative(kit, body, near))
  return { near, e, n: body.keep(f32x4.mul(e, f32x4.add(e, floats(2)))) }
}

/** z tanh(softplus z) = z n / (n + 2). */
function mish(kit: Kit, body: Body, z: V128): V128 {
  const { n } = mishParts(kit, body, z)
  return f32x4.mul(f32x4.pmax(z, floats(-LARGEST_FALL)), f32x4.div(n, f32x4.add(n, floats(2))))
}

/** n / (n + 2) + 4 z e (1 + e) / (n + 2)² */
function mishSlope(kit: Kit, body: Body, z: V128): V128 {
  const { near, e, n } = mishParts(kit, body, z)
  const denominator = body.keep(f32x4.add(n, floats(2)))
  const slope = f32x4.mul(f32x4.mul(near, floats(4)), kit.madd(e, e, e))
  return f32x4.div(kit.madd(n, denominator, slope), f32x4.mul(denominator, denominator))
}

/** a (1 − a), as a − a² where that is one instruction with one rounding. */
const sigmoidSlope: ActivationFormula['derivative'] = (kit, _body, _z, a) =>
  kit.isRelaxed ? kit.nmadd(a, a, a) : f32x4.mul(a, f32x4.sub(floats(1), a))

const isPositive = (z: V128) => f32x4.gt(z, floats(0))

/** The formulas of every activation that works on one neuron at a time. */
export const activationFormulas: Readonly<Record<ElementwiseName, ActivationFormula>> = {
  linear: { value: (_kit, _body, z) => z, derivative: () => floats(1) },
  sigmoid: { value: sigmoid, derivative: sigmoidSlope },
  tanh: { value: tanh, derivative: (kit, _body, _z, a) => kit.nmadd(a, a, floats(1)) },
  relu: {
    value: (_kit, _body, z) => positivePart(z),
    derivative: (_kit, _body, z) => v128.and(isPositive(z), floats(1)),
  },
  leakyRelu: {
    value: (_kit, _body, z) => f32x4.pmax(z, f32x4.mul(z, floats(0.01))),
    derivative: (_kit, _body, z) => v128.select(floats(1), floats(0.01), isPositive(z)),
  },
  elu: {
    value: (kit, body, z) => v128.select(expMinusOne(kit, body, z), z, f32x4.lt(z, floats(0))),
    derivative: (_kit, _body, _z, a) => f32x4.add(f32x4.pmin(a, floats(0)), floats(1)),
  },
  gelu: { value: gelu, derivative: geluSlope },
  silu: { value: silu, derivative: siluSlope },
  softplus: {
    value: (kit, body, z) => f32x4.add(positivePart(z), logOnePlus(kit, body, fallingPower(kit, body, z))),
    derivative: sigmoid,
  },
  mish: { value: mish, derivative: mishSlope },
}
