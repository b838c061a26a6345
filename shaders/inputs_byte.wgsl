// provides: inputs
// Library: inputs that are whole 255ths (pixels), kept as one byte each, four to a pack.
@group(1) @binding(1) var<storage, read> inputs: array<u32>;

fn value(place: u32) -> vec4f {
  let pack = vec4u(inputs[place]) >> vec4u(0u, 8u, 16u, 24u);
  return vec4f(pack & vec4u(255u)) / 255.0;
}

fn one_value(place: u32, i: u32) -> f32 {
  return f32((inputs[place] >> (8u * i)) & 255u) / 255.0;
}
