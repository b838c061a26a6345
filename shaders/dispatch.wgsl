// Library: which steps one dispatch of the resident plan trains, and where each network's values begin. Written by
// src/backend/webgpu/plans/resident/kernel.ts; orders.wgsl makes the orders.
struct Dispatch {
  first: u32,            // first step of this dispatch, counted over the epochs of the order
  steps: u32,
  samples: u32,          // of one epoch
  batch: u32,
  per_epoch: u32,        // steps
  stride: u32,           // 1 if the scalars differ from step to step, else 0
  sorted: u32,           // 1 if the rows are in the epoch's order already (straight form only)
  networks: u32,         // how many are trained; 1 unless it is a population
  order_stride: u32,     // from one network's order to the next one's; 0 if they share it
  scalars_stride: u32,   // from one row of scalars to the next one
  epochs: u32,           // of which each network has scores
  slot_stride: u32,      // from one slot of the optimizer's state to the next one, each of which has all networks
  labels: u32,           // as in Step
  scalars_first: u32,    // the place of the first step's record in a row
  order_step: u32,       // from one place of an order to the next one (straight form, and orders.wgsl)
  order_first: u32,      // the first epoch of the group whose order is in the buffer
  epoch: u32,            // the number of that epoch over the training's life (orders.wgsl only)
}
