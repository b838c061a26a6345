// provides: inputs
// Library: a layer's inputs as float32, four to a pack; the binding is here because its type differs from
// inputs_byte.wgsl's.
@group(1) @binding(1) var<storage, read> inputs: array<vec4f>;

fn value(place: u32) -> vec4f {
  return inputs[place];
}

fn one_value(place: u32, i: u32) -> f32 {
  return inputs[place][i];
}
