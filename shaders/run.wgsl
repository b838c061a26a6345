// Library: what one dispatch of the resident plan is told. Written by src/backend/webgpu/plans/resident/resident.ts.
struct Run {
  first: u32,        // first step of this dispatch, counted over the epochs of the order
  steps: u32,
  samples: u32,      // of one epoch
  batch: u32,
  per_epoch: u32,    // steps
  stride: u32,       // 1 where each step has scalars of its own, else 0
  sorted: u32,       // 1 where the rows stand in the epoch's order already (straight form only)
}
