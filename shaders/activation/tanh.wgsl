// needs: numbers, bits
// Activation tanh; formulas in src/model/activation.ts. WGSL's own tanh is allowed an error of 1e-5.

// tanh z = z - z^3/3 + 2 z^5/15 - ... below 1/4, else (1 - e^-2|z|) / (1 + e^-2|z|) with the sign of z
fn tanh_value(z: Values) -> Values {
  let s = z * z;
  let series = z * (1.0 + s * (-0.333333333 + s * (0.133333333 + s * (-0.0539682540 + s * 0.0218694885))));
  let size = abs(z);
  let e = exp(-2.0 * select(size, Values(40.0), size > Values(40.0)));
  let quotient = sign(z) * (1.0 - e) / (1.0 + e);
  return unless_nan(select(quotient, series, s < Values(0.0625)), z);
}

fn tanh_derivative(z: Values, a: Values) -> Values {
  return 1.0 - a * a;
}
