// needs: numbers
// Activation linear; formulas in src/model/activation.ts.
fn linear_value(z: Values) -> Values {
  return z;
}

fn linear_derivative(z: Values, a: Values) -> Values {
  return Values(1.0);
}
