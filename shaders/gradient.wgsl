// dC/dW = delta^T A / rows and dC/db = sum of delta / rows of one layer. The biases are one more input, which is always 1.
//   deltas     rows x OUTPUTS
//   inputs     rows x INPUTS (the data set, its rows taken through the order, or the layer before's activations)
//   gradients  laid out as the parameters: from WEIGHTS on INPUTS x OUTPUTS (transposed), then the biases' OUTPUTS
// CPU: gradient in src/backend/cpu/stages.ts. Libraries: step, tile.
override INPUTS: u32;
override OUTPUTS: u32;
override WEIGHTS: u32;
override GATHER: bool;
override ROW_TILES: u32;
override WIDTH: u32;

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> deltas: array<f32>;
@group(0) @binding(2) var<storage, read> inputs: array<f32>;
@group(0) @binding(3) var<storage, read> order: array<u32>;
@group(0) @binding(4) var<storage, read_write> gradients: array<f32>;

// four inputs of a row; the one past the last is the biases'
fn load(start: u32, first: u32) -> vec4f {
  let columns = vec4u(first) + vec4u(0u, 1u, 2u, 3u);
  let places = start + min(columns, vec4u(INPUTS - 1u));
  let values = vec4f(inputs[places.x], inputs[places.y], inputs[places.z], inputs[places.w]);
  return select(values, vec4f(1.0), columns == vec4u(INPUTS));
}

fn store_one(row: u32, neuron: u32, mean: f32) {
  if (neuron < OUTPUTS) { gradients[WEIGHTS + row * OUTPUTS + neuron] = mean; }
}

fn store(row: u32, neurons: vec4u, sums: vec4f) {
  if (row > INPUTS) { return; }
  let means = sums / f32(step.rows);
  store_one(row, neurons.x, means.x);
  store_one(row, neurons.y, means.y);
  store_one(row, neurons.z, means.z);
  store_one(row, neurons.w, means.w);
}

fn store_tile(first: u32, neurons: vec4u, sums: mat4x4f) {
  store(first, neurons, sums[0]);
  store(first + 1u, neurons, sums[1]);
  store(first + 2u, neurons, sums[2]);
  store(first + 3u, neurons, sums[3]);
}

@compute @workgroup_size(WIDTH)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) lane: vec3u) {
  let first = group.y * 4u * ROW_TILES;
  let neurons = group.x * 4u * WIDTH + lane.x + WIDTH * vec4u(0u, 1u, 2u, 3u);
  let clamped = min(neurons, vec4u(OUTPUTS - 1u));
  var sums0 = mat4x4f();
  var sums1 = mat4x4f();
  var sums2 = mat4x4f();
  var sums3 = mat4x4f();
  for (var m = 0u; m < step.rows; m++) {
    var row = m;
    if (GATHER) { row = order[step.start + m]; }
    let start = row * INPUTS;
    let places = m * OUTPUTS + clamped;
    let delta = vec4f(deltas[places.x], deltas[places.y], deltas[places.z], deltas[places.w]);
    sums0 += outer_product(load(start, first), delta);
    if (ROW_TILES > 1u) { sums1 += outer_product(load(start, first + 4u), delta); }
    if (ROW_TILES > 2u) { sums2 += outer_product(load(start, first + 8u), delta); }
    if (ROW_TILES > 3u) { sums3 += outer_product(load(start, first + 12u), delta); }
  }
  store_tile(first, neurons, sums0);
  if (ROW_TILES > 1u) { store_tile(first + 4u, neurons, sums1); }
  if (ROW_TILES > 2u) { store_tile(first + 8u, neurons, sums2); }
  if (ROW_TILES > 3u) { store_tile(first + 12u, neurons, sums3); }
}
