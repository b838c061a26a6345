// needs: step, activation, dropout, inputs
// uses: step, parameters, weighted_inputs, INPUTS, WEIGHTS, OUTPUT_PACKS, WIDTH, SLICES, ROW_TILES
// provides: passing
// Library of output.wgsl: the δ of the layer below in the same pass, where that is little work: (delta W) ⊙ f'(Z_below),
// for the rows that the workgroup holds.
//   inputs        rows x INPUTS packs, the activations below
//   deltas_below  rows x INPUTS packs: Z below on entry, delta on return
// CPU: hiddenDelta in src/backend/host/reference/stages.ts. Same sums as hidden_delta.wgsl, in the same order.
override INPUT_COUNT: u32;       // neurons below
override ACTIVATION_BELOW: u32;
override DROP_BELOW: u32 = 0u;        // dropout there, as in layer.wgsl
override DROP_KEY_BELOW: u32 = 0u;
override DROP_SCALE_BELOW: f32 = 1.0;

@group(1) @binding(8) var<storage, read_write> deltas_below: array<vec4f>;

fn pass_row(row: u32, pack: u32, sums: vec4f) {
  let place = row * INPUTS + pack;
  var a = value(place);
  if (DROP_BELOW > 0u) { a /= DROP_SCALE_BELOW; }
  var delta = sums * activation_derivative(ACTIVATION_BELOW, deltas_below[place], a);
  if (DROP_BELOW > 0u) { delta *= DROP_SCALE_BELOW * kept(DROP_KEY_BELOW, DROP_BELOW, row, pack); }
  let exists = columns_within(pack, INPUT_COUNT) & vec4<bool>(row < step.rows);
  deltas_below[place] = select(vec4f(), delta, exists);
}

fn pass_on(group: vec3u, invocation: u32) {
  storageBarrier();
  let first = group.y * 4u * ROW_TILES;
  for (var i = invocation; i < INPUTS * ROW_TILES; i += WIDTH * SLICES) {
    let pack = i % INPUTS;
    let row = first + 4u * (i / INPUTS);
    if (row >= filled(step.rows)) { return; }
    var sums = mat4x4f();
    for (var k = 0u; k < OUTPUT_PACKS; k++) {
      let w = WEIGHTS + 4u * pack * OUTPUT_PACKS + k;
      let columns = transpose(mat4x4f(parameters[w], parameters[w + OUTPUT_PACKS], parameters[w + 2u * OUTPUT_PACKS],
        parameters[w + 3u * OUTPUT_PACKS]));
      let d = row * OUTPUT_PACKS + k;
      sums += columns * mat4x4f(weighted_inputs[d], weighted_inputs[d + OUTPUT_PACKS],
        weighted_inputs[d + 2u * OUTPUT_PACKS], weighted_inputs[d + 3u * OUTPUT_PACKS]);
    }
    pass_row(row, pack, sums[0]);
    pass_row(row + 1u, pack, sums[1]);
    pass_row(row + 2u, pack, sums[2]);
    pass_row(row + 3u, pack, sums[3]);
  }
}
