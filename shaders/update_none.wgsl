// provides: update
// Library: the update of resident.wgsl where networks are scored and not trained: the parameters only.
//   parameters  PACKS for each network
override PACKS: u32;

var<private> slot_stride: u32;

@group(1) @binding(4) var<storage, read_write> parameters: array<vec4f>;

fn finish_weights(place: u32, gradient: vec4f) {}

fn finish(place: u32, gradient: vec4f) {}
