// needs: numbers, bits, inverse_power
// Activation sigmoid; formulas in src/model/activation.ts.
fn sigmoid(z: Values) -> Values {
  return 1.0 / (1.0 + inverse_power(z));
}

fn sigmoid_value(z: Values) -> Values {
  return unless_nan(sigmoid(z), z);
}

fn sigmoid_derivative(z: Values, a: Values) -> Values {
  return a * (1.0 - a);
}
