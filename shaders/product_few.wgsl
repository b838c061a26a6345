// uses: reduction, row_starts, terms, rows_at, columns_at, store_row, column_packs
// provides: products
// Library: as product.wgsl, for sums of few terms: at most 16, as the gradients over a small minibatch are. An invocation
// keeps all terms of its columns in registers and goes through ROW_TILES tiles of rows with them, so that per tile only
// the rows are read. Every sum is added up in the order of product.wgsl.
override ROW_TILES: u32;
override COLUMN_TILES: u32;
override WIDTH: u32;
override SLICES: u32;      // 1 here
override TERM_STEPS: u32;  // steps of four terms in the largest minibatch, at most 4

fn store_tile(first: u32, pack: u32, sums: mat4x4f) {
  store_row(first, pack, sums[0]);
  store_row(first + 1u, pack, sums[1]);
  store_row(first + 2u, pack, sums[2]);
  store_row(first + 3u, pack, sums[3]);
}

fn columns_or_none(pack: u32, k: u32, steps: u32) -> mat4x4f {
  if (k < steps) { return columns_at(pack, k); }
  return mat4x4f();
}

fn product(group: vec3u, invocation: u32) {
  let steps = reduction();
  let packs = column_packs();
  let pack = group.x * WIDTH * COLUMN_TILES + invocation;
  let next = pack + WIDTH;
  let terms0 = terms(0u);
  let terms1 = terms(min(1u, steps - 1u));
  let terms2 = terms(min(2u, steps - 1u));
  let terms3 = terms(min(3u, steps - 1u));
  let a0 = columns_at(pack, 0u);
  var a1 = mat4x4f();
  var a2 = mat4x4f();
  var a3 = mat4x4f();
  var b0 = mat4x4f();
  var b1 = mat4x4f();
  var b2 = mat4x4f();
  var b3 = mat4x4f();
  if (TERM_STEPS > 1u) { a1 = columns_or_none(pack, 1u, steps); }
  if (TERM_STEPS > 2u) { a2 = columns_or_none(pack, 2u, steps); }
  if (TERM_STEPS > 3u) { a3 = columns_or_none(pack, 3u, steps); }
  if (COLUMN_TILES > 1u) {
    b0 = columns_at(next, 0u);
    if (TERM_STEPS > 1u) { b1 = columns_or_none(next, 1u, steps); }
    if (TERM_STEPS > 2u) { b2 = columns_or_none(next, 2u, steps); }
    if (TERM_STEPS > 3u) { b3 = columns_or_none(next, 3u, steps); }
  }
  for (var t = 0u; t < ROW_TILES; t++) {
    let tile = group.y * ROW_TILES + t;
    let starts = row_starts(tile);
    var a = mat4x4f();
    var b = mat4x4f();
    let rows0 = rows_at(starts, terms0);
    a += a0 * rows0;
    if (COLUMN_TILES > 1u) { b += b0 * rows0; }
    if (TERM_STEPS > 1u) {
      let rows = rows_at(starts, terms1);
      a += a1 * rows;
      if (COLUMN_TILES > 1u) { b += b1 * rows; }
    }
    if (TERM_STEPS > 2u) {
      let rows = rows_at(starts, terms2);
      a += a2 * rows;
      if (COLUMN_TILES > 1u) { b += b2 * rows; }
    }
    if (TERM_STEPS > 3u) {
      let rows = rows_at(starts, terms3);
      a += a3 * rows;
      if (COLUMN_TILES > 1u) { b += b3 * rows; }
    }
    if (pack < packs) { store_tile(4u * tile, pack, a); }
    if (COLUMN_TILES > 1u && next < packs) { store_tile(4u * tile, next, b); }
  }
}
