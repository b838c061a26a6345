// uses: WIDTH, Best
// provides: row_lanes
// Library: one invocation computes a whole row of the output layer.
// the row of an invocation, in a dispatch of the rows alone
fn row_of(group: u32, invocation: u32) -> u32 {
  return group * WIDTH + invocation;
}

fn row_lane() -> u32 {
  return 0u;
}

fn row_step() -> u32 {
  return 1u;
}

fn sum_of_row(part: f32) -> f32 {
  return part;
}

fn largest_part_of_row(part: f32) -> f32 {
  return part;
}

fn first_best_of_row(part: Best) -> Best {
  return part;
}
