// needs: numbers, bits
// Library: powers of e whose arguments are bounded by 87, because drivers differ beyond it: e^-87 is just above the
// smallest normal float32. Functions that multiply such a tail by z, which may be huge, return 0 far out.
const LARGEST_EXPONENT = 87.0;

// e^z for z <= 0; NaN for NaN
fn power(z: Values) -> Values {
  return unless_nan(exp(max(z, Values(-LARGEST_EXPONENT))), z);
}

// e^-|z|
fn falling_power(z: Values) -> Values {
  return exp(-min(abs(z), Values(LARGEST_EXPONENT)));
}
