// Library: what changes from one minibatch to the next. One record a step stands in a uniform buffer, 256 bytes apart,
// and is bound by dynamic offset. Written by src/backend/webgpu/steps.ts.
struct Step {
  start: u32,        // first place of the minibatch in the epoch's order
  rows: u32,         // samples of the minibatch
  step_size: f32,    // the three scalars of the optimizer's step (StepScalars in src/training/optimizer.ts)
  decay: f32,
  correction: f32,
}
