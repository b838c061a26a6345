// The sum of the squares of all gradients, in parts: each invocation takes every PARTS-th pack. clipped.wgsl adds the parts
// up, in the same order on every adapter.
//   gradients  PACKS
//   parts      PARTS, written
// CPU: gradientNorm in src/backend/cpu/update.ts. Libraries: step.
override PACKS: u32;
override PARTS: u32;
override WIDTH: u32;

@group(0) @binding(0) var<uniform> step: Step;
@group(1) @binding(1) var<storage, read> gradients: array<vec4f>;
@group(1) @binding(2) var<storage, read_write> parts: array<f32>;

@compute @workgroup_size(WIDTH)
fn main(@builtin(global_invocation_id) id: vec3u) {
  var sum = 0.0;
  for (var place = id.x; place < PACKS; place += PARTS) { sum += dot(gradients[place], gradients[place]); }
  parts[id.x] = sum;
}
