// needs: step, activation, dropout, values
// Library: the product Z = A W^T + b of one layer with what is stored of it, for forward.wgsl and output.wgsl.
//   inputs           rows x INPUTS packs (the data set, its rows taken through the order, or the activations below)
//   weights          4 INPUTS rows of OUTPUT_PACKS (transposed: neighbouring invocations, which have neighbouring
//                    neurons, then read neighbouring addresses), in parameters from WEIGHTS on; biases from BIASES on
//   weighted_inputs  rows x OUTPUT_PACKS, written; activations the same
override INPUTS: u32;
override OUTPUTS: u32;        // neurons
override OUTPUT_PACKS: u32;
override WEIGHTS: u32;
override BIASES: u32;
override ACTIVATION: u32;
override GATHER: bool;
override DROP: u32 = 0u;           // dropout's threshold; 0 where nothing is dropped
override DROP_KEY: u32 = 0u;
override DROP_SCALE: f32 = 1.0;     // 1 / the share that is kept

const ROWS_ALONG_TERMS = true;
const COLUMNS_ALONG_TERMS = false;

@group(0) @binding(0) var<uniform> step: Step;
@group(1) @binding(2) var<storage, read> order: array<u32>;
@group(1) @binding(3) var<storage, read> parameters: array<vec4f>;
@group(1) @binding(4) var<storage, read_write> weighted_inputs: array<vec4f>;
@group(1) @binding(5) var<storage, read_write> activations: array<vec4f>;

fn reduction() -> u32 {
  return INPUTS;
}

fn row_starts(tile: u32) -> vec4u {
  let rows = four_rows(4u * tile, step.rows);
  if (GATHER) {
    let places = rows + vec4u(step.start);
    return INPUTS * vec4u(order[places.x], order[places.y], order[places.z], order[places.w]);
  }
  return INPUTS * rows;
}

fn terms(k: u32) -> vec4u {
  return vec4u(k);
}

fn rows_at(starts: vec4u, terms: vec4u) -> mat4x4f {
  return packs_by_row(starts + terms);
}

fn columns_at(pack: u32, k: u32) -> mat4x4f {
  let place = WEIGHTS + 4u * k * OUTPUT_PACKS + min(pack, OUTPUT_PACKS - 1u);
  return mat4x4f(parameters[place], parameters[place + OUTPUT_PACKS], parameters[place + 2u * OUTPUT_PACKS],
    parameters[place + 3u * OUTPUT_PACKS]);
}

fn column_packs() -> u32 {
  return OUTPUT_PACKS;
}

fn store_row(row: u32, pack: u32, sums: vec4f) {
  if (row >= filled(step.rows)) { return; }
  let place = row * OUTPUT_PACKS + pack;
  let z = sums + parameters[BIASES + pack];
  weighted_inputs[place] = z;
  let exists = columns_within(pack, OUTPUTS) & vec4<bool>(row < step.rows);
  var a = activate(ACTIVATION, z);
  if (DROP > 0u) { a *= DROP_SCALE * kept(DROP_KEY, DROP, row, pack); }
  activations[place] = select(vec4f(), a, exists);
}
