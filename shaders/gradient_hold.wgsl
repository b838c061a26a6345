// needs: penalty
// provides: finish
// Library of gradient.wgsl: gradients are written down with the penalty's part, to be clipped before a step is made.
//   gradients   laid out as the parameters, written
//   parameters  read for the penalty
@group(1) @binding(4) var<storage, read_write> gradients: array<vec4f>;
@group(1) @binding(5) var<storage, read> parameters: array<vec4f>;

fn finish_weights(place: u32, gradient: vec4f) {
  var whole = gradient;
  if (PENALISED) { whole += penalty(parameters[place]); }
  finish(place, whole);
}

fn finish(place: u32, gradient: vec4f) {
  gradients[place] = gradient;
}
