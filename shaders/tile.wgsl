// Library: the register tile of the matrix products. An invocation holds 4 x ROW_TILES rows by 4 columns of sums, the
// four columns as a vec4 and four rows as the columns of a matrix, so that every index is a constant and all of it
// stays in registers. The four columns lie apart by the workgroup's width: neighbouring invocations read neighbouring
// addresses.

// b's four columns times four rows' values
fn outer_product(rows: vec4f, columns: vec4f) -> mat4x4f {
  return mat4x4f(rows.x * columns, rows.y * columns, rows.z * columns, rows.w * columns);
}

// four rows from the first on; those past the last repeat it, and what is summed for them is not stored
fn four_rows(first: u32, count: u32) -> vec4u {
  return min(vec4u(first) + vec4u(0u, 1u, 2u, 3u), vec4u(count - 1u));
}
