import { type V128 } from '../assembler/expression.ts'
import { int } from '../assembler/scalars.ts'
import { f32x4, floats, i32x4, ints, v128 } from '../assembler/vectors.ts'
import type { Body, Local } from '../assembler/function.ts'
import type { Kit } from '../kit.ts'

/**
 * eˣ and ln x of four float32 at a time. The polynomials are minimax fits (Remez's exchange algorithm), made for this file
 * by test/activations/fits.py. Errors are in units in the last place (ulp) of the result, as test/wasm_formulas.test.ts
 * measures them over all exponents, with relaxed SIMD and without.
 *
 * V8 makes every vector constant anew in each round of a loop, in three instructions. A loop should therefore compute
 * several vectors a round, which share the constants: in Node 20 five sigmoids took 2.7 ns each, and one alone 5.2 ns.
 */

/** Adding 1.5 · 2²³ to a small number rounds it to an integer, which the lowest bits of the sum then hold. */
const ROUNDING = 1.5 * 2 ** 23
/** The bias of the exponents of float32. */
const BIAS = 127
/** The lowest bit of the exponent. */
const EXPONENT = int(23)

/** ln 2 in two parts. The first has 15 bits, so that its product with an integer up to 2⁹ is exact. */
const LN2_HIGH = 0.693145751953125
const LN2_LOW = Math.LN2 - LN2_HIGH

/** Above this, e⁻ˣ is rounded to 0 where 2ⁿ has no denormal numbers: n = −127 is the scale 0. */
export const LARGEST_FALL = 88

/** c₀ + x (c₁ + x (c₂ + …)) */
export function polynomial(kit: Kit, x: Local<'v128'>, coefficients: readonly number[]): V128 {
  let sum = floats(coefficients.at(-1)!)
  for (let i = coefficients.length - 2; i >= 0; i--) sum = kit.madd(x, sum, floats(coefficients[i]!))
  return sum
}

/** r = x − n · unit · ln 2, in two steps of which the first is exact. */
const remainder = (kit: Kit, x: V128, n: V128, unit: number) =>
  kit.nmadd(n, floats(LN2_LOW * unit), kit.nmadd(n, floats(LN2_HIGH * unit), x))

/** An argument in parts: x = n · unit · ln 2 + r with an integer n and |r| ≤ ½ unit ln 2, so that e^(x/unit) = 2ⁿ e^(r/unit). */
export interface Reduced {
  readonly r: Local<'v128'>
  /** 2ⁿ: 0 for n = −127, Infinity for n = 128. */
  readonly scale: Local<'v128'>
}

/**
 * Splits the argument of an exponential function.
 * @param x x/unit from −88 to 89, or NaN, which makes r NaN
 * @param unit 1 for eˣ, −1 for e⁻ˣ, ½ for e²ˣ
 */
export function reduce(kit: Kit, body: Body, x: Local<'v128'>, unit = 1): Reduced {
  const rounded = body.keep(kit.madd(x, floats(Math.LOG2E / unit), floats(ROUNDING + BIAS)))
  const n = body.keep(f32x4.sub(rounded, floats(ROUNDING + BIAS)))
  return { r: body.keep(remainder(kit, x, n, unit)), scale: body.keep(i32x4.shl(rounded, EXPONENT)) }
}

/**
 * R = r coth(r/2) for |r| ≤ ½ ln 2: eʳ = (R + r) / (R − r) to 2⁻³⁰ of itself. Where a quotient has to be computed anyway,
 * this takes fewer instructions than a polynomial for eʳ, and eʳ − 1 = 2r / (R − r) loses no digits.
 */
export function cotangent(kit: Kit, body: Body, r: Local<'v128'>): Local<'v128'> {
  const square = body.keep(f32x4.mul(r, r))
  return body.keep(polynomial(kit, square, [2, 0.1666661799, -0.002766005229]))
}

/** r coth r for |r| ≤ ¼ ln 2, where r is half of the argument: tanh r = r / (r coth r) to 2⁻²⁸ of itself. */
export function halfCotangent(kit: Kit, body: Body, r: Local<'v128'>): Local<'v128'> {
  const square = body.keep(f32x4.mul(r, r))
  return body.keep(polynomial(kit, square, [1, 0.3333325088, -0.02213409357]))
}

/**
 * eˣ for x ≤ 0 (and up to 88). Off by at most 2.3 ulp; 0 below −87.7, where eˣ is less than the smallest normal number.
 * e^NaN is NaN.
 */
export function expOfNegative(kit: Kit, body: Body, x: V128): V128 {
  const near = body.keep(f32x4.pmax(x, floats(-LARGEST_FALL)))
  const { r, scale } = reduce(kit, body, near)
  const power = polynomial(kit, r, [1, 0.999999702, 0.4999915063, 0.1666763723, 0.04189797491, 0.008290307596])
  return f32x4.mul(power, scale)
}

/** eʳ for |r| ≤ ½ ln 2 to 2⁻²⁸ of itself. */
export const powerOfRemainder = (kit: Kit, r: Local<'v128'>): V128 =>
  polynomial(kit, r, [1, 1, 0.4999999404, 0.1666652113, 0.04166838899, 0.008368716575, 0.001381459879])

/**
 * eˣ for any x, off by at most 1.2 ulp; among denormal results by half of the smallest one. Infinity where it overflows,
 * 0 below −104; e^NaN is NaN.
 */
export function exp(kit: Kit, body: Body, x: V128): V128 {
  const near = body.keep(f32x4.pmax(f32x4.pmin(x, floats(89)), floats(-104)))
  const rounded = body.keep(kit.madd(near, floats(Math.LOG2E), floats(ROUNDING)))
  const n = body.keep(f32x4.sub(rounded, floats(ROUNDING)))
  const r = body.keep(remainder(kit, near, n, 1))
  const power = powerOfRemainder(kit, r)
  // 2ⁿ as the product of two powers, because n is from −150 to 128.
  const whole = body.keep(i32x4.sub(rounded, floats(ROUNDING)))
  const half = body.keep(i32x4.shrS(whole, int(1)))
  const powerOfTwo = (exponent: V128) => i32x4.shl(i32x4.add(exponent, ints(BIAS)), EXPONENT)
  return f32x4.mul(f32x4.mul(power, powerOfTwo(half)), powerOfTwo(i32x4.sub(whole, half)))
}

/** ln(1 + f) = f − s (f − w), where s = f / (2 + f) and w = 2 (artanh(s)/s − 1) = s² · a polynomial of s². */
function logOfSum(kit: Kit, body: Body, f: Local<'v128'>, coefficients: readonly number[]): V128 {
  const s = body.keep(f32x4.div(f, f32x4.add(f, floats(2))))
  const square = body.keep(f32x4.mul(s, s))
  const doubled = coefficients.map((coefficient) => 2 * coefficient)
  return kit.nmadd(s, kit.nmadd(square, polynomial(kit, square, doubled), f), f)
}

/** ln(1 + e) for 0 ≤ e ≤ 1, off by at most 1.3 ulp. */
export const logOnePlus = (kit: Kit, body: Body, e: V128): V128 =>
  logOfSum(kit, body, body.keep(e), [0.3333320916, 0.2001076341, 0.1400090307, 0.1400599182])

/** The bits of √½. */
const SQRT_HALF_BITS = 0x3f3504f3
const SMALLEST_NORMAL = 2 ** -126
/** Denormal numbers are multiplied by 2 to this power. */
const RAISED = 25

/** ln x for any x, off by at most 1 ulp: −Infinity for ±0, NaN below 0 and for NaN. */
export function log(kit: Kit, body: Body, x: Local<'v128'>): V128 {
  const isDenormal = body.keep(f32x4.lt(x, floats(SMALLEST_NORMAL)))
  const raised = body.keep(v128.select(f32x4.mul(x, floats(2 ** RAISED)), x, isDenormal))
  // x = 2ᵏ (1 + f) with 1 + f from √½ to √2
  const k = body.keep(i32x4.shrS(i32x4.sub(raised, ints(SQRT_HALF_BITS)), EXPONENT))
  const f = body.keep(f32x4.sub(i32x4.sub(raised, i32x4.shl(k, EXPONENT)), floats(1)))
  const exponent = body.keep(f32x4.sub(f32x4.fromI32x4(k), v128.and(isDenormal, floats(RAISED))))
  const small = logOfSum(kit, body, f, [0.3333338797, 0.1998877674, 0.149357602])
  const finite = kit.madd(exponent, floats(LN2_HIGH), kit.madd(exponent, floats(LN2_LOW), small))
  const isFinite = v128.and(f32x4.gt(x, floats(0)), f32x4.lt(x, floats(Infinity)))
  const limit = v128.select(floats(-Infinity), f32x4.sqrt(x), f32x4.eq(x, floats(0)))
  return v128.select(finite, limit, isFinite)
}
