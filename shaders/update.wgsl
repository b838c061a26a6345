// One step of the optimizer over all parameters; one invocation a parameter.
//   parameters, gradients  COUNT
//   state                  slots of COUNT numbers, one slot after the other
// CPU: update in src/backend/cpu/stages.ts. Libraries: step, optimizer.
override COUNT: u32;
override WIDTH: u32;

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> gradients: array<f32>;
@group(0) @binding(2) var<storage, read_write> parameters: array<f32>;
@group(0) @binding(3) var<storage, read_write> state: array<f32>;

fn moved(i: u32, p: f32, g: f32) -> f32 {
  switch OPTIMIZER {
    case RMSPROP: {
      let s = KEEP2 * state[i] + TAKE2 * g * g;
      state[i] = s;
      var variance = s;
      if (CENTERED) {
        let place = select(1u, 2u, MOMENTUM > 0.0) * COUNT + i;
        let mean = KEEP2 * state[place] + TAKE2 * g;
        state[place] = mean;
        variance = max(0.0, s - mean * mean);
      }
      var quotient = g / (sqrt(variance) + EPSILON);
      if (MOMENTUM > 0.0) {
        quotient += MOMENTUM * state[COUNT + i];
        state[COUNT + i] = quotient;
      }
      return p - step.step_size * quotient;
    }
    case ADAGRAD: {
      let s = state[i] + g * g;
      state[i] = s;
      return p - step.step_size * g / (sqrt(s) + EPSILON);
    }
    case ADAM, ADAMW: {
      let m = KEEP1 * state[i] + TAKE1 * g;
      let v = KEEP2 * state[COUNT + i] + TAKE2 * g * g;
      state[i] = m;
      state[COUNT + i] = v;
      let kept = select(p, p - step.decay * p, OPTIMIZER == ADAMW);
      return kept - step.step_size * m / (sqrt(v) * step.correction + EPSILON);
    }
    default: {
      if (MOMENTUM == 0.0) { return p - step.step_size * g; }
      let v = MOMENTUM * state[i] + g;
      state[i] = v;
      return p - step.step_size * select(v, g + MOMENTUM * v, NESTEROV);
    }
  }
}

@compute @workgroup_size(WIDTH)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * WIDTH + id.x;
  if (i >= COUNT) { return; }
  let p = parameters[i];
  parameters[i] = moved(i, p, gradients[i] + WEIGHT_DECAY * p);
}
