// needs: dispatch, random
// uses: WIDTH, make_parameters
// The initial parameters of all networks of a population, with the bits of src/model/initializer.ts; uniform kinds only, because
// the others need logarithms in float64. Each invocation makes those of one network after another; make_parameters, which calls
// make_layer for each layer, is written by src/backend/webgpu/plans/resident/initial.ts.
//   seeds       of the networks
//   parameters  of all networks, dispatch.order_stride apart
@group(0) @binding(0) var<uniform> dispatch: Dispatch;
@group(1) @binding(1) var<storage, read> seeds: array<u32>;
@group(1) @binding(2) var<storage, read_write> parameters: array<f32>;

// of the purpose `initialization`
const INITIALIZATION = 1u;

struct InitialLayer {
  inputs: u32,
  outputs: u32,
  weights: u32,      // places in a network's parameters
  input_stride: u32,
  biases: u32,
  limit: Limit,
}

// A positive float64: (high 2^32 + low) 2^exponent, with 53 bits; 0 for numbers from 0 to 1, weights and biases alike.
struct Limit {
  low: u32,
  high: u32,
  exponent: i32,
}

// Whole numbers of 96 bits, the lowest 32 first.

fn sum_of(a: vec3u, b: vec3u) -> vec3u {
  let low = a.x + b.x;
  let middle = a.y + b.y;
  let carried = middle + select(0u, 1u, low < a.x);
  return vec3u(low, carried, a.z + b.z + select(0u, 1u, middle < a.y) + select(0u, 1u, carried < middle));
}

fn difference_of(a: vec3u, b: vec3u) -> vec3u {
  return sum_of(sum_of(a, ~b), vec3u(1u, 0u, 0u));
}

fn is_below(a: vec3u, b: vec3u) -> bool {
  if (a.z != b.z) { return a.z < b.z; }
  if (a.y != b.y) { return a.y < b.y; }
  return a.x < b.x;
}

fn length_of(a: vec3u) -> u32 {
  if (a.z != 0u) { return 96u - countLeadingZeros(a.z); }
  if (a.y != 0u) { return 64u - countLeadingZeros(a.y); }
  return 32u - countLeadingZeros(a.x);
}

// the lowest bits of a word, at most 32 of them
fn low_bits(count: u32) -> u32 {
  return select((1u << (count & 31u)) - 1u, 0xffffffffu, count >= 32u);
}

fn low_mask(count: u32) -> vec3u {
  return vec3u(low_bits(count), low_bits(max(count, 32u) - 32u), low_bits(max(count, 64u) - 64u));
}

// a without its lowest bits, as far as they fit into a word
fn shifted_right(a: vec3u, count: u32) -> u32 {
  let within = count & 31u;
  let words = count >> 5u;
  let low = select(select(a.z, a.y, words == 1u), a.x, words == 0u);
  let high = select(select(0u, a.z, words == 1u), a.y, words == 0u);
  return (low >> within) | select(high << (32u - max(within, 1u)), 0u, within == 0u);
}

// rounded to this number of significant bits; halves to even
fn rounded(a: vec3u, bits: u32) -> vec3u {
  let length = length_of(a);
  if (length <= bits) { return a; }
  let dropped = length - bits;
  let odd = shifted_right(a, dropped) & 1u;
  return sum_of(sum_of(a, low_mask(dropped - 1u)), vec3u(odd, 0u, 0u)) & ~low_mask(dropped);
}

fn product_of(a: u32, b: u32) -> vec3u {
  let low = (a & 0xffffu) * (b & 0xffffu);
  let middle = (a >> 16u) * (b & 0xffffu);
  let other = (a & 0xffffu) * (b >> 16u);
  let high = vec3u(0u, (a >> 16u) * (b >> 16u), 0u);
  let middles = sum_of(vec3u(middle << 16u, middle >> 16u, 0u), vec3u(other << 16u, other >> 16u, 0u));
  return sum_of(sum_of(vec3u(low, 0u, 0u), high), middles);
}

// Random.between(-limit, limit) in float64, rounded to float32: low + (high - low) u with u = bits / 2^24, each operation
// rounded to 53 bits. Everything is in units of 2^(exponent - 23), of which 2 limit u is limit times bits.
fn between(limit: Limit, bits: u32) -> f32 {
  let low = product_of(limit.low, bits);
  let high = product_of(limit.high, bits);
  let product = rounded(sum_of(low, vec3u(0u, high.x, high.y)), 53u);
  let whole = vec3u(limit.low << 23u, (limit.high << 23u) | (limit.low >> 9u), limit.high >> 9u);
  let negative = is_below(product, whole);
  var magnitude = difference_of(product, whole);
  if (negative) { magnitude = difference_of(whole, product); }
  magnitude = rounded(rounded(magnitude, 53u), 24u);
  let dropped = max(length_of(magnitude), 24u) - 24u;
  let scale = bitcast<f32>(u32(i32(dropped) + limit.exponent - 23 + 127) << 23u);
  let value = f32(shifted_right(magnitude, dropped)) * scale;
  return select(value, -value, negative);
}

fn random_parameter(limit: Limit) -> f32 {
  let bits = random_bits() >> 8u;
  if (limit.high == 0u) { return f32(bits) * 0x1p-24f; }
  return between(limit, bits);
}

fn make_layer(own: u32, layer: InitialLayer) {
  for (var i = 0u; i < layer.outputs; i++) {
    for (var j = 0u; j < layer.inputs; j++) {
      parameters[own + layer.weights + j * layer.input_stride + i] = random_parameter(layer.limit);
    }
  }
  for (var i = 0u; i < layer.outputs; i++) {
    var bias = 0.0;
    if (layer.limit.high == 0u) { bias = random_parameter(layer.limit); }
    parameters[own + layer.biases + i] = bias;
  }
}

@compute @workgroup_size(WIDTH)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  for (var network = id.x; network < dispatch.networks; network += groups.x * WIDTH) {
    seed_generator(seeds[network], INITIALIZATION, 0u);
    make_parameters(network * dispatch.order_stride);
  }
}
