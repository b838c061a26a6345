// dC/dW = delta^T A / rows and dC/db = sum of delta / rows of one layer. The biases are one more column, of inputs 1.
//   deltas     rows x OUTPUTS
//   inputs     rows x INPUTS (the data set, its rows taken through the order, or the layer before's activations)
//   gradients  laid out as the parameters: OUTPUTS x INPUTS from WEIGHTS on, OUTPUTS from BIASES on
// CPU: gradient in src/backend/cpu/stages.ts. Libraries: step, tile.
override INPUTS: u32;
override OUTPUTS: u32;
override WEIGHTS: u32;
override BIASES: u32;
override GATHER: bool;
override ROW_TILES: u32;
override WIDTH: u32;

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> deltas: array<f32>;
@group(0) @binding(2) var<storage, read> inputs: array<f32>;
@group(0) @binding(3) var<storage, read> order: array<u32>;
@group(0) @binding(4) var<storage, read_write> gradients: array<f32>;

fn load(start: u32, neurons: vec4u) -> vec4f {
  let places = start + neurons;
  return vec4f(deltas[places.x], deltas[places.y], deltas[places.z], deltas[places.w]);
}

fn store(neuron: u32, columns: vec4u, sums: vec4f) {
  if (neuron >= OUTPUTS) { return; }
  for (var c = 0u; c < 4u; c++) {
    if (columns[c] < INPUTS) { gradients[WEIGHTS + neuron * INPUTS + columns[c]] = sums[c] / f32(step.rows); }
    if (columns[c] == INPUTS) { gradients[BIASES + neuron] = sums[c] / f32(step.rows); }
  }
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
  let clamped = min(columns, vec4u(INPUTS - 1u));
  let is_bias = columns == vec4u(INPUTS);
  let neurons0 = four_rows(first, OUTPUTS);
  let neurons1 = four_rows(first + 4u, OUTPUTS);
  let neurons2 = four_rows(first + 8u, OUTPUTS);
  let neurons3 = four_rows(first + 12u, OUTPUTS);
  var sums0 = mat4x4f();
  var sums1 = mat4x4f();
  var sums2 = mat4x4f();
  var sums3 = mat4x4f();
  for (var m = 0u; m < step.rows; m++) {
    var row = m;
    if (GATHER) { row = order[step.start + m]; }
    let places = row * INPUTS + clamped;
    let x = select(vec4f(inputs[places.x], inputs[places.y], inputs[places.z], inputs[places.w]), vec4f(1.0), is_bias);
    let start = m * OUTPUTS;
    sums0 += outer_product(load(start, neurons0), x);
    if (ROW_TILES > 1u) { sums1 += outer_product(load(start, neurons1), x); }
    if (ROW_TILES > 2u) { sums2 += outer_product(load(start, neurons2), x); }
    if (ROW_TILES > 3u) { sums3 += outer_product(load(start, neurons3), x); }
  }
  store_tile(first, columns, sums0);
  if (ROW_TILES > 1u) { store_tile(first + 4u, columns, sums1); }
  if (ROW_TILES > 2u) { store_tile(first + 8u, columns, sums2); }
  if (ROW_TILES > 3u) { store_tile(first + 12u, columns, sums3); }
}
