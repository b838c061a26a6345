// uses: weighted_inputs, activations
// provides: rows
// Library: the output layer's rows for softmax_row.wgsl and delta_row.wgsl, in buffers.

fn z_at(place: u32) -> vec4f {
  return weighted_inputs[place];
}

fn a_at(place: u32) -> vec4f {
  return activations[place];
}

fn set_a(place: u32, a: vec4f) {
  activations[place] = a;
}

fn set_delta(place: u32, delta: vec4f) {
  weighted_inputs[place] = delta;
}
