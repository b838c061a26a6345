// needs: numbers, bits
// Library: powers of e whose arguments are bounded by 87, because drivers differ beyond it: e^-87 is just above the
// smallest normal float32. Functions that multiply such a tail by z, which may be huge, return 0 far out.
const LARGEST_EXPONENT = 87.0;

//
// The bounds are selections: min and max are several times as long on SwiftShader, which makes them keep numbers beside NaN.

// e^z for z <= 0; NaN for NaN
fn power(z: Values) -> Values {
  return unless_nan(exp(select(z, Values(-LARGEST_EXPONENT), z < Values(-LARGEST_EXPONENT))), z);
}

// e^-|z|
fn falling_power(z: Values) -> Values {
  let size = abs(z);
  return exp(-select(size, Values(LARGEST_EXPONENT), size > Values(LARGEST_EXPONENT)));
}

