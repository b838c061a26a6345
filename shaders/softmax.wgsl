// a = e^z / sum e^z over each row, shifted by the row's largest z; one invocation a row.
//   weighted_inputs, activations  rows x OUTPUTS
// CPU: activate in src/backend/cpu/stages.ts. Library: step.
override OUTPUTS: u32;
override WIDTH: u32;

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> weighted_inputs: array<f32>;
@group(0) @binding(2) var<storage, read_write> activations: array<f32>;

@compute @workgroup_size(WIDTH)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= step.rows) { return; }
  let start = id.x * OUTPUTS;
  let end = start + OUTPUTS;
  var largest = weighted_inputs[start];
  for (var i = start + 1u; i < end; i++) { largest = max(largest, weighted_inputs[i]); }
  var sum = 0.0;
  for (var i = start; i < end; i++) {
    let e = exp(max(weighted_inputs[i] - largest, -80.0));
    activations[i] = e;
    sum += e;
  }
  for (var i = start; i < end; i++) { activations[i] = activations[i] / sum; }
}
