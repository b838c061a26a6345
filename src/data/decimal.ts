/**
 * The double next to a decimal number that is given by its digits, as `Number` reads it (correctly rounded), without making
 * a string: for tables of numbers, where most of the time went into strings.
 */

/** Powers of ten that double represents exactly. */
export const MOST_POWER = 22
export const powers = Float64Array.from({ length: MOST_POWER + 1 }, (_, i) => Number(`1e${i}`))

/** Digits of a number up to which an integer in double is exact. */
export const EXACT_DIGITS = 15
/** Significant digits that {@link fromDigits} takes; beyond, `Number` has to read the text. */
export const MOST_DIGITS = 27

/** 2²⁷ + 1: splits a double into two halves whose products are exact (Veltkamp). */
const SPLITTER = 134217729
/** More than the error of the sums below, relative to a result's second part where that matters. */
const MARGIN = 1 + 2 ** -40

/**
 * The value ± (a · 10^nb + b) · 10^nc + c) · 10^exponent, correctly rounded.
 *
 * Up to 15 digits and powers of ten up to 22 are exact, and one operation rounds once (Clinger 1990). Up to 27 digits are
 * computed in two doubles with an error below 2^-94 of the value; where a value that near to the middle of two doubles could
 * be rounded to either, the result is NaN.
 *
 * @param a the first nine significant digits at most, an int32; @param b the next nine, @param c the next nine
 * @param nb the number of digits of b; @param nc of c; those of a full `a` are nine where `nb` is above 0, of `b` where `nc` is
 * @returns NaN where the text has to be read by `Number`
 */
export function fromDigits(a: number, b: number, nb: number, c: number, nc: number, exponent: number): number {
  if (nc === 0 && (nb === 0 || nb <= EXACT_DIGITS - 9)) {
    const digits = nb === 0 ? a : a * powers[nb]! + b
    if (exponent === 0 || digits === 0) return digits
    if (exponent < 0) return exponent >= -MOST_POWER ? digits / powers[-exponent]! : NaN
    return exponent <= MOST_POWER ? digits * powers[exponent]! : NaN
  }
  return fromManyDigits(a, b, nb, c, nc, exponent)
}

/** In two doubles, high + low: a · 10^nb + b is exact, and c is a fraction behind it. */
function fromManyDigits(a: number, b: number, nb: number, c: number, nc: number, givenExponent: number): number {
  const exponent = givenExponent + nc
  if (exponent < -MOST_POWER || exponent > MOST_POWER) return NaN
  const power = powers[nb]!
  const upper = (a >>> 15) * power * 32768
  const lower = (a & 32767) * power + b
  const high = upper + lower
  const low = upper - high + lower + (nc === 0 ? 0 : c / powers[nc]!)
  if (exponent === 0) return rounded(high, low)
  const scale = powers[Math.abs(exponent)]!
  if (exponent > 0) {
    const product = high * scale
    return rounded(product, productError(high, scale, product) + low * scale)
  }
  const quotient = high / scale
  const product = quotient * scale
  const rest = high - product - productError(quotient, scale, product) + low
  return rounded(quotient, rest / scale)
}

/** x · y − product, exactly (Dekker). */
function productError(x: number, y: number, product: number): number {
  const [xs, ys] = [x * SPLITTER, y * SPLITTER]
  const xh = xs - (xs - x)
  const yh = ys - (ys - y)
  const [xl, yl] = [x - xh, y - yh]
  return xh * yh - product + xh * yl + xl * yh + xl * yl
}

/** high + low, rounded; NaN where the error of low could change the result (Ziv's test). */
function rounded(high: number, low: number): number {
  const sum = high + low
  const rest = high - sum + low
  return sum + rest * MARGIN === sum ? sum : NaN
}
