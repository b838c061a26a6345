// needs: step, softmax_row, row_lanes
// a = e^z / sum e^z over each row, shifted by the row's largest z.
//   weighted_inputs, activations  rows x OUTPUT_PACKS
// CPU: activate in src/backend/host/reference/stages.ts.
override OUTPUTS: u32;
override OUTPUT_PACKS: u32;
override WIDTH: u32;

@group(0) @binding(0) var<uniform> step: Step;
@group(1) @binding(1) var<storage, read_write> weighted_inputs: array<vec4f>;
@group(1) @binding(2) var<storage, read_write> activations: array<vec4f>;

@compute @workgroup_size(WIDTH)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
    @builtin(local_invocation_index) invocation: u32) {
  let row = row_of(group.y * groups.x + group.x, invocation);
  if (row < step.rows) { softmax_row(row); }
}
