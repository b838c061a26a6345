// needs: step, activation, layer, softmax_row, delta_row, products, passing
// The output layer in one pass, where one workgroup holds whole rows of it: Z = A W^T + b and f(Z) (layer.wgsl), softmax,
// then loss, correct predictions and delta, which is written over Z (delta_row.wgsl).
// CPU: forward and outputDelta in src/backend/host/reference/stages.ts.
@group(1) @binding(6) var<storage, read> targets: array<vec4f>;
@group(1) @binding(7) var<storage, read_write> row_scores: array<vec2f>;

fn run(group: vec3u, invocation: u32) {
  product(group, invocation);
  storageBarrier();
  for (var i = invocation; i < 4u * ROW_TILES; i += WIDTH * SLICES) {
    let row = group.y * 4u * ROW_TILES + i;
    if (row < step.rows) {
      if (ACTIVATION == SOFTMAX) { softmax_row(row); }
      delta_row(row);
    } else if (row < filled(step.rows)) {
      clear_row(row);
    }
  }
  pass_on(group, invocation);
}
