// needs: step, activation, dropout, products, values
// delta of a hidden layer, (delta_next W_next) ⊙ f'(Z), written over Z.
//   next_deltas  rows x NEXT packs, of the layer after (bound as inputs)
//   weights      a row of NEXT packs for each neuron of this layer, in parameters from WEIGHTS on
//   activations  rows x OUTPUT_PACKS of this layer
//   deltas       rows x OUTPUT_PACKS of this layer: Z on entry, delta on return
// CPU: hiddenDelta in src/backend/host/reference/stages.ts.
override NEXT: u32;
override OUTPUTS: u32;
override OUTPUT_PACKS: u32;
override WEIGHTS: u32;
override ACTIVATION: u32;
override DROP: u32 = 0u;           // dropout's threshold of this layer; 0 where nothing is dropped
override DROP_KEY: u32 = 0u;
override DROP_SCALE: f32 = 1.0;     // 1 / the share that is kept

const ROWS_ALONG_TERMS = true;
const COLUMNS_ALONG_TERMS = true;

@group(0) @binding(0) var<uniform> step: Step;
@group(1) @binding(2) var<storage, read> parameters: array<vec4f>;
@group(1) @binding(3) var<storage, read> activations: array<vec4f>;
@group(1) @binding(4) var<storage, read_write> deltas: array<vec4f>;

fn reduction() -> u32 {
  return NEXT;
}

fn row_starts(tile: u32) -> vec4u {
  return NEXT * four_rows(4u * tile, step.rows);
}

fn terms(k: u32) -> vec4u {
  return vec4u(k);
}

fn rows_at(starts: vec4u, terms: vec4u) -> mat4x4f {
  return packs_by_row(starts + terms);
}

fn columns_at(pack: u32, k: u32) -> mat4x4f {
  let place = WEIGHTS + 4u * NEXT * min(pack, OUTPUT_PACKS - 1u) + k;
  return transpose(mat4x4f(parameters[place], parameters[place + NEXT], parameters[place + 2u * NEXT],
    parameters[place + 3u * NEXT]));
}

fn column_packs() -> u32 {
  return OUTPUT_PACKS;
}

fn store_row(row: u32, pack: u32, sums: vec4f) {
  if (row >= filled(step.rows)) { return; }
  let place = row * OUTPUT_PACKS + pack;
  var a = activations[place];
  if (DROP > 0u) { a /= DROP_SCALE; }
  var delta = sums * activation_derivative(ACTIVATION, deltas[place], a);
  if (DROP > 0u) { delta *= DROP_SCALE * kept(DROP_KEY, DROP, row, pack); }
  let exists = columns_within(pack, OUTPUTS) & vec4<bool>(row < step.rows);
  deltas[place] = select(vec4f(), delta, exists);
}

fn run(group: vec3u, invocation: u32) {
  product(group, invocation);
}
