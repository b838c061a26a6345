// needs: bits, dispatch, step, activation, inputs, softmax_row, delta_row, update, hyperparameters
// uses: VALUES, train_step, steps_of, scalars_row
// Whole minibatch loops in one dispatch, for networks whose values fit the memory of one workgroup: each workgroup trains
// one network, its invocations share the tiles of each stage, and there are barriers where the layered plan has separate
// dispatches. Every sum is added up in the order of product.wgsl, so that both plans give the same bits.
//   inputs, targets, order   the data set; the orders of several epochs one after another, for each network or for all
//   parameters, state        for each network as in the layered plan (update.wgsl), read and written throughout
//   scalars                  the optimizer's in rows that networks share, one record a step or one for all
//   row_scores               for each network, epoch and row of the minibatch (loss, correct predictions), summed over steps
// train_step, which names the layers one after another, and VALUES, the packs of Z, activations and deltas of all layers,
// are written by src/backend/webgpu/plans/resident/loop.ts; steps_of and scalars_row are in hyperparameters_each.wgsl.
// CPU: the stages in src/backend/host/reference/stages.ts.
override WIDTH: u32;
override OUTPUTS: u32;         // of the output layer, as the two below
override OUTPUT_PACKS: u32;
override ACTIVATION: u32;

struct Layer {
  inputs: u32,
  input_packs: u32,
  outputs: u32,
  output_packs: u32,
  weights: u32,      // places in parameters
  biases: u32,
  activation: u32,
  below: u32,        // places in values: the activations below, or DATA
  z: u32,
  a: u32,
}

const DATA = 0xffffffffu;

@group(0) @binding(0) var<uniform> dispatch: Dispatch;
@group(1) @binding(2) var<storage, read> order: array<u32>;
@group(1) @binding(3) var<storage, read> targets: array<vec4f>;
@group(1) @binding(6) var<storage, read> scalars: array<vec4f>;
@group(1) @binding(7) var<storage, read_write> row_scores: array<vec2f>;

var<workgroup> values: array<vec4f, VALUES>;
var<private> step: Step;
var<private> lane: u32;
// of the network's parameters
var<private> first_pack: u32;

// where four rows of a layer's inputs begin, from the first on
fn rows_below(layer: Layer, first: u32) -> vec4u {
  let rows = four_rows(first, step.rows);
  if (layer.below == DATA) {
    let places = rows + vec4u(step.start);
    return layer.input_packs * vec4u(order[places.x], order[places.y], order[places.z], order[places.w]);
  }
  return vec4u(layer.below) + layer.input_packs * rows;
}

// column r: a pack of the r-th of four rows
fn packs_below(layer: Layer, places: vec4u) -> mat4x4f {
  if (layer.below == DATA) { return mat4x4f(value(places.x), value(places.y), value(places.z), value(places.w)); }
  return mat4x4f(values[places.x], values[places.y], values[places.z], values[places.w]);
}

fn parameters_at(place: u32, stride: u32) -> mat4x4f {
  return mat4x4f(parameters[place], parameters[place + stride], parameters[place + 2u * stride],
    parameters[place + 3u * stride]);
}

fn values_at(place: u32, stride: u32) -> mat4x4f {
  return mat4x4f(values[place], values[place + stride], values[place + 2u * stride], values[place + 3u * stride]);
}

// forward in forward.wgsl
fn forward(layer: Layer) {
  let packs = layer.output_packs;
  let tiles = filled(step.rows) / 4u * packs;
  for (var tile = lane; tile < tiles; tile += WIDTH) {
    let pack = tile % packs;
    let first = tile / packs * 4u;
    let starts = rows_below(layer, first);
    var sums = mat4x4f();
    for (var k = 0u; k < layer.input_packs; k++) {
      sums += parameters_at(first_pack + layer.weights + 4u * k * packs + pack, packs) * packs_below(layer, starts + vec4u(k));
    }
    let place = first * packs + pack;
    let bias = parameters[first_pack + layer.biases + pack];
    values[layer.z + place] = sums[0] + bias;
    values[layer.z + place + packs] = sums[1] + bias;
    values[layer.z + place + 2u * packs] = sums[2] + bias;
    values[layer.z + place + 3u * packs] = sums[3] + bias;
    for (var r = 0u; r < 4u; r++) {
      let own = place + r * packs;
      let exists = columns_within(pack, layer.outputs) & vec4<bool>(first + r < step.rows);
      values[layer.a + own] = select(vec4f(), activate(layer.activation, values[layer.z + own]), exists);
    }
  }
}

// output_delta.wgsl
fn output_delta() {
  for (var row = lane; row < filled(step.rows); row += WIDTH) {
    if (row < step.rows) {
      if (ACTIVATION == SOFTMAX) { softmax_row(row); }
      delta_row(row);
    } else {
      clear_row(row);
    }
  }
}

// hidden_delta.wgsl
fn hidden_delta(layer: Layer, next: Layer) {
  let packs = layer.output_packs;
  let tiles = filled(step.rows) / 4u * packs;
  for (var tile = lane; tile < tiles; tile += WIDTH) {
    let pack = tile % packs;
    let first = tile / packs * 4u;
    var sums = mat4x4f();
    for (var k = 0u; k < next.output_packs; k++) {
      let rows = values_at(next.z + first * next.output_packs + k, next.output_packs);
      sums += transpose(parameters_at(first_pack + next.weights + 4u * next.output_packs * pack + k, next.output_packs)) * rows;
    }
    let place = layer.z + first * packs + pack;
    for (var r = 0u; r < 4u; r++) {
      let own = r * packs;
      let exists = columns_within(pack, layer.outputs) & vec4<bool>(first + r < step.rows);
      let a = values[layer.a + first * packs + pack + own];
      let slope = activation_derivative(layer.activation, values[place + own], a);
      values[place + own] = select(vec4f(), slope, exists);
    }
    values[place] *= sums[0];
    values[place + packs] *= sums[1];
    values[place + 2u * packs] *= sums[2];
    values[place + 3u * packs] *= sums[3];
  }
}

// gradient.wgsl, with the optimizer's step
fn gradient(layer: Layer) {
  let packs = layer.output_packs;
  let share = 1.0 / f32(step.rows);
  let tiles = layer.input_packs * packs;
  for (var tile = lane; tile < tiles + packs; tile += WIDTH) {
    let pack = tile % packs;
    if (tile >= tiles) {
      var sums = vec4f();
      for (var m = 0u; m < step.rows; m++) { sums += values[layer.z + m * packs + pack]; }
      finish(first_pack + layer.biases + pack, sums * share);
      continue;
    }
    let input_pack = tile / packs;
    var sums = mat4x4f();
    for (var first = 0u; first < step.rows; first += 4u) {
      let rows = transpose(packs_below(layer, rows_below(layer, first) + vec4u(input_pack)));
      sums += values_at(layer.z + first * packs + pack, packs) * rows;
    }
    let place = first_pack + layer.weights + 4u * input_pack * packs + pack;
    let rows = layer.inputs - 4u * input_pack;
    finish_weights(place, sums[0] * share);
    if (rows > 1u) { finish_weights(place + packs, sums[1] * share); }
    if (rows > 2u) { finish_weights(place + 2u * packs, sums[2] * share); }
    if (rows > 3u) { finish_weights(place + 3u * packs, sums[3] * share); }
  }
}

// finite.wgsl, at the end of an epoch: each invocation marks the score of one row
fn check_parameters() {
  let lanes = min(WIDTH, dispatch.batch);
  if (lane >= lanes) { return; }
  var largest = vec4u();
  for (var pack = lane; pack < PACKS; pack += lanes) { largest = max(largest, magnitude_bits(parameters[first_pack + pack])); }
  if (any(largest >= vec4u(INFINITE))) { row_scores[scores_from + lane].y = BROKEN; }
}

@compute @workgroup_size(WIDTH)
fn main(@builtin(local_invocation_index) invocation: u32, @builtin(workgroup_id) group: vec3u) {
  let network = group.x;
  if (network >= dispatch.networks) { return; }
  lane = invocation;
  first_pack = network * PACKS;
  slot_stride = dispatch.slot_stride;
  read_hyperparameters(network);
  var epoch = dispatch.first / dispatch.per_epoch;
  var place = dispatch.first % dispatch.per_epoch;
  let steps = steps_of(network);
  let own_scalars = scalars_row(network) * dispatch.scalars_stride + dispatch.scalars_first;
  for (var i = 0u; i < steps; i++) {
    let record = scalars[own_scalars + i * dispatch.stride];
    let start = place * dispatch.batch;
    step = Step(network * dispatch.order_stride + (epoch - dispatch.order_first) * dispatch.samples + start, min(dispatch.batch, dispatch.samples - start), 0u,
      dispatch.labels, step_scalars(record));
    scores_from = (network * dispatch.epochs + epoch) * dispatch.batch;
    train_step();
    place++;
    if (place == dispatch.per_epoch) {
      check_parameters();
      place = 0u;
      epoch++;
    }
  }
}
