// needs: slices
// uses: reduction, row_starts, terms, rows_at, columns_at, store_row, column_packs
// provides: products
// Library: the matrix products, in register tiles. An invocation sums 4 ROW_TILES rows by 4 COLUMN_TILES columns, held as
// 4 x 4 matrices (a column of the matrix is a row of the tile), so that every index is a constant and all of it stays in
// registers. A step of the loop takes four terms of each sum at once: one product of two matrices a tile. The columns
// of the second tile lie a workgroup's width away: neighbouring invocations read neighbouring addresses.
// Where there are few tiles, SLICES invocations share a sum, each taking every SLICES-th step; such kernels have one tile
// an invocation. slices_one.wgsl and slices_many.wgsl add up the parts. product_block.wgsl is for large products.
//
// A kernel says what is multiplied:
//   reduction() -> u32                    how many steps of four terms
//   row_starts(tile: u32) -> vec4u        where the four rows of a tile begin
//   terms(k: u32) -> vec4u                where the four terms of step k are from there
//   rows_at(starts: vec4u, terms: vec4u) -> mat4x4f    column r: the four terms of the tile's row r
//   columns_at(pack: u32, k: u32) -> mat4x4f           column q: the q-th term of the pack's four columns
//   store_row(row: u32, pack: u32, sums: vec4f)        takes one row of the result, which may lie below the last
//   column_packs() -> u32                 how many packs of columns there are
//   run(group: vec3u, lane: u32)          the kernel itself, which calls product
// The entry point is in values_plain.wgsl and values_quad.wgsl.
override ROW_TILES: u32;
override COLUMN_TILES: u32;
override WIDTH: u32;
override SLICES: u32;

fn store_tile(first: u32, pack: u32, sums: mat4x4f) {
  store_row(first, pack, sums[0]);
  store_row(first + 1u, pack, sums[1]);
  store_row(first + 2u, pack, sums[2]);
  store_row(first + 3u, pack, sums[3]);
}

fn product(group: vec3u, invocation: u32) {
  let lane = invocation % WIDTH;
  let slice = invocation / WIDTH;
  let tile = group.y * ROW_TILES;
  let pack = group.x * WIDTH * COLUMN_TILES + lane;
  let next = pack + WIDTH;
  let starts0 = row_starts(tile);
  let starts1 = row_starts(tile + 1u);
  let starts2 = row_starts(tile + 2u);
  let starts3 = row_starts(tile + 3u);
  var a0 = mat4x4f();
  var a1 = mat4x4f();
  var a2 = mat4x4f();
  var a3 = mat4x4f();
  var b0 = mat4x4f();
  var b1 = mat4x4f();
  var b2 = mat4x4f();
  var b3 = mat4x4f();
  let steps = reduction();
  for (var step = 0u; step < steps; step += SLICES) {
    // Without a branch: a slice that has no step left takes its last one again, times nothing.
    let k = min(step + slice, steps - 1u);
    let share = select(0.0, 1.0, SLICES == 1u || step + slice < steps);
    let places = terms(k);
    var columns = columns_at(pack, k);
    if (SLICES > 1u) { columns *= share; }
    let rows0 = rows_at(starts0, places);
    a0 += columns * rows0;
    if (COLUMN_TILES == 1u) {
      if (ROW_TILES > 1u) { a1 += columns * rows_at(starts1, places); }
      if (ROW_TILES > 2u) { a2 += columns * rows_at(starts2, places); }
      if (ROW_TILES > 3u) { a3 += columns * rows_at(starts3, places); }
    } else {
      var next_columns = columns_at(next, k);
      if (SLICES > 1u) { next_columns *= share; }
      b0 += next_columns * rows0;
      if (ROW_TILES > 1u) {
        let rows = rows_at(starts1, places);
        a1 += columns * rows;
        b1 += next_columns * rows;
      }
      if (ROW_TILES > 2u) {
        let rows = rows_at(starts2, places);
        a2 += columns * rows;
        b2 += next_columns * rows;
      }
      if (ROW_TILES > 3u) {
        let rows = rows_at(starts3, places);
        a3 += columns * rows;
        b3 += next_columns * rows;
      }
    }
  }
  if (SLICES > 1u) {
    store_slices(slice, lane, 4u * tile, pack, a0);
    return;
  }
  let first = 4u * tile;
  let packs = column_packs();
  if (pack < packs) {
    store_tile(first, pack, a0);
    if (ROW_TILES > 1u) { store_tile(first + 4u, pack, a1); }
    if (ROW_TILES > 2u) { store_tile(first + 8u, pack, a2); }
    if (ROW_TILES > 3u) { store_tile(first + 12u, pack, a3); }
  }
  if (COLUMN_TILES > 1u && next < packs) {
    store_tile(first, next, b0);
    if (ROW_TILES > 1u) { store_tile(first + 4u, next, b1); }
    if (ROW_TILES > 2u) { store_tile(first + 8u, next, b2); }
    if (ROW_TILES > 3u) { store_tile(first + 12u, next, b3); }
  }
}
