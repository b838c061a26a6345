// uses: step
// Library: dropout. A unit is dropped where the hash of seed, layer, step, row and unit is below a threshold; what is kept
// is divided by the share that is kept, so that sums stay what they are on average. CPU: src/optimizer/dropout.ts, the same
// hash to the bit.

// the finalizer of MurmurHash3
fn scramble(value: vec4u) -> vec4u {
  var x = value;
  x = (x ^ (x >> vec4u(16u))) * 0x85ebca6bu;
  x = (x ^ (x >> vec4u(13u))) * 0xc2b2ae35u;
  return x ^ (x >> vec4u(16u));
}

// 0 for the units of a pack that are dropped, 1 for those that are kept
fn kept(key: u32, threshold: u32, row: u32, pack: u32) -> vec4f {
  let of_step = scramble(vec4u(key + step.number * 0x9e3779b1u)).x;
  let of_row = scramble(vec4u(of_step + row * 0x85ebca77u)).x;
  let units = vec4u(4u * pack) + vec4u(0u, 1u, 2u, 3u);
  return select(vec4f(), vec4f(1.0), scramble(vec4u(of_row) + units * 0x9e3779b1u) >= vec4u(threshold));
}
