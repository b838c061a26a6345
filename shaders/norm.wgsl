// needs: step
// The sum of the squares of all gradients, in parts: each invocation takes every PARTS-th pack. clipped.wgsl adds the parts
// up, in the same order on every adapter. A square overflows from 1.8e19 on, so the squares of the gradients divided by
// 2^64 are summed as well.
//   gradients  PACKS
//   parts      PARTS pairs (sum of squares, the same of gradients / 2^64), written
// CPU: gradientNorm in src/backend/host/update.ts.
override PACKS: u32;
override PARTS: u32;
override WIDTH: u32;

@group(0) @binding(0) var<uniform> step: Step;
@group(1) @binding(1) var<storage, read> gradients: array<vec4f>;
@group(1) @binding(2) var<storage, read_write> parts: array<vec2f>;

@compute @workgroup_size(WIDTH)
fn main(@builtin(global_invocation_id) id: vec3u) {
  var sum = 0.0;
  var reduced = 0.0;
  for (var place = id.x; place < PACKS; place += PARTS) {
    let gradient = gradients[place];
    let small = gradient * 0x1p-64;
    sum += dot(gradient, gradient);
    reduced += dot(small, small);
  }
  parts[id.x] = vec2f(sum, reduced);
}
