import type { Stage } from './stages.ts'

/** A stage with the buffers it works on. */
export interface Recorded {
  readonly stage: Stage
  readonly bindGroup: GPUBindGroup
}

/** Records one step's stages; `step` binds its record. */
export function encode(
  pass: GPUComputePassEncoder,
  recorded: readonly Recorded[],
  step: GPUBindGroup,
  rows: number,
): void {
  pass.setBindGroup(0, step)
  for (const { stage, bindGroup } of recorded) {
    const [x, y] = stage.groups(rows)
    pass.setPipeline(stage.kernel.pipeline)
    pass.setBindGroup(1, bindGroup)
    pass.dispatchWorkgroups(x, y)
  }
}
