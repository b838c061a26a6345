// uses: WIDTH, SLICES, PARTIALS, store_row, column_packs
// provides: slices
// Library: the parts of a sum that a workgroup's slices hold, added up in the order of the slices.
// PARTIALS, which is 4 WIDTH SLICES, is a literal in the text (src/backend/webgpu/kernels/tiling.ts).

// the first rows of all tiles, then their second rows …: neighbouring invocations access neighbouring addresses
var<workgroup> partials: array<vec4f, PARTIALS>;

// Adds up and stores the tile of each lane. Each slice takes every SLICES-th row of the tile.
fn store_slices(slice: u32, lane: u32, first: u32, pack: u32, sums: mat4x4f) {
  let own = slice * WIDTH + lane;
  partials[own] = sums[0];
  partials[WIDTH * SLICES + own] = sums[1];
  partials[2u * WIDTH * SLICES + own] = sums[2];
  partials[3u * WIDTH * SLICES + own] = sums[3];
  workgroupBarrier();
  if (pack >= column_packs()) { return; }
  for (var row = slice; row < 4u; row += SLICES) {
    let first_part = row * WIDTH * SLICES + lane;
    var sum = partials[first_part];
    for (var other = 1u; other < SLICES; other++) { sum += partials[first_part + other * WIDTH]; }
    store_row(first + row, pack, sum);
  }
}

// The sum over all slices, in the first slice.
fn over_slices(slice: u32, lane: u32, sum: vec4f) -> vec4f {
  partials[slice * WIDTH + lane] = sum;
  workgroupBarrier();
  var all = sum;
  if (slice == 0u) {
    for (var other = 1u; other < SLICES; other++) { all += partials[other * WIDTH + lane]; }
  }
  return all;
}
