// needs: dispatch, random, places
// uses: WIDTH
// The orders in which epochs visit the samples: epochOrder in src/data/minibatch.ts, with the same numbers, for all networks
// of a population and several epochs. Each invocation makes one order after another, alone.
//   seeds   of the networks
//   orders  of epochs from dispatch.epoch on: dispatch.order_stride apart for networks, dispatch.order_step for places
@group(0) @binding(0) var<uniform> dispatch: Dispatch;
@group(1) @binding(1) var<storage, read> seeds: array<u32>;
@group(1) @binding(2) var<storage, read_write> orders: array<u32>;

// of the purpose `shuffle`
const SHUFFLE = 3u;

@compute @workgroup_size(WIDTH)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(local_invocation_index) lane: u32,
  @builtin(num_workgroups) groups: vec3u) {
  for (var i = id.x; i < dispatch.networks * dispatch.epochs; i += groups.x * WIDTH) {
    // Neighbouring invocations have neighbouring networks.
    let network = i % dispatch.networks;
    let epoch = i / dispatch.networks;
    let start = network * dispatch.order_stride + epoch * dispatch.samples * dispatch.order_step;
    seed_generator(seeds[network], SHUFFLE, dispatch.epoch + epoch);
    fill_places(start, lane);
    for (var last = dispatch.samples - 1u; last > 0u; last--) {
      exchange_places(start, lane, last, random_below(last + 1u));
    }
    finish_places(start, lane);
  }
}
