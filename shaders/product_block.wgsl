// uses: reduction, row_starts, terms, rows_at, columns_at, store_row, column_packs
// uses: ROWS_ALONG_TERMS, COLUMNS_ALONG_TERMS, ROW_VALUES, COLUMN_VALUES
// provides: products
// Library: the matrix products of product.wgsl for large results on hardware adapters, where every value that is read is
// used by many invocations. A workgroup of WIDTH times SLICES invocations computes a block of the result: together they
// copy the values of 16 terms (a stage) into workgroup memory, while they still multiply those of the stage before, and
// each of them sums 4 ROW_TILES rows by 4 COLUMN_TILES columns of the block, one term after another.
// Workgroup memory holds 4 x 4 matrices by their four columns: first the first columns of all matrices, so that
// neighbouring invocations access neighbouring addresses. ROW_VALUES and COLUMN_VALUES, the columns of all matrices of a
// stage, are literals in the text (src/backend/webgpu/kernels/tiling.ts). An invocation copies one matrix, or two.
override ROW_TILES: u32;
override COLUMN_TILES: u32;
override WIDTH: u32;
override SLICES: u32;   // invocations one below the other; no two share a sum here

// packs of four terms of a stage
const STAGE_PACKS = 4u;
const BLOCK_ROWS = ROW_VALUES / 4u;                 // matrices of rows of a stage
const BLOCK_COLUMNS = COLUMN_VALUES / 4u;           // and of columns
const ROW_COUNT = BLOCK_ROWS / STAGE_PACKS;         // tiles of rows of a block
const COLUMN_COUNT = BLOCK_COLUMNS / STAGE_PACKS;   // packs of columns of a block

var<workgroup> block_rows: array<vec4f, ROW_VALUES>;
var<workgroup> block_columns: array<vec4f, COLUMN_VALUES>;

// Which tile, and which pack of the stage's terms, the i-th matrix of rows or columns has: neighbours lie one after the
// other in memory.
fn row_tile(i: u32) -> u32 {
  if (ROWS_ALONG_TERMS) { return i / STAGE_PACKS; }
  return i % ROW_COUNT;
}

fn row_pack(i: u32) -> u32 {
  if (ROWS_ALONG_TERMS) { return i % STAGE_PACKS; }
  return i / ROW_COUNT;
}

fn column_tile(i: u32) -> u32 {
  if (COLUMNS_ALONG_TERMS) { return i / STAGE_PACKS; }
  return i % COLUMN_COUNT;
}

fn column_pack(i: u32) -> u32 {
  if (COLUMNS_ALONG_TERMS) { return i % STAGE_PACKS; }
  return i / COLUMN_COUNT;
}

// Matrix i of a stage that begins at the pack `first` of terms: rows, then columns; zeros past the last term.
fn load_matrix(group: vec3u, i: u32, starts: vec4u, first: u32, steps: u32) -> mat4x4f {
  if (i < BLOCK_ROWS) {
    let k = first + row_pack(i);
    if (k >= steps) { return mat4x4f(); }
    return rows_at(starts, terms(k));
  }
  let j = i - BLOCK_ROWS;
  let k = first + column_pack(j);
  if (j >= BLOCK_COLUMNS || k >= steps) { return mat4x4f(); }
  return columns_at(group.x * COLUMN_COUNT + column_tile(j), k);
}

fn keep_matrix(i: u32, matrix: mat4x4f) {
  if (i < BLOCK_ROWS) {
    let place = row_pack(i) * ROW_COUNT + row_tile(i);
    block_rows[place] = matrix[0];
    block_rows[BLOCK_ROWS + place] = matrix[1];
    block_rows[2u * BLOCK_ROWS + place] = matrix[2];
    block_rows[3u * BLOCK_ROWS + place] = matrix[3];
  } else if (i < BLOCK_ROWS + BLOCK_COLUMNS) {
    let j = i - BLOCK_ROWS;
    let place = column_pack(j) * COLUMN_COUNT + column_tile(j);
    block_columns[place] = matrix[0];
    block_columns[BLOCK_COLUMNS + place] = matrix[1];
    block_columns[2u * BLOCK_COLUMNS + place] = matrix[2];
    block_columns[3u * BLOCK_COLUMNS + place] = matrix[3];
  }
}

fn kept_rows(pack: u32, tile: u32) -> mat4x4f {
  let place = pack * ROW_COUNT + tile;
  return mat4x4f(block_rows[place], block_rows[BLOCK_ROWS + place], block_rows[2u * BLOCK_ROWS + place],
    block_rows[3u * BLOCK_ROWS + place]);
}

fn kept_columns(pack: u32, tile: u32) -> mat4x4f {
  let place = pack * COLUMN_COUNT + tile;
  return mat4x4f(block_columns[place], block_columns[BLOCK_COLUMNS + place], block_columns[2u * BLOCK_COLUMNS + place],
    block_columns[3u * BLOCK_COLUMNS + place]);
}

// One row of a tile, one term after another: each is one multiply-add where the adapter has it.
fn add_terms(sums: vec4f, columns: mat4x4f, row: vec4f) -> vec4f {
  var sum = sums;
  sum += columns[0] * row.x;
  sum += columns[1] * row.y;
  sum += columns[2] * row.z;
  sum += columns[3] * row.w;
  return sum;
}

fn add_tile(sums: mat4x4f, columns: mat4x4f, rows: mat4x4f) -> mat4x4f {
  return mat4x4f(add_terms(sums[0], columns, rows[0]), add_terms(sums[1], columns, rows[1]),
    add_terms(sums[2], columns, rows[2]), add_terms(sums[3], columns, rows[3]));
}

fn store_tile(first: u32, pack: u32, sums: mat4x4f) {
  if (pack >= column_packs()) { return; }
  store_row(first, pack, sums[0]);
  store_row(first + 1u, pack, sums[1]);
  store_row(first + 2u, pack, sums[2]);
  store_row(first + 3u, pack, sums[3]);
}

fn product(group: vec3u, invocation: u32) {
  let across = invocation % WIDTH;
  let down = invocation / WIDTH;
  let second = invocation + WIDTH * SLICES;
  let both = BLOCK_ROWS + BLOCK_COLUMNS > WIDTH * SLICES;
  let starts = row_starts(group.y * ROW_COUNT + row_tile(min(invocation, BLOCK_ROWS - 1u)));
  let second_starts = row_starts(group.y * ROW_COUNT + row_tile(min(second, BLOCK_ROWS - 1u)));
  let steps = reduction();
  var a0 = mat4x4f();
  var a1 = mat4x4f();
  var b0 = mat4x4f();
  var b1 = mat4x4f();
  var matrix = load_matrix(group, invocation, starts, 0u, steps);
  var second_matrix = mat4x4f();
  if (both) { second_matrix = load_matrix(group, second, second_starts, 0u, steps); }
  for (var first = 0u; first < steps; first += STAGE_PACKS) {
    keep_matrix(invocation, matrix);
    if (both) { keep_matrix(second, second_matrix); }
    workgroupBarrier();
    matrix = load_matrix(group, invocation, starts, first + STAGE_PACKS, steps);
    if (both) { second_matrix = load_matrix(group, second, second_starts, first + STAGE_PACKS, steps); }
    for (var pack = 0u; pack < STAGE_PACKS; pack++) {
      let rows = kept_rows(pack, down);
      let columns = kept_columns(pack, across);
      a0 = add_tile(a0, columns, rows);
      if (COLUMN_TILES > 1u) {
        let next_columns = kept_columns(pack, across + WIDTH);
        b0 = add_tile(b0, next_columns, rows);
        if (ROW_TILES > 1u) {
          let next_rows = kept_rows(pack, down + SLICES);
          a1 = add_tile(a1, columns, next_rows);
          b1 = add_tile(b1, next_columns, next_rows);
        }
      } else if (ROW_TILES > 1u) {
        a1 = add_tile(a1, columns, kept_rows(pack, down + SLICES));
      }
    }
    workgroupBarrier();
  }
  let row = 4u * (group.y * ROW_COUNT + down);
  let pack = group.x * COLUMN_COUNT + across;
  store_tile(row, pack, a0);
  if (ROW_TILES > 1u) { store_tile(row + 4u * SLICES, pack, a1); }
  if (COLUMN_TILES > 1u) {
    store_tile(row, pack + WIDTH, b0);
    if (ROW_TILES > 1u) { store_tile(row + 4u * SLICES, pack + WIDTH, b1); }
  }
}
