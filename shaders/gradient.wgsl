// needs: step, finish, products, slices, values
// dC/dW = delta^T A / rows and dC/db = sum of delta / rows of one layer, and what becomes of them: gradient_keep.wgsl
// writes them down, update.wgsl takes the optimizer's step at once, so that they are never in memory.
//   deltas  rows x OUTPUT_PACKS
//   inputs  rows x INPUTS packs (the data set, its rows taken through the order, or the layer before's activations)
// A row of the result is one input's weights to all neurons; the biases are a last row, summed by separate workgroups.
// CPU: gradient in src/backend/host/reference/stages.ts.
override INPUTS: u32;
override INPUT_COUNT: u32;
override OUTPUT_PACKS: u32;
override WEIGHTS: u32;
override BIASES: u32;
override GATHER: bool;
override BIAS_ROW: u32;       // the workgroup row that sums the biases
override WHOLE_TILES: bool;   // no tile reaches below the last input

const ROWS_ALONG_TERMS = false;
const COLUMNS_ALONG_TERMS = false;

// of one sample in the mean
var<private> share: f32;

@group(0) @binding(0) var<uniform> step: Step;
@group(1) @binding(2) var<storage, read> order: array<u32>;
@group(1) @binding(3) var<storage, read> deltas: array<vec4f>;

fn reduction() -> u32 {
  return filled(step.rows) / 4u;
}

fn row_starts(tile: u32) -> vec4u {
  return vec4u(min(tile, INPUTS - 1u));
}

fn terms(k: u32) -> vec4u {
  let rows = four_rows(4u * k, step.rows);
  if (GATHER) {
    let places = rows + vec4u(step.start);
    return INPUTS * vec4u(order[places.x], order[places.y], order[places.z], order[places.w]);
  }
  return INPUTS * rows;
}

fn rows_at(starts: vec4u, terms: vec4u) -> mat4x4f {
  return packs_by_value(starts + terms);
}

fn columns_at(pack: u32, k: u32) -> mat4x4f {
  let place = 4u * k * OUTPUT_PACKS + min(pack, OUTPUT_PACKS - 1u);
  return mat4x4f(deltas[place], deltas[place + OUTPUT_PACKS], deltas[place + 2u * OUTPUT_PACKS],
    deltas[place + 3u * OUTPUT_PACKS]);
}

fn column_packs() -> u32 {
  return OUTPUT_PACKS;
}

fn store_row(row: u32, pack: u32, sums: vec4f) {
  if (WHOLE_TILES || row < INPUT_COUNT) { finish_weights(WEIGHTS + row * OUTPUT_PACKS + pack, sums * share); }
}

// The invocations of a workgroup that have the same columns share the samples.
fn sum_biases(group: u32, invocation: u32) {
  let lane = invocation % WIDTH;
  let slice = invocation / WIDTH;
  for (var tile = 0u; tile < COLUMN_TILES; tile++) {
    let pack = (group * COLUMN_TILES + tile) * WIDTH + lane;
    var part = vec4f();
    for (var m = slice; m < step.rows; m += SLICES) { part += deltas[m * OUTPUT_PACKS + min(pack, OUTPUT_PACKS - 1u)]; }
    let sum = over_slices(slice, lane, part);
    if (slice == 0u && pack < OUTPUT_PACKS) { finish(BIASES + pack, sum * share); }
  }
}

fn run(group: vec3u, invocation: u32) {
  share = 1.0 / f32(step.rows);
  if (group.y == BIAS_ROW) {
    sum_biases(group.x, invocation);
  } else {
    product(group, invocation);
  }
}
