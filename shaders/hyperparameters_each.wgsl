// uses: dispatch
// provides: hyperparameters
// Library: the hyperparameters of an optimizer's rule for each network of a population. A kernel calls read_hyperparameters
// once, so that they are in registers afterwards; hyperparameters.wgsl has the same functions over pipeline constants.
//   hyperparameters  for each network three vec4, with the numbers in the order of hyperparameters.wgsl, and after them the
//                    number of epochs of the group that the network is trained for, and its row of scalars
@group(1) @binding(8) var<storage, read> hyperparameters: array<vec4f>;

var<private> decay_momentum_1: vec4f;   // weight_decay, momentum, keep1, take1
var<private> rule_2_penalty: vec4f;     // keep2, take2, epsilon, l1
var<private> penalty_2: f32;

fn read_hyperparameters(network: u32) {
  decay_momentum_1 = hyperparameters[3u * network];
  rule_2_penalty = hyperparameters[3u * network + 1u];
  penalty_2 = hyperparameters[3u * network + 2u].x;
}

// how many of the dispatch's steps a network makes; it is the same for all invocations of a workgroup if the network is
fn steps_of(network: u32) -> u32 {
  let epochs = min(u32(hyperparameters[3u * network + 2u].y), dispatch.epochs);
  return min(dispatch.steps, max(epochs * dispatch.per_epoch, dispatch.first) - dispatch.first);
}

// the row of the network's scalars, which are dispatch.scalars_stride apart
fn scalars_row(network: u32) -> u32 { return u32(hyperparameters[3u * network + 2u].z); }

fn weight_decay() -> f32 { return decay_momentum_1.x; }
fn momentum() -> f32 { return decay_momentum_1.y; }
fn keep1() -> f32 { return decay_momentum_1.z; }
fn take1() -> f32 { return decay_momentum_1.w; }
fn keep2() -> f32 { return rule_2_penalty.x; }
fn take2() -> f32 { return rule_2_penalty.y; }
fn epsilon() -> f32 { return rule_2_penalty.z; }
fn l1() -> f32 { return rule_2_penalty.w; }
fn l2() -> f32 { return penalty_2; }
