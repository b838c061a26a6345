// needs: inputs
// uses: WIDTH, SLICES, run
// provides: values
// enables: subgroups
// Library: as values_plain.wgsl, for adapters with subgroups. The four invocations of a quad work on the same rows, so
// each reads one value of every pack and they hand them to each other: a quarter of the loads.
// A kernel's binding gives one_value(place: u32, i: u32) -> f32, value i of a pack.
var<private> own: u32;

fn packs_by_value(places: vec4u) -> mat4x4f {
  let values = vec4f(one_value(places.x, own), one_value(places.y, own), one_value(places.z, own),
    one_value(places.w, own));
  return mat4x4f(quadBroadcast(values, 0u), quadBroadcast(values, 1u), quadBroadcast(values, 2u),
    quadBroadcast(values, 3u));
}

fn packs_by_row(places: vec4u) -> mat4x4f {
  return transpose(packs_by_value(places));
}

@compute @workgroup_size(WIDTH * SLICES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) invocation: u32,
  @builtin(subgroup_invocation_id) id: u32) {
  own = id & 3u;
  run(group, invocation);
}
