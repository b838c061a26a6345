// Library: what changes from one minibatch to the next. One record a step stands in a uniform buffer, 256 bytes apart,
// and is bound by dynamic offset. Written by src/backend/webgpu/steps.ts.

// StepScalars in src/training/optimizer.ts
struct StepScalars {
  step_size: f32,
  decay: f32,
  correction: f32,
}

struct Step {
  start: u32,            // first place of the minibatch in the epoch's order
  rows: u32,             // samples of the minibatch
  @align(16) scalars: StepScalars,
}
