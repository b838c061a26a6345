// needs: optimizer, penalty, rule
// uses: step
// provides: finish
// Library of gradient.wgsl: the optimizer's step, taken as soon as a gradient is known.
//   parameters  PACKS
//   state       SLOTS times PACKS, one slot after the other
// Padding has no gradient, and stays 0 under every rule.
// CPU: update in src/backend/host/update.ts.
override PACKS: u32;
override SLOTS: u32;

// from one slot of the state to the next one; a kernel that trains several networks sets it
var<private> slot_stride: u32 = PACKS;

@group(1) @binding(4) var<storage, read_write> parameters: array<vec4f>;
@group(1) @binding(5) var<storage, read_write> state: array<vec4f>;

fn finish_weights(place: u32, gradient: vec4f) {
  var whole = gradient;
  if (PENALISED) { whole += penalty(parameters[place]); }
  finish(place, whole);
}

fn finish(place: u32, gradient: vec4f) {
  var pack = Parameters(parameters[place], vec4f(), vec4f(), vec4f());
  if (SLOTS > 0u) { pack.slot0 = state[place]; }
  if (SLOTS > 1u) { pack.slot1 = state[slot_stride + place]; }
  if (SLOTS > 2u) { pack.slot2 = state[2u * slot_stride + place]; }
  pack = move_parameters(pack, gradient, step.scalars);
  parameters[place] = pack.value;
  if (SLOTS > 0u) { state[place] = pack.slot0; }
  if (SLOTS > 1u) { state[slot_stride + place] = pack.slot1; }
  if (SLOTS > 2u) { state[2u * slot_stride + place] = pack.slot2; }
}
