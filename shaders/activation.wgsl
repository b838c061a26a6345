// Library: activation functions and their derivatives, numbered as activationNames in src/model/activation.ts, whose
// formulas these are. WGSL's own tanh is allowed an error of 1e-5 and its log one of 2^-21 near 1, so small arguments
// go through series here. Arguments of exp are bounded by 87, because drivers differ beyond it: e^-87 is just above the
// smallest normal float32. A function that multiplies such a tail by z, which may be huge, returns 0 far out.
//
// At the edges: f(NaN) is NaN, f(-infinity) and f(infinity) are the limits. Denormal numbers may be flushed to 0, so relu
// and leakyRelu are exact to 2^-126 there, and their slope at a denormal z may be that of 0 or of the other side.
// Values is vec4f or f32: four.wgsl, one.wgsl. Needs bits.wgsl.

const LINEAR = 0u;
const SIGMOID = 1u;
const TANH = 2u;
const RELU = 3u;
const LEAKY_RELU = 4u;
const ELU = 5u;
const GELU = 6u;
const SILU = 7u;
const SOFTPLUS = 8u;
const SOFTMAX = 9u;

const LARGEST_EXPONENT = 87.0;

// e^z for z <= 0; NaN for NaN
fn power(z: Values) -> Values {
  return unless_nan(exp(max(z, Values(-LARGEST_EXPONENT))), z);
}

fn sigmoid(z: Values) -> Values {
  let e = exp(-min(abs(z), Values(LARGEST_EXPONENT)));
  return select(Values(1.0), e, z < Values()) / (1.0 + e);
}

// tanh z = z - z^3/3 + 2 z^5/15 - ... below 1/4, else (1 - e^-2|z|) / (1 + e^-2|z|) with the sign of z
fn hyperbolic_tangent(z: Values) -> Values {
  let s = z * z;
  let series = z * (1.0 + s * (-0.333333333 + s * (0.133333333 + s * (-0.0539682540 + s * 0.0218694885))));
  let e = exp(-2.0 * min(abs(z), Values(40.0)));
  let quotient = sign(z) * (1.0 - e) / (1.0 + e);
  return select(quotient, series, s < Values(0.0625));
}

// e^z - 1 for z <= 0
fn exp_minus_one(z: Values) -> Values {
  let series = z * (1.0 + z * (0.5 + z * (0.166666667 + z * (0.0416666667 + z * (0.00833333333 + z * 0.00138888889)))));
  return select(exp(max(z, Values(-LARGEST_EXPONENT))) - 1.0, series, z > Values(-0.25));
}

// ln(1 + e) for 0 <= e <= 1, as 2 artanh(e / (2 + e))
fn log_one_plus(e: Values) -> Values {
  let s = e / (2.0 + e);
  let q = s * s;
  return 2.0 * s * (1.0 + q * (0.333333333 + q * (0.2 + q * (0.142857143 + q * (0.111111111 + q * (0.0909090909
    + q * (0.0769230769 + q * 0.0666666667)))))));
}

fn rectified(z: Values) -> Values {
  return select(z, Values(), z < Values());
}

fn softplus(z: Values) -> Values {
  return rectified(z) + log_one_plus(exp(-min(abs(z), Values(LARGEST_EXPONENT))));
}

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

fn gelu(z: Values) -> Values {
  return max(z, Values(-NORMAL_END)) * normal_distribution(z);
}

// Φ(z) + z φ(z), φ the normal density
fn gelu_derivative(z: Values) -> Values {
  let near = clamp(z, Values(-NORMAL_END), Values(NORMAL_END));
  let last = select(near * 0.398942280 * exp(-0.5 * near * near), Values(), abs(z) > Values(NORMAL_END));
  return normal_distribution(z) + last;
}

// z sigmoid(z); 0 where e^z is less than the smallest normal float32
fn silu(z: Values) -> Values {
  return select(z * sigmoid(z), Values(), z < Values(-LARGEST_EXPONENT));
}

fn silu_derivative(z: Values) -> Values {
  let near = clamp(z, Values(-LARGEST_EXPONENT), Values(LARGEST_EXPONENT));
  let s = sigmoid(near);
  return select(s * (1.0 + near * (1.0 - s)), Values(), z < Values(-LARGEST_EXPONENT));
}

// f(z), value by value; softmax needs its whole row and is softmax.wgsl's
fn activate(activation: u32, z: Values) -> Values {
  if (activation == LINEAR || activation == SOFTMAX) { return z; }
  return unless_nan(activate_number(activation, z), z);
}

// f(z) of a z that is not NaN
fn activate_number(activation: u32, z: Values) -> Values {
  switch activation {
    case SIGMOID: { return sigmoid(z); }
    case TANH: { return hyperbolic_tangent(z); }
    case RELU: { return rectified(z); }
    case LEAKY_RELU: { return select(z, 0.01 * z, z < Values()); }
    case ELU: { return select(z, exp_minus_one(min(z, Values())), z < Values()); }
    case GELU: { return gelu(z); }
    case SILU: { return silu(z); }
    case SOFTPLUS: { return softplus(z); }
    default: { return z; }
  }
}

// f'(z), from z and a = f(z)
fn activation_derivative(activation: u32, z: Values, a: Values) -> Values {
  switch activation {
    case SIGMOID: { return a * (1.0 - a); }
    case TANH: { return 1.0 - a * a; }
    case RELU: { return select(Values(), Values(1.0), z > Values()); }
    case LEAKY_RELU: { return select(Values(0.01), Values(1.0), z > Values()); }
    case ELU: { return select(Values(1.0), a + 1.0, z < Values()); }
    case GELU: { return gelu_derivative(z); }
    case SILU: { return silu_derivative(z); }
    case SOFTPLUS: { return sigmoid(z); }
    default: { return Values(1.0); }
  }
}
