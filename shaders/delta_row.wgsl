// needs: bits, activation, loss, rows, row_lanes, softmax_row
// uses: step, order, targets, row_scores, OUTPUTS, OUTPUT_PACKS, ACTIVATION
// Library: delta = dC/dA ⊙ f'(Z) of one row of the output layer, written over Z; loss and correct predictions of the row are
// added to the row's sums. Softmax + crossEntropy and sigmoid + binaryCrossEntropy: A - Y.
//   weighted_inputs  rows x OUTPUT_PACKS: Z on entry, delta on return
//   activations      rows x OUTPUT_PACKS
//   targets          samples x OUTPUT_PACKS, rows taken through the order; where samples are WEIGHTED, one pack more,
//                    whose first value is the sample's weight: its loss and its delta are multiplied by it
//   row_scores       per row of the minibatch (loss, correct predictions), summed over the epoch's steps; a prediction is the
//                    row's largest output or, if step.labels is 1, each output's side of BOUNDARY
// CPU: outputDelta in src/backend/host/reference/stages.ts.
override SHARE: f32;           // the factor of the sum over the outputs
override BOUNDARY: f32;        // outputBoundary in src/model/activation.ts
override FROM_LOGITS: bool;    // the loss is computed from z, and its slope is dC/dz
override LOG_SOFTMAX: bool;    // the loss takes ln a of softmax outputs
override WEIGHTED: bool = false;

// where the rows' sums begin
var<private> scores_from: u32;

fn better(best: Best, four: vec4f, pack: u32) -> Best {
  var b = best;
  if (four.x > b.value) { b = Best(four.x, 4u * pack); }
  if (four.y > b.value) { b = Best(four.y, 4u * pack + 1u); }
  if (four.z > b.value) { b = Best(four.z, 4u * pack + 2u); }
  if (four.w > b.value) { b = Best(four.w, 4u * pack + 3u); }
  return b;
}

// How many of a row's outputs are on the same side of the boundary as their targets. A separate loop: an emulated GPU
// executes both branches of an if, but no loop without active invocations.
fn labels_right(start: u32, wanted: u32) -> f32 {
  var right = 0.0;
  for (var pack = row_lane(); pack < OUTPUT_PACKS; pack += row_step()) {
    let same = (a_at(start + pack) > vec4f(BOUNDARY)) == (targets[wanted + pack] > vec4f(BOUNDARY));
    right += dot(existing(select(vec4f(), vec4f(1.0), same), pack, 0.0), vec4f(1.0));
  }
  return sum_of_row(right);
}

// ln sum e^z of the row, still whole in weighted_inputs
fn log_sum_exp(row: u32) -> f32 {
  let largest = largest_of_row(row);
  var sum = 0.0;
  for (var pack = row_lane(); pack < OUTPUT_PACKS; pack += row_step()) {
    sum += dot(powers(z_at(row * OUTPUT_PACKS + pack), pack, largest), vec4f(1.0));
  }
  sum = sum_of_row(sum);
  return largest + select(log(sum), sum, any(is_nan(vec4f(sum))));
}

fn delta_row(row: u32) {
  let start = row * OUTPUT_PACKS;
  let wanted = order[step.start + row] * (OUTPUT_PACKS + select(0u, 1u, WEIGHTED));
  var weight = 1.0;
  if (WEIGHTED) { weight = targets[wanted + OUTPUT_PACKS].x; }
  var shift = 0.0;
  if (LOG_SOFTMAX) { shift = log_sum_exp(row); }

  var loss = 0.0;
  var projection = 0.0;
  var answer = Best(LEAST, 0u);
  var label = Best(LEAST, 0u);
  for (var pack = row_lane(); pack < OUTPUT_PACKS; pack += row_step()) {
    let a = a_at(start + pack);
    let y = targets[wanted + pack];
    let terms = loss_term(a, y, z_at(start + pack) - vec4f(shift));
    loss += dot(existing(terms, pack, 0.0), vec4f(1.0));
    if (ACTIVATION == SOFTMAX) { projection += SHARE * dot(loss_slope(a, y), a); }
    if (OUTPUTS > 1u) {
      answer = better(answer, existing(a, pack, LEAST), pack);
      label = better(label, existing(y, pack, LEAST), pack);
    }
  }
  loss = sum_of_row(loss);
  if (ACTIVATION == SOFTMAX) { projection = sum_of_row(projection); }
  if (OUTPUTS > 1u) {
    answer = first_best_of_row(answer);
    label = first_best_of_row(label);
  }
  var same = answer.place == label.place;
  if (OUTPUTS == 1u) { same = (a_at(start).x > BOUNDARY) == (targets[wanted].x > BOUNDARY); }
  var right = select(0.0, 1.0, same);
  if (OUTPUTS > 1u && step.labels == 1u) { right = labels_right(start, wanted); }

  for (var pack = row_lane(); pack < OUTPUT_PACKS; pack += row_step()) {
    let a = a_at(start + pack);
    var delta = SHARE * loss_slope(a, targets[wanted + pack]);
    if (!FROM_LOGITS) {
      if (ACTIVATION == SOFTMAX) {
        delta = a * (delta - vec4f(projection));
      } else {
        delta *= activation_derivative(ACTIVATION, z_at(start + pack), a);
      }
    }
    if (WEIGHTED) { delta *= weight; }
    set_delta(start + pack, existing(delta, pack, 0.0));
  }
  if (WEIGHTED) { loss *= weight; }
  if (row_lane() == 0u) { row_scores[scores_from + row] += vec2f(SHARE * loss, right); }
}

// a row that only fills the minibatch up to a multiple of four
fn clear_row(row: u32) {
  for (var pack = row_lane(); pack < OUTPUT_PACKS; pack += row_step()) { set_delta(row * OUTPUT_PACKS + pack, vec4f()); }
}
