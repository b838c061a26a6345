// needs: numbers, step, optimizer, hyperparameters
// provides: rule
// Optimizer nadam; formulas in src/optimizer/nadam.ts.
fn move_parameters(old: Parameters, gradient: Values, step: StepScalars) -> Parameters {
  let p = old.value;
  let g = decayed_gradient(p, gradient);
  var moved = old;
  moved.slot0 = keep1() * old.slot0 + take1() * g;
  moved.slot1 = keep2() * old.slot1 + take2() * g * g;
  let denominator = sqrt(moved.slot1) * step.correction + Values(epsilon());
  moved.value = decayed_parameters(p, step) - (step.gradient_step * g + step.step_size * moved.slot0) / denominator;
  return moved;
}
