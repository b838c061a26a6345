// needs: numbers, bits, step, optimizer, hyperparameters
// provides: rule
// Optimizer rmsprop; formulas in src/optimizer/rmsprop.ts.
override CENTERED: bool;

fn move_parameters(old: Parameters, gradient: Values, step: StepScalars) -> Parameters {
  let p = old.value;
  let g = decayed_gradient(p, gradient);
  var moved = old;
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
  return moved;
}
