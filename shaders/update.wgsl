// One step of the optimizer over all parameters; one invocation a parameter.
//   parameters, gradients  COUNT
//   state                  SLOTS times COUNT numbers, one slot after the other
// CPU: update in src/backend/cpu/update.ts. Libraries: step, optimizer.
override COUNT: u32;
override SLOTS: u32;
override WIDTH: u32;

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> gradients: array<f32>;
@group(0) @binding(2) var<storage, read_write> parameters: array<f32>;
@group(0) @binding(3) var<storage, read_write> state: array<f32>;

@compute @workgroup_size(WIDTH)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * WIDTH + id.x;
  if (i >= COUNT) { return; }
  if (SLOTS == 0u) {
    let p = parameters[i];
    parameters[i] = p - step.scalars.step_size * (gradients[i] + WEIGHT_DECAY * p);
    return;
  }
  var parameter = Parameter(parameters[i], 0.0, 0.0, 0.0);
  if (SLOTS > 0u) { parameter.slot0 = state[i]; }
  if (SLOTS > 1u) { parameter.slot1 = state[COUNT + i]; }
  if (SLOTS > 2u) { parameter.slot2 = state[2u * COUNT + i]; }
  parameter = move_parameter(parameter, gradients[i], step.scalars);
  parameters[i] = parameter.value;
  if (SLOTS > 0u) { state[i] = parameter.slot0; }
  if (SLOTS > 1u) { state[COUNT + i] = parameter.slot1; }
  if (SLOTS > 2u) { state[2u * COUNT + i] = parameter.slot2; }
}
