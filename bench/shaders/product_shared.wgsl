// result = left x right, all N x N, row-major, in packs of four along a row; N is a multiple of 128.
// A workgroup computes 128 x 128 sums: it loads 16 terms at a time into workgroup memory. An invocation computes 8 x 8
// sums as four 4 x 4 matrices, 64 rows or columns apart for coalesced accesses (see product_registers.wgsl).
override N: u32;

const BLOCK = 128u;
const TERMS = 16u;

@group(0) @binding(0) var<storage, read> left: array<vec4f>;
@group(0) @binding(1) var<storage, read> right: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> result: array<vec4f>;

// rows: four terms of every row of the block, then the next four terms. columns: the packs of columns of every term.
var<workgroup> rows: array<vec4f, BLOCK * TERMS / 4u>;
var<workgroup> columns: array<vec4f, TERMS * BLOCK / 4u>;

fn rows_at(row: u32, pack: u32) -> mat4x4f {
  let start = pack * BLOCK + row;
  return mat4x4f(rows[start], rows[start + 1u], rows[start + 2u], rows[start + 3u]);
}

fn columns_at(column: u32, pack: u32) -> mat4x4f {
  let start = pack * BLOCK + column;
  return mat4x4f(columns[start], columns[start + 32u], columns[start + 64u], columns[start + 96u]);
}

fn store(row: u32, column: u32, sums: mat4x4f) {
  for (var r = 0u; r < 4u; r++) {
    result[(row + r) * (N / 4u) + column] = sums[r];
  }
}

@compute @workgroup_size(16, 16)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_id) lane: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let packs = N / 4u;
  var upper_left = mat4x4f();
  var upper_right = mat4x4f();
  var lower_left = mat4x4f();
  var lower_right = mat4x4f();
  for (var k = 0u; k < N; k += TERMS) {
    for (var i = index; i < BLOCK * TERMS / 4u; i += 256u) {
      rows[i % 4u * BLOCK + i / 4u] = left[(group.y * BLOCK + i / 4u) * packs + k / 4u + i % 4u];
      columns[i] = right[(k + i / 32u) * packs + group.x * 32u + i % 32u];
    }
    workgroupBarrier();
    for (var pack = 0u; pack < TERMS / 4u; pack++) {
      let upper = rows_at(4u * lane.y, pack);
      let lower = rows_at(4u * lane.y + 64u, pack);
      let near = columns_at(lane.x, pack);
      let far = columns_at(lane.x + 16u, pack);
      upper_left += near * upper;
      upper_right += far * upper;
      lower_left += near * lower;
      lower_right += far * lower;
    }
    workgroupBarrier();
  }
  let row = group.y * BLOCK + 4u * lane.y;
  let column = group.x * 32u + lane.x;
  store(row, column, upper_left);
  store(row, column + 16u, upper_right);
  store(row + 64u, column, lower_left);
  store(row + 64u, column + 16u, lower_right);
}
