// needs: numbers, step, hyperparameters
// Library: what the optimizers' rules (optimizer/NAME.wgsl, move_parameters) share. Overrides here and there are what is
// the same for all networks of a kernel; the numbers are in hyperparameters.wgsl.
// CPU: update in src/backend/host/update.ts.
override USES_WEIGHT_DECAY: bool;   // whether any weight decay is added to gradients
override DECOUPLED: bool;           // whether weight decay acts on the parameters themselves
override USES_MOMENTUM: bool;

// Parameters with their slots of state. A rule does not touch the slots that it does not have.
struct Parameters {
  value: Values,
  slot0: Values,
  slot1: Values,
  slot2: Values,
}

fn decayed_gradient(p: Values, gradient: Values) -> Values {
  if (USES_WEIGHT_DECAY) { return gradient + weight_decay() * p; }
  return gradient;
}

fn decayed_parameters(p: Values, step: StepScalars) -> Values {
  if (DECOUPLED) { return p - step.decay * p; }
  return p;
}
