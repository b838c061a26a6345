// provides: slices
// Library: the sums of the products are whole as they are. A separate text and not a case of slices_many.wgsl, because
// declaring workgroup memory already costs: it must be cleared, with a barrier, before a kernel begins.
fn store_slices(slice: u32, lane: u32, first: u32, pack: u32, sums: mat4x4f) {
}

fn over_slices(slice: u32, lane: u32, sum: vec4f) -> vec4f {
  return sum;
}
