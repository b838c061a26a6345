// needs: step
// A data set's rows in the epoch's order, so that what reads them one after another finds them side by side: many
// invocations wait for memory together, where a single one would wait for each row alone.
//   source  samples x PACKS
//   sorted  samples x PACKS
// The step's rows are all samples here. No stage of the CPU corresponds to it.
override PACKS: u32;
override WIDTH: u32;

@group(0) @binding(0) var<uniform> step: Step;
@group(1) @binding(1) var<storage, read> source: array<vec4f>;
@group(1) @binding(2) var<storage, read> order: array<u32>;
@group(1) @binding(3) var<storage, read_write> sorted: array<vec4f>;

@compute @workgroup_size(WIDTH)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let place = id.y * groups.x * WIDTH + id.x;
  if (place < step.rows * PACKS) { sorted[place] = source[order[step.start + place / PACKS] * PACKS + place % PACKS]; }
}
