// delta = dC/dA ⊙ f'(Z) at the output layer, written over Z; loss and right answers of each row are added to the row's
// sums. Softmax + crossEntropy and sigmoid + binaryCrossEntropy: A - Y. One invocation a row.
//   deltas       rows x OUTPUTS: Z on entry, delta on return
//   activations  rows x OUTPUTS
//   targets      samples x OUTPUTS, rows taken through the order
//   row_scores   per row of the minibatch (loss, right answers), summed over the epoch's steps
// CPU: outputDelta in src/backend/cpu/stages.ts. Libraries: step, activation, loss.
override OUTPUTS: u32;
override ACTIVATION: u32;
override LOSS: u32;
override SHARE: f32;
override BOUNDARY: f32;
override WIDTH: u32;

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read_write> deltas: array<f32>;
@group(0) @binding(2) var<storage, read> activations: array<f32>;
@group(0) @binding(3) var<storage, read> targets: array<f32>;
@group(0) @binding(4) var<storage, read> order: array<u32>;
@group(0) @binding(5) var<storage, read_write> row_scores: array<vec2f>;

// ln sum e^z of the row, still whole in deltas
fn log_sum_exp(start: u32) -> f32 {
  var largest = deltas[start];
  for (var i = 1u; i < OUTPUTS; i++) { largest = max(largest, deltas[start + i]); }
  var sum = 0.0;
  for (var i = 0u; i < OUTPUTS; i++) { sum += exp(max(deltas[start + i] - largest, -80.0)); }
  return largest + log(sum);
}

@compute @workgroup_size(WIDTH)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= step.rows) { return; }
  let start = id.x * OUTPUTS;
  let wanted = order[step.start + id.x] * OUTPUTS;
  var shift = 0.0;
  if (LOSS == CROSS_ENTROPY) { shift = log_sum_exp(start); }

  var loss = 0.0;
  var projection = 0.0;
  var answer = 0u;
  var label = 0u;
  for (var i = 0u; i < OUTPUTS; i++) {
    let a = activations[start + i];
    let y = targets[wanted + i];
    loss += loss_term(LOSS, a, y, deltas[start + i] - shift);
    projection += SHARE * loss_slope(LOSS, a, y) * a;
    if (a > activations[start + answer]) { answer = i; }
    if (y > targets[wanted + label]) { label = i; }
  }
  for (var i = 0u; i < OUTPUTS; i++) {
    let a = activations[start + i];
    let g = SHARE * loss_slope(LOSS, a, targets[wanted + i]);
    var delta = g;
    if (LOSS < BINARY_CROSS_ENTROPY) {
      if (ACTIVATION == SOFTMAX) {
        delta = a * (g - projection);
      } else {
        delta = g * activation_derivative(ACTIVATION, deltas[start + i], a);
      }
    }
    deltas[start + i] = delta;
  }
  var right = answer == label;
  if (OUTPUTS == 1u) { right = (activations[start] > BOUNDARY) == (targets[wanted] > BOUNDARY); }
  row_scores[id.x] += vec2f(SHARE * loss, select(0.0, 1.0, right));
}
