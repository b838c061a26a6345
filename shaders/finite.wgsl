// needs: step, bits
// Whether training has left the finite numbers: tests every parameter by its bits, once at the end of an epoch. A
// parameter that was infinite or NaN once stays so under every optimizer's rule.
//   parameters  PACKS
//   row_scores  (loss, correct predictions) of the minibatch's rows, then CHECKS pairs, one a workgroup: its second value
//               becomes BROKEN where the workgroup finds such a parameter, and nothing else writes there
// CPU: areFinite in src/backend/host/update.ts.
override PACKS: u32;
override CHECKS: u32;
override WIDTH: u32;

@group(0) @binding(0) var<uniform> step: Step;
@group(1) @binding(1) var<storage, read> parameters: array<vec4f>;
@group(1) @binding(2) var<storage, read_write> row_scores: array<vec2f>;

var<workgroup> found: atomic<u32>;

@compute @workgroup_size(WIDTH)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(local_invocation_index) lane: u32,
    @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  var largest = vec4u();
  for (var place = id.x; place < PACKS; place += groups.x * WIDTH) {
    largest = max(largest, magnitude_bits(parameters[place]));
  }
  if (any(largest >= vec4u(INFINITE))) { atomicStore(&found, 1u); }
  workgroupBarrier();
  if (lane == 0u && atomicLoad(&found) == 1u) { row_scores[arrayLength(&row_scores) - CHECKS + group.x].y = BROKEN; }
}
