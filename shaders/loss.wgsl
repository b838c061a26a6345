// Library: what one output adds to the loss, and the loss's derivative, numbered as lossNames in src/training/loss.ts,
// whose formulas these are. Needs activation.wgsl (softplus).

const QUADRATIC = 0u;
const MEAN_SQUARED_ERROR = 1u;
const MEAN_ABSOLUTE_ERROR = 2u;
const HUBER = 3u;
const BINARY_CROSS_ENTROPY = 4u;
const CROSS_ENTROPY = 5u;

// logit is z; for softmax outputs ln a
fn loss_term(loss: u32, a: f32, y: f32, logit: f32) -> f32 {
  let error = a - y;
  switch loss {
    case QUADRATIC: { return 0.5 * error * error; }
    case MEAN_SQUARED_ERROR: { return error * error; }
    case MEAN_ABSOLUTE_ERROR: { return abs(error); }
    case HUBER: { return select(abs(error) - 0.5, 0.5 * error * error, abs(error) <= 1.0); }
    case BINARY_CROSS_ENTROPY: { return softplus(logit) - y * logit; }
    default: { return select(-y * logit, 0.0, y == 0.0); }
  }
}

// dC/da; for the two cross-entropies dC/dz
fn loss_slope(loss: u32, a: f32, y: f32) -> f32 {
  let error = a - y;
  switch loss {
    case MEAN_SQUARED_ERROR: { return 2.0 * error; }
    case MEAN_ABSOLUTE_ERROR: { return sign(error); }
    case HUBER: { return clamp(error, -1.0, 1.0); }
    default: { return error; }
  }
}

// of a pack's four outputs
fn loss_terms(loss: u32, a: vec4f, y: vec4f, logit: vec4f) -> vec4f {
  return vec4f(loss_term(loss, a.x, y.x, logit.x), loss_term(loss, a.y, y.y, logit.y),
    loss_term(loss, a.z, y.z, logit.z), loss_term(loss, a.w, y.w, logit.w));
}

fn loss_slopes(loss: u32, a: vec4f, y: vec4f) -> vec4f {
  return vec4f(loss_slope(loss, a.x, y.x), loss_slope(loss, a.y, y.y), loss_slope(loss, a.z, y.z),
    loss_slope(loss, a.w, y.w));
}
