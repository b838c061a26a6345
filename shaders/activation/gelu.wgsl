// needs: numbers, bits
// Activation gelu; formulas in src/model/activation.ts.

// The normal distribution function, erfc(-z / sqrt 2) / 2, with erfc(x) = t e^(P(t) - x^2), t = 2 / (2 + x) for x >= 0;
// P is a Chebyshev fit of degree 9 made for this file (in float32 erfc is off by 3e-7, by 1e-6 relative). 0 for z below
// -13, where it is less than the smallest normal float32.
const NORMAL_END = 13.0;

fn normal_distribution(z: Values) -> Values {
  let x = min(abs(z), Values(NORMAL_END)) * 0.707106781;
  let t = 2.0 / (2.0 + x);
  let p = -1.26526749 + t * (0.99523598 + t * (0.413957119 + t * (-0.0887533352 + t * (0.346652567 + t *
    (-0.703473091 + t * (0.0300917085 + t * (0.628178179 + t * (-0.462426513 + t *
    0.10580495))))))));
  let tail = select(0.5 * t * exp(p - x * x), Values(), abs(z) > Values(NORMAL_END));
  return select(1.0 - tail, tail, z < Values());
}

fn gelu_value(z: Values) -> Values {
  return unless_nan(max(z, Values(-NORMAL_END)) * normal_distribution(z), z);
}

// Φ(z) + z φ(z), φ the normal density
fn gelu_derivative(z: Values, a: Values) -> Values {
  let near = clamp(z, Values(-NORMAL_END), Values(NORMAL_END));
  let last = select(near * 0.398942280 * exp(-0.5 * near * near), Values(), abs(z) > Values(NORMAL_END));
  return normal_distribution(z) + last;
}
