// Library: what changes from one minibatch to the next, and the layout of rows in memory. There is one record a step in
// a uniform buffer, 256 bytes apart; each is bound by its offset. Written by src/backend/webgpu/plans/steps.ts.
//
// Everything on the device is in packs of four neighbouring values, a vec4 each: a row of n values is ceil(n / 4)
// packs, filled up with zeros, and a minibatch's rows are filled up to a multiple of four with rows of zeros. So every
// load and store is a whole vec4, no loop has a tail, and what is filled up adds nothing to any sum.

// StepScalars in src/optimizer/optimizer.ts
struct StepScalars {
  step_size: f32,
  decay: f32,
  correction: f32,
  gradient_step: f32,
}

// the scalars of a record in a storage buffer
fn step_scalars(record: vec4f) -> StepScalars {
  return StepScalars(record.x, record.y, record.z, record.w);
}

struct Step {
  start: u32,            // first place of the minibatch in the epoch's order
  rows: u32,             // samples of the minibatch
  number: u32,           // of the step, counted from 1 over the trainer's life; dropout follows from it
  labels: u32,           // 1 if correct labels are counted, 0 if correct samples are
  @align(16) scalars: StepScalars,
}

// which of a pack's four columns exist
fn columns_within(pack: u32, count: u32) -> vec4<bool> {
  return vec4u(4u * pack) + vec4u(0u, 1u, 2u, 3u) < vec4u(count);
}

// rows filled up to a multiple of four
fn filled(rows: u32) -> u32 {
  return (rows + 3u) & ~3u;
}

// four rows from the first on; those past the last repeat it
fn four_rows(first: u32, rows: u32) -> vec4u {
  return min(vec4u(first) + vec4u(0u, 1u, 2u, 3u), vec4u(rows - 1u));
}
