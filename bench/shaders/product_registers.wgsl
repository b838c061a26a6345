// result = left x right, all N x N, row-major, in packs of four along a row; N is a multiple of 64.
// An invocation computes 8 x 8 sums in registers (8 rows, two packs of columns) and reads directly from the buffers. The
// sums are four 4 x 4 matrices; column r of a matrix is row r of the sums, so no loop needs to be unrolled.
override N: u32;

@group(0) @binding(0) var<storage, read> left: array<vec4f>;
@group(0) @binding(1) var<storage, read> right: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> result: array<vec4f>;

// Column r: four terms of row r.
fn rows_at(row: u32, k: u32) -> mat4x4f {
  let start = row * (N / 4u) + k;
  return mat4x4f(left[start], left[start + N / 4u], left[start + N / 2u], left[start + 3u * (N / 4u)]);
}

// Column i: term i of four columns.
fn columns_at(column: u32, k: u32) -> mat4x4f {
  let start = k * N + column;
  return mat4x4f(right[start], right[start + N / 4u], right[start + N / 2u], right[start + 3u * (N / 4u)]);
}

fn store(row: u32, column: u32, sums: mat4x4f) {
  for (var r = 0u; r < 4u; r++) {
    result[(row + r) * (N / 4u) + column] = sums[r];
  }
}

@compute @workgroup_size(8, 8)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) lane: vec3u) {
  let row = group.y * 64u + lane.y * 8u;
  let column = group.x * 16u + lane.x;
  var upper_left = mat4x4f();
  var upper_right = mat4x4f();
  var lower_left = mat4x4f();
  var lower_right = mat4x4f();
  for (var k = 0u; k < N / 4u; k++) {
    let upper = rows_at(row, k);
    let lower = rows_at(row + 4u, k);
    let near = columns_at(column, k);
    let far = columns_at(column + 8u, k);
    upper_left += near * upper;
    upper_right += far * upper;
    lower_left += near * lower;
    lower_right += far * lower;
  }
  store(row, column, upper_left);
  store(row, column + 8u, upper_right);
  store(row + 4u, column, lower_left);
  store(row + 4u, column + 8u, lower_right);
}
