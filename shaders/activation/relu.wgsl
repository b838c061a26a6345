// needs: numbers, bits
// Activation relu; formulas in src/model/activation.ts. Denormal numbers may be flushed to 0: the value is exact to
// 2^-126 there, and the slope at a denormal z may be that of 0.
fn rectified(z: Values) -> Values {
  return select(z, Values(), z < Values());
}

fn relu_value(z: Values) -> Values {
  return unless_nan(rectified(z), z);
}

fn relu_derivative(z: Values, a: Values) -> Values {
  return select(Values(), Values(1.0), z > Values());
}
