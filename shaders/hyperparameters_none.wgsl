// uses: dispatch
// provides: hyperparameters
// Library: hyperparameters_each.wgsl where networks are scored and not trained: each makes all steps, and none needs scalars.

fn read_hyperparameters(network: u32) {}

fn steps_of(network: u32) -> u32 { return dispatch.steps; }

fn scalars_row(network: u32) -> u32 { return 0u; }

fn weight_decay() -> f32 { return 0.0; }
fn momentum() -> f32 { return 0.0; }
fn keep1() -> f32 { return 0.0; }
fn take1() -> f32 { return 0.0; }
fn keep2() -> f32 { return 0.0; }
fn take2() -> f32 { return 0.0; }
fn epsilon() -> f32 { return 0.0; }
fn l1() -> f32 { return 0.0; }
fn l2() -> f32 { return 0.0; }
