// uses: ROW_LANES, Best
// provides: row_lanes
// Library: the invocations of a workgroup share a row of the output layer, each taking every ROW_LANES-th pack. For wide
// output layers on hardware adapters, where one invocation would wait for memory again and again.
// ROW_LANES is a literal in the text (src/backend/webgpu/kernels/stage-kernels.ts).
var<workgroup> row_values: array<f32, ROW_LANES>;
var<workgroup> row_places: array<u32, ROW_LANES>;
var<private> own_lane: u32;

fn row_of(group: u32, invocation: u32) -> u32 {
  own_lane = invocation;
  return group;
}

fn row_lane() -> u32 {
  return own_lane;
}

fn row_step() -> u32 {
  return ROW_LANES;
}

fn sum_of_row(part: f32) -> f32 {
  workgroupBarrier();
  row_values[own_lane] = part;
  for (var width = ROW_LANES / 2u; width > 0u; width /= 2u) {
    workgroupBarrier();
    if (own_lane < width) { row_values[own_lane] += row_values[own_lane + width]; }
  }
  workgroupBarrier();
  return row_values[0];
}

fn largest_part_of_row(part: f32) -> f32 {
  workgroupBarrier();
  row_values[own_lane] = part;
  for (var width = ROW_LANES / 2u; width > 0u; width /= 2u) {
    workgroupBarrier();
    if (own_lane < width) { row_values[own_lane] = max(row_values[own_lane], row_values[own_lane + width]); }
  }
  workgroupBarrier();
  return row_values[0];
}

fn first_best_of_row(part: Best) -> Best {
  workgroupBarrier();
  row_values[own_lane] = part.value;
  row_places[own_lane] = part.place;
  for (var width = ROW_LANES / 2u; width > 0u; width /= 2u) {
    workgroupBarrier();
    if (own_lane < width) {
      let other = own_lane + width;
      let tie = row_values[other] == row_values[own_lane] && row_places[other] < row_places[own_lane];
      if (row_values[other] > row_values[own_lane] || tie) {
        row_values[own_lane] = row_values[other];
        row_places[own_lane] = row_places[other];
      }
    }
  }
  workgroupBarrier();
  return Best(row_values[0], row_places[0]);
}
