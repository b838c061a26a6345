// needs: numbers, bits
// Activation leakyRelu; formulas in src/model/activation.ts. Denormal numbers may be flushed to 0: the value is exact to
// 2^-126 there, and the slope at a denormal z may be that of the other side.
fn leaky_relu_value(z: Values) -> Values {
  return unless_nan(select(z, 0.01 * z, z < Values()), z);
}

fn leaky_relu_derivative(z: Values, a: Values) -> Values {
  return select(Values(0.01), Values(1.0), z > Values());
}
