// Copies a buffer. Every invocation moves four packs, with a stride of all invocations so that accesses are coalesced.
@group(0) @binding(0) var<storage, read> source: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> copied: array<vec4f>;

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let stride = groups.x * 256u;
  for (var i = 0u; i < 4u; i++) {
    let place = id.x + i * stride;
    copied[place] = source[place];
  }
}
