// needs: numbers, bits, exponential
// Activation elu; formulas in src/model/activation.ts.

// e^z - 1 for z <= 0
fn exp_minus_one(z: Values) -> Values {
  let series = z * (1.0 + z * (0.5 + z * (0.166666667 + z * (0.0416666667 + z * (0.00833333333 + z * 0.00138888889)))));
  return select(exp(max(z, Values(-LARGEST_EXPONENT))) - 1.0, series, z > Values(-0.25));
}

fn elu_value(z: Values) -> Values {
  return unless_nan(select(z, exp_minus_one(min(z, Values())), z < Values()), z);
}

fn elu_derivative(z: Values, a: Values) -> Values {
  return select(Values(1.0), a + 1.0, z < Values());
}
