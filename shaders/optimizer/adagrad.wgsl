// needs: numbers, step, optimizer, hyperparameters
// provides: rule
// Optimizer adagrad; formulas in src/optimizer/adagrad.ts.
fn move_parameters(old: Parameters, gradient: Values, step: StepScalars) -> Parameters {
  let p = old.value;
  let g = decayed_gradient(p, gradient);
  var moved = old;
  moved.slot0 = old.slot0 + g * g;
  moved.value = p - step.step_size * g / (sqrt(moved.slot0) + Values(epsilon()));
  return moved;
}
