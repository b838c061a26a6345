// delta of a hidden layer, (delta_next W_next) ⊙ f'(Z), written over Z.
//   next_deltas  rows x NEXT, of the layer after
//   weights      OUTPUTS x NEXT (transposed) of the layer after, in parameters from WEIGHTS on
//   activations  rows x OUTPUTS of this layer
//   deltas       rows x OUTPUTS of this layer: Z on entry, delta on return
// CPU: hiddenDelta in src/backend/cpu/stages.ts. Libraries: step, tile, activation.
override NEXT: u32;
override OUTPUTS: u32;
override WEIGHTS: u32;
override ACTIVATION: u32;
override ROW_TILES: u32;
override WIDTH: u32;

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> parameters: array<f32>;
@group(0) @binding(2) var<storage, read> next_deltas: array<f32>;
@group(0) @binding(3) var<storage, read> activations: array<f32>;
@group(0) @binding(4) var<storage, read_write> deltas: array<f32>;

fn load(starts: vec4u, k: u32) -> vec4f {
  return vec4f(next_deltas[starts.x + k], next_deltas[starts.y + k], next_deltas[starts.z + k], next_deltas[starts.w + k]);
}

fn store_one(row: u32, column: u32, sum: f32) {
  if (column >= OUTPUTS) { return; }
  let place = row * OUTPUTS + column;
  deltas[place] = sum * activation_derivative(ACTIVATION, deltas[place], activations[place]);
}

fn store(row: u32, columns: vec4u, sums: vec4f) {
  if (row >= step.rows) { return; }
  store_one(row, columns.x, sums.x);
  store_one(row, columns.y, sums.y);
  store_one(row, columns.z, sums.z);
  store_one(row, columns.w, sums.w);
}

fn store_tile(first: u32, columns: vec4u, sums: mat4x4f) {
  store(first, columns, sums[0]);
  store(first + 1u, columns, sums[1]);
  store(first + 2u, columns, sums[2]);
  store(first + 3u, columns, sums[3]);
}

@compute @workgroup_size(WIDTH)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) lane: vec3u) {
  let first = group.y * 4u * ROW_TILES;
  let columns = group.x * 4u * WIDTH + lane.x + WIDTH * vec4u(0u, 1u, 2u, 3u);
  let weights = WEIGHTS + NEXT * min(columns, vec4u(OUTPUTS - 1u));
  let starts0 = NEXT * four_rows(first, step.rows);
  let starts1 = NEXT * four_rows(first + 4u, step.rows);
  let starts2 = NEXT * four_rows(first + 8u, step.rows);
  let starts3 = NEXT * four_rows(first + 12u, step.rows);
  var sums0 = mat4x4f();
  var sums1 = mat4x4f();
  var sums2 = mat4x4f();
  var sums3 = mat4x4f();
  for (var k = 0u; k < NEXT; k++) {
    let places = weights + k;
    let w = vec4f(parameters[places.x], parameters[places.y], parameters[places.z], parameters[places.w]);
    sums0 += outer_product(load(starts0, k), w);
    if (ROW_TILES > 1u) { sums1 += outer_product(load(starts1, k), w); }
    if (ROW_TILES > 2u) { sums2 += outer_product(load(starts2, k), w); }
    if (ROW_TILES > 3u) { sums3 += outer_product(load(starts3, k), w); }
  }
  store_tile(first, columns, sums0);
  if (ROW_TILES > 1u) { store_tile(first + 4u, columns, sums1); }
  if (ROW_TILES > 2u) { store_tile(first + 8u, columns, sums2); }
  if (ROW_TILES > 3u) { store_tile(first + 12u, columns, sums3); }
}
