// provides: hyperparameters
// Library: the hyperparameters of an optimizer's rule, as pipeline constants: one set for all parameters. A plan that
// trains several networks at once brings another library with the same functions, which reads them from memory.
// keep and take are beta and 1 - beta: the difference is computed in float64 on the host, because in float32 1 - 0.999
// would be off by 1e-5.
override WEIGHT_DECAY: f32;   // added to the gradient; 0 for adamw, whose decay is in the step's scalars
override MOMENTUM: f32;
override KEEP1: f32;
override TAKE1: f32;
override KEEP2: f32;
override TAKE2: f32;
override EPSILON: f32;
override L1: f32;             // of the penalty L1 Σ|w| + L2 Σw² on the weights; biases have none
override L2: f32;

// pipeline constants need not be read
fn read_hyperparameters(network: u32) {}

fn weight_decay() -> f32 { return WEIGHT_DECAY; }
fn momentum() -> f32 { return MOMENTUM; }
fn keep1() -> f32 { return KEEP1; }
fn take1() -> f32 { return TAKE1; }
fn keep2() -> f32 { return KEEP2; }
fn take2() -> f32 { return TAKE2; }
fn epsilon() -> f32 { return EPSILON; }
fn l1() -> f32 { return L1; }
fn l2() -> f32 { return L2; }
