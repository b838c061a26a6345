// needs: inputs
// uses: WIDTH, SLICES, run
// provides: values
// Library: how the products read packs of four rows, and their entry point. Each invocation reads all of it.
// A kernel's binding gives value(place: u32) -> vec4f, a whole pack.

// column q: the q-th value of the four packs
fn packs_by_value(places: vec4u) -> mat4x4f {
  return transpose(packs_by_row(places));
}

// column r: the r-th pack
fn packs_by_row(places: vec4u) -> mat4x4f {
  return mat4x4f(value(places.x), value(places.y), value(places.z), value(places.w));
}

@compute @workgroup_size(WIDTH * SLICES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) invocation: u32) {
  run(group, invocation);
}
