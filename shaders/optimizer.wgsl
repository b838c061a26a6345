// Library: an optimizer's rule for four parameters at once or one, numbered as optimizerNames in src/optimizer/optimizer.ts, where the
// formulas stand. KEEP and TAKE are beta and 1 - beta: the difference is taken in float64 on the host, since in float32
// 1 - 0.999 would be off by 1e-5. CPU: update in src/backend/host/update.ts. Needs step.wgsl.
const SGD = 0u;
const RMSPROP = 1u;
const ADAGRAD = 2u;
const ADAM = 3u;
const ADAMW = 4u;

override OPTIMIZER: u32;
override WEIGHT_DECAY: f32;   // added to the gradient; 0 for adamw, whose decay is in the step
override MOMENTUM: f32;
override NESTEROV: bool;
override CENTERED: bool;
override KEEP1: f32;
override TAKE1: f32;
override KEEP2: f32;
override TAKE2: f32;
override EPSILON: f32;
override L1: f32;             // of the penalty L1 Σ|w| + L2 Σw² that weights are kept small by; biases are not
override L2: f32;

// Values is vec4f or f32, Flags vec4<bool> or bool: four.wgsl, one.wgsl. Needs bits.wgsl.
// Parameters with their slots of state; those that the optimizer does not have are left alone.
struct Parameters {
  value: Values,
  slot0: Values,
  slot1: Values,
  slot2: Values,
}

// the penalty's gradient
fn penalty(weight: Values) -> Values {
  return L1 * sign(weight) + L2 * (2.0 * weight);
}

fn move_parameters(old: Parameters, gradient: Values, step: StepScalars) -> Parameters {
  let p = old.value;
  let g = gradient + WEIGHT_DECAY * p;
  var moved = old;
  switch OPTIMIZER {
    case RMSPROP: {
      moved.slot0 = KEEP2 * old.slot0 + TAKE2 * g * g;
      var variance = moved.slot0;
      if (CENTERED) {
        let mean = KEEP2 * select(old.slot1, old.slot2, Flags(MOMENTUM > 0.0)) + TAKE2 * g;
        if (MOMENTUM > 0.0) { moved.slot2 = mean; } else { moved.slot1 = mean; }
        let difference = variance - mean * mean;
        variance = unless_nan(max(Values(), difference), difference);
      }
      var quotient = g / (sqrt(variance) + Values(EPSILON));
      if (MOMENTUM > 0.0) {
        quotient += MOMENTUM * old.slot1;
        moved.slot1 = quotient;
      }
      moved.value = p - step.step_size * quotient;
    }
    case ADAGRAD: {
      moved.slot0 = old.slot0 + g * g;
      moved.value = p - step.step_size * g / (sqrt(moved.slot0) + Values(EPSILON));
    }
    case ADAM, ADAMW: {
      moved.slot0 = KEEP1 * old.slot0 + TAKE1 * g;
      moved.slot1 = KEEP2 * old.slot1 + TAKE2 * g * g;
      let kept = select(p, p - step.decay * p, Flags(OPTIMIZER == ADAMW));
      moved.value = kept - step.step_size * moved.slot0 / (sqrt(moved.slot1) * step.correction + Values(EPSILON));
    }
    default: {
      if (MOMENTUM == 0.0) {
        moved.value = p - step.step_size * g;
      } else {
        moved.slot0 = MOMENTUM * old.slot0 + g;
        moved.value = p - step.step_size * select(moved.slot0, g + MOMENTUM * moved.slot0, Flags(NESTEROV));
      }
    }
  }
  return moved;
}
