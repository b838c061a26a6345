// needs: numbers, step, optimizer, hyperparameters
// provides: rule
// Optimizer sgd; formulas in src/optimizer/sgd.ts.
override NESTEROV: bool;

fn move_parameters(old: Parameters, gradient: Values, step: StepScalars) -> Parameters {
  let p = old.value;
  let g = decayed_gradient(p, gradient);
  var moved = old;
  if (!USES_MOMENTUM) {
    moved.value = p - step.step_size * g;
  } else {
    moved.slot0 = momentum() * old.slot0 + g;
    moved.value = p - step.step_size * select(moved.slot0, g + momentum() * moved.slot0, Flags(NESTEROV));
  }
  return moved;
}
