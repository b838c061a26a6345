// needs: step, delta_row, row_lanes
// delta of the output layer, with loss and correct predictions. For output layers that are too wide for
// output.wgsl. What it reads and writes: delta_row.wgsl.
// CPU: outputDelta in src/backend/host/reference/stages.ts.
override OUTPUTS: u32;
override OUTPUT_PACKS: u32;
override ACTIVATION: u32;
override WIDTH: u32;

@group(0) @binding(0) var<uniform> step: Step;
@group(1) @binding(1) var<storage, read_write> weighted_inputs: array<vec4f>;
@group(1) @binding(2) var<storage, read_write> activations: array<vec4f>;
@group(1) @binding(3) var<storage, read> targets: array<vec4f>;
@group(1) @binding(4) var<storage, read> order: array<u32>;
@group(1) @binding(5) var<storage, read_write> row_scores: array<vec2f>;

@compute @workgroup_size(WIDTH)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
    @builtin(local_invocation_index) invocation: u32) {
  let row = row_of(group.y * groups.x + group.x, invocation);
  if (row < step.rows) {
    delta_row(row);
  } else if (row < filled(step.rows)) {
    clear_row(row);
  }
}
