// needs: numbers, bits, exponential
// Activation sigmoid; formulas in src/model/activation.ts.
fn sigmoid(z: Values) -> Values {
  let e = falling_power(z);
  return select(Values(1.0), e, z < Values()) / (1.0 + e);
}

fn sigmoid_value(z: Values) -> Values {
  return unless_nan(sigmoid(z), z);
}

fn sigmoid_derivative(z: Values, a: Values) -> Values {
  return a * (1.0 - a);
}
