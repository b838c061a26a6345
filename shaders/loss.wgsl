// Library: what one output adds to the loss, and the loss's derivative, numbered as lossNames in src/loss/loss.ts,
// whose formulas these are. Needs activation.wgsl (softplus).
// Values is vec4f or f32: four.wgsl, one.wgsl.

const QUADRATIC = 0u;
const MEAN_SQUARED_ERROR = 1u;
const MEAN_ABSOLUTE_ERROR = 2u;
const HUBER = 3u;
const BINARY_CROSS_ENTROPY = 4u;
const CROSS_ENTROPY = 5u;

// logit is z; for softmax outputs ln a
fn loss_term(loss: u32, a: Values, y: Values, logit: Values) -> Values {
  let error = a - y;
  switch loss {
    case QUADRATIC: { return 0.5 * error * error; }
    case MEAN_SQUARED_ERROR: { return error * error; }
    case MEAN_ABSOLUTE_ERROR: { return abs(error); }
    case HUBER: { return select(abs(error) - 0.5, 0.5 * error * error, abs(error) <= Values(1.0)); }
    case BINARY_CROSS_ENTROPY: { return softplus(logit) - y * logit; }
    default: { return select(-y * logit, Values(), y == Values()); }
  }
}

// dC/da; for the two cross-entropies dC/dz
fn loss_slope(loss: u32, a: Values, y: Values) -> Values {
  let error = a - y;
  switch loss {
    case MEAN_SQUARED_ERROR: { return 2.0 * error; }
    case MEAN_ABSOLUTE_ERROR: { return sign(error); }
    case HUBER: { return clamp(error, Values(-1.0), Values(1.0)); }
    default: { return error; }
  }
}
