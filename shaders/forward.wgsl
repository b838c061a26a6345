// Z = A W^T + b and A' = f(Z) of one layer, for a minibatch.
//   inputs           rows x INPUTS (the data set, its rows taken through the order, or the layer before's activations)
//   weights          INPUTS x OUTPUTS (transposed: neighbouring invocations, which have neighbouring neurons, then read
//                    neighbouring addresses), in parameters from WEIGHTS on; biases OUTPUTS from BIASES on
//   weighted_inputs  rows x OUTPUTS, written; activations the same (for softmax, softmax.wgsl writes them)
// CPU: forward in src/backend/cpu/stages.ts. Libraries: step, tile, activation.
override INPUTS: u32;
override OUTPUTS: u32;
override WEIGHTS: u32;
override BIASES: u32;
override ACTIVATION: u32;
override GATHER: bool;
override ROW_TILES: u32;
override WIDTH: u32;

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> parameters: array<f32>;
@group(0) @binding(2) var<storage, read> inputs: array<f32>;
@group(0) @binding(3) var<storage, read> order: array<u32>;
@group(0) @binding(4) var<storage, read_write> weighted_inputs: array<f32>;
@group(0) @binding(5) var<storage, read_write> activations: array<f32>;

fn input_starts(first: u32) -> vec4u {
  let rows = four_rows(first, step.rows);
  if (GATHER) {
    let places = rows + vec4u(step.start);
    return INPUTS * vec4u(order[places.x], order[places.y], order[places.z], order[places.w]);
  }
  return INPUTS * rows;
}

fn load(starts: vec4u, k: u32) -> vec4f {
  return vec4f(inputs[starts.x + k], inputs[starts.y + k], inputs[starts.z + k], inputs[starts.w + k]);
}

fn store_one(row: u32, column: u32, sum: f32) {
  if (column >= OUTPUTS) { return; }
  let z = sum + parameters[BIASES + column];
  weighted_inputs[row * OUTPUTS + column] = z;
  activations[row * OUTPUTS + column] = activate(ACTIVATION, z);
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
  let neurons = WEIGHTS + min(columns, vec4u(OUTPUTS - 1u));
  let starts0 = input_starts(first);
  let starts1 = input_starts(first + 4u);
  let starts2 = input_starts(first + 8u);
  let starts3 = input_starts(first + 12u);
  var sums0 = mat4x4f();
  var sums1 = mat4x4f();
  var sums2 = mat4x4f();
  var sums3 = mat4x4f();
  for (var k = 0u; k < INPUTS; k++) {
    let places = neurons + k * OUTPUTS;
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
