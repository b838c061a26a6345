// Library: the constants of an optimizer's rule, numbered as optimizerNames in src/training/optimizer.ts, where the
// formulas stand. KEEP and TAKE are beta and 1 - beta: the difference is taken in float64 on the host, since in float32
// 1 - 0.999 would be off by 1e-5.
const SGD = 0u;
const RMSPROP = 1u;
const ADAGRAD = 2u;
const ADAM = 3u;
const ADAMW = 4u;

override OPTIMIZER: u32;
override WEIGHT_DECAY: f32;   // added to the gradient; 0 for adamw, whose decay is in the step
override MOMENTUM: f32;
override NESTEROV: bool;
override CENTERED: bool;
override KEEP1: f32;
override TAKE1: f32;
override KEEP2: f32;
override TAKE2: f32;
override EPSILON: f32;
