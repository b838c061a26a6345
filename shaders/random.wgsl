// Library: the generator of src/core/random.ts, sfc32 seeded by splitmix32, with the same numbers: 32-bit integers only.
var<private> generator: vec4u;   // a, b, c and the counter of sfc32

struct Mixed {
  state: u32,
  bits: u32,
}

fn splitmix32(before: u32) -> Mixed {
  let state = before + 0x9e3779b9u;
  var t = (state ^ (state >> 16u)) * 0x21f0aaadu;
  t = (t ^ (t >> 15u)) * 0x735a2d97u;
  return Mixed(state, t ^ (t >> 15u));
}

// new Random(seed, purpose, index), with the purpose's number
fn seed_generator(seed: u32, purpose: u32, index: u32) {
  let a = splitmix32(seed ^ (purpose * 0x85ebca6bu));
  let b = splitmix32(a.state);
  let c = splitmix32(b.state);
  generator = vec4u(a.bits, b.bits ^ index, c.bits ^ seed, 1u);
  for (var i = 0u; i < 15u; i++) { random_bits(); }
}

fn random_bits() -> u32 {
  let old = generator;
  let bits = old.x + old.y + old.w;
  generator = vec4u(old.y ^ (old.y >> 9u), old.z + (old.z << 3u), ((old.z << 21u) | (old.z >> 11u)) + bits, old.w + 1u);
  return bits;
}

// a whole number below n, each as likely; n from 1 to 2^31
fn random_below(n: u32) -> u32 {
  var bits = random_bits();
  // The exact limit, 2^32 - 2^32 % n, costs another division, and next to none of the numbers come near it.
  while (bits >= 0u - n) {
    let rest = (0u - n) % n;
    if (rest == 0u || bits < 0u - rest) { break; }
    bits = random_bits();
  }
  return bits % n;
}
