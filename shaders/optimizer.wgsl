// Library: an optimizer's rule for four parameters at once or one, numbered as optimizerNames in src/optimizer/optimizer.ts, where the
// formulas are. CPU: update in src/backend/host/update.ts. Needs step.wgsl and hyperparameters.wgsl.
const SGD = 0u;
const RMSPROP = 1u;
const ADAGRAD = 2u;
const ADAM = 3u;
const ADAMW = 4u;

// What is the same for all networks of a kernel; the numbers are in hyperparameters.wgsl.
override OPTIMIZER: u32;
override USES_WEIGHT_DECAY: bool;   // whether any weight decay is added to gradients
override USES_MOMENTUM: bool;
override NESTEROV: bool;
override CENTERED: bool;
override PENALISED: bool;           // whether there is any penalty on the weights

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
  return l1() * sign(weight) + l2() * (2.0 * weight);
}

fn move_parameters(old: Parameters, gradient: Values, step: StepScalars) -> Parameters {
  let p = old.value;
  var g = gradient;
  if (USES_WEIGHT_DECAY) { g += weight_decay() * p; }
  var moved = old;
  switch OPTIMIZER {
    case RMSPROP: {
      moved.slot0 = keep2() * old.slot0 + take2() * g * g;
      var variance = moved.slot0;
      if (CENTERED) {
        let mean = keep2() * select(old.slot1, old.slot2, Flags(USES_MOMENTUM)) + take2() * g;
        if (USES_MOMENTUM) { moved.slot2 = mean; } else { moved.slot1 = mean; }
        let difference = variance - mean * mean;
        variance = unless_nan(max(Values(), difference), difference);
      }
      var quotient = g / (sqrt(variance) + Values(epsilon()));
      if (USES_MOMENTUM) {
        quotient += momentum() * old.slot1;
        moved.slot1 = quotient;
      }
      moved.value = p - step.step_size * quotient;
    }
    case ADAGRAD: {
      moved.slot0 = old.slot0 + g * g;
      moved.value = p - step.step_size * g / (sqrt(moved.slot0) + Values(epsilon()));
    }
    case ADAM, ADAMW: {
      moved.slot0 = keep1() * old.slot0 + take1() * g;
      moved.slot1 = keep2() * old.slot1 + take2() * g * g;
      let kept = select(p, p - step.decay * p, Flags(OPTIMIZER == ADAMW));
      moved.value = kept - step.step_size * moved.slot0 / (sqrt(moved.slot1) * step.correction + Values(epsilon()));
    }
    default: {
      if (!USES_MOMENTUM) {
        moved.value = p - step.step_size * g;
      } else {
        moved.slot0 = momentum() * old.slot0 + g;
        moved.value = p - step.step_size * select(moved.slot0, g + momentum() * moved.slot0, Flags(NESTEROV));
      }
    }
  }
  return moved;
}
