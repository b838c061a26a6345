import { type V128 } from '../assembler/expression.ts'
import { f32x4, floats } from '../assembler/vectors.ts'

/**
 * Small formulas that others share. `pmin` and `pmax` return their first operand where either is NaN, and are one
 * instruction; so a NaN among the data stays as long as the constant is second.
 */

/** The value, at least `low` and at most `high`; NaN for NaN. */
export const clamp = (value: V128, low: number, high: number): V128 =>
  f32x4.pmin(f32x4.pmax(value, floats(low)), floats(high))

/** 0 for numbers below 0; NaN for NaN. */
export const positivePart = (value: V128): V128 => f32x4.pmax(value, floats(0))

/** −1, 0 or 1, also for denormal numbers, which two factors of 2⁷⁵ make greater than 1; NaN for NaN. */
export const sign = (value: V128): V128 => clamp(f32x4.mul(f32x4.mul(value, floats(2 ** 75)), floats(2 ** 75)), -1, 1)
