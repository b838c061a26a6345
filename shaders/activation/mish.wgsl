// needs: numbers, bits, exponential
// Activation mish, z tanh(softplus z); formulas in src/model/activation.ts. As quotients of powers of e^-|z|, in which
// nothing cancels; 0 where e^z is less than the smallest normal float32.
fn mish_value(z: Values) -> Values {
  let e = falling_power(z);
  let numerator = select(1.0 + 2.0 * e, e * (e + 2.0), z < Values());
  let quotient = numerator / (numerator + select(2.0 * e * e, Values(2.0), z < Values()));
  return unless_nan(select(z * quotient, Values(), z < Values(-LARGEST_EXPONENT)), z);
}

fn mish_derivative(z: Values, a: Values) -> Values {
  let e = falling_power(z);
  let negative = z < Values();
  let near = clamp(z, Values(-LARGEST_EXPONENT), Values(LARGEST_EXPONENT));
  let numerator = select(1.0 + 2.0 * e, e * (e + 2.0), negative);
  let denominator = numerator + select(2.0 * e * e, Values(2.0), negative);
  let slope = 4.0 * select(e * e, e, negative) * (1.0 + e) / (denominator * denominator);
  return select(numerator / denominator + near * slope, Values(), z < Values(-LARGEST_EXPONENT));
}
