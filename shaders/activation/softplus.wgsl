// needs: numbers, bits, exponential, activation/sigmoid, activation/relu
// Activation softplus; formulas in src/model/activation.ts. WGSL's own log is allowed an error of 2^-21 near 1.

// ln(1 + e) for 0 <= e <= 1, as 2 artanh(e / (2 + e))
fn log_one_plus(e: Values) -> Values {
  let s = e / (2.0 + e);
  let q = s * s;
  return 2.0 * s * (1.0 + q * (0.333333333 + q * (0.2 + q * (0.142857143 + q * (0.111111111 + q * (0.0909090909
    + q * (0.0769230769 + q * 0.0666666667)))))));
}

fn softplus(z: Values) -> Values {
  return rectified(z) + log_one_plus(falling_power(z));
}

fn softplus_value(z: Values) -> Values {
  return unless_nan(softplus(z), z);
}

fn softplus_derivative(z: Values, a: Values) -> Values {
  return sigmoid(z);
}
