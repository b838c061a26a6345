// needs: numbers, bits, exponential, activation/sigmoid
// Activation silu; formulas in src/model/activation.ts.

// z sigmoid(z); 0 where e^z is less than the smallest normal float32
fn silu_value(z: Values) -> Values {
  return unless_nan(select(z * sigmoid(z), Values(), z < Values(-LARGEST_EXPONENT)), z);
}

fn silu_derivative(z: Values, a: Values) -> Values {
  let near = clamp(z, Values(-LARGEST_EXPONENT), Values(LARGEST_EXPONENT));
  let s = sigmoid(near);
  return select(s * (1.0 + near * (1.0 - s)), Values(), z < Values(-LARGEST_EXPONENT));
}
