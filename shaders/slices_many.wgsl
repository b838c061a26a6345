// uses: WIDTH, SLICES, PARTIALS
// provides: slices
// Library: the parts of a sum that a workgroup's slices hold, added up for the invocations of the first slice.
// PARTIALS, which is WIDTH * SLICES, is a literal in the text (src/backend/webgpu/kernels/kernels.ts).

var<workgroup> partials: array<mat4x4f, PARTIALS>;

fn over_slices(slice: u32, lane: u32, sums: mat4x4f) -> mat4x4f {
  partials[slice * WIDTH + lane] = sums;
  workgroupBarrier();
  var all = sums;
  if (slice == 0u) {
    for (var other = 1u; other < SLICES; other++) { all += partials[other * WIDTH + lane]; }
  }
  return all;
}
