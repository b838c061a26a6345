// uses: WIDTH, SLICES, block_rows
// provides: slices
// Library: in the block form (product_block.wgsl) no invocations share a sum of a product, but those one below the other
// share the samples of a sum over the minibatch.
fn store_slices(slice: u32, lane: u32, first: u32, pack: u32, sums: mat4x4f) {
}

// The sum over the invocations one below the other, in the first of them. The workgroup memory of the product holds the
// parts: it has no fewer values than the workgroup has invocations.
fn over_slices(slice: u32, lane: u32, sum: vec4f) -> vec4f {
  block_rows[slice * WIDTH + lane] = sum;
  workgroupBarrier();
  var all = sum;
  if (slice == 0u) {
    for (var other = 1u; other < SLICES; other++) { all += block_rows[other * WIDTH + lane]; }
  }
  workgroupBarrier();
  return all;
}
