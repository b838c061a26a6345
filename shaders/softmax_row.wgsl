// needs: step, exponential, rows, row_lanes
// uses: OUTPUTS, OUTPUT_PACKS
// Library: softmax of one row, from weighted_inputs to activations, both rows x OUTPUT_PACKS; the variants of `rows`
// say where the rows are, those of `row_lanes` how many invocations share a row. A NaN in a row makes the whole row NaN, as does an infinite largest value.
const LEAST = -3.4e38;

// the largest value so far and its place; of equal values the first
struct Best {
  value: f32,
  place: u32,
}

fn largest_of(four: vec4f) -> f32 {
  return max(max(four.x, four.y), max(four.z, four.w));
}

fn existing(four: vec4f, pack: u32, otherwise: f32) -> vec4f {
  return select(vec4f(otherwise), four, columns_within(pack, OUTPUTS));
}

fn largest_of_row(row: u32) -> f32 {
  let first = z_at(row * OUTPUT_PACKS).x;
  var largest = first;
  for (var pack = row_lane(); pack < OUTPUT_PACKS; pack += row_step()) {
    largest = max(largest, largest_of(existing(z_at(row * OUTPUT_PACKS + pack), pack, first)));
  }
  return largest_part_of_row(largest);
}

fn powers(four: vec4f, pack: u32, largest: f32) -> vec4f {
  return existing(power(four - vec4f(largest)), pack, 0.0);
}

fn softmax_row(row: u32) {
  let start = row * OUTPUT_PACKS;
  let largest = largest_of_row(row);
  var sum = 0.0;
  for (var pack = row_lane(); pack < OUTPUT_PACKS; pack += row_step()) {
    let e = powers(z_at(start + pack), pack, largest);
    set_a(start + pack, e);
    sum += dot(e, vec4f(1.0));
  }
  sum = sum_of_row(sum);
  for (var pack = row_lane(); pack < OUTPUT_PACKS; pack += row_step()) { set_a(start + pack, a_at(start + pack) / sum); }
}
