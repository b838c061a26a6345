// needs: bits, step, update
// uses: WIDTH
// The optimizer's step with gradients that are shortened where they are longer, all together, than CLIP_NORM: the factor
// is CLIP_NORM / (norm + 1e-6), at most 1, as torch.nn.utils.clip_grad_norm_ has it.
//   gradients  PACKS
//   parts      PARTS pairs, of the sums of squares (norm.wgsl)
// CPU: clip and update in src/backend/host/update.ts.
override PARTS: u32;
override CLIP_NORM: f32;
// WIDTH, the invocations of a workgroup, is a literal in the text (src/backend/webgpu/kernels/kernels.ts).

@group(0) @binding(0) var<uniform> step: Step;
@group(1) @binding(1) var<storage, read> gradients: array<vec4f>;
@group(1) @binding(2) var<storage, read> parts: array<vec2f>;

var<workgroup> sums: array<vec2f, WIDTH>;
var<workgroup> factor: f32;

@compute @workgroup_size(WIDTH)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(local_invocation_index) lane: u32,
    @builtin(num_workgroups) groups: vec3u) {
  var own = vec2f();
  for (var part = lane; part < PARTS; part += WIDTH) { own += parts[part]; }
  sums[lane] = own;
  workgroupBarrier();
  if (lane == 0u) {
    var sum = vec2f();
    for (var i = 0u; i < WIDTH; i++) { sum += sums[i]; }
    let overflows = any(magnitude_bits(vec4f(sum.x)) >= vec4u(INFINITE));
    let norm = select(sqrt(sum.x), sqrt(sum.y) * 0x1p64, overflows);
    let shortened = CLIP_NORM / (norm + 1e-6);
    factor = select(min(1.0, shortened), shortened, any(is_nan(vec4f(shortened))));
  }
  workgroupBarrier();
  for (var place = id.x; place < PACKS; place += groups.x * WIDTH) { finish(place, factor * gradients[place]); }
}
