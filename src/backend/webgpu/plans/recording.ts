import type { Device } from '../device/device.ts'
import type { KernelClock } from '../device/clock.ts'
import type { Stage } from '../kernels/stage-kernels.ts'
import type { Minibatch, StepRecords } from './steps.ts'

/** A stage with the buffers it works on. */
export interface Recorded {
  /** The stage and its layer, such as `gradient[0]`. */
  readonly name: string
  readonly stage: Stage
  readonly bindGroup: GPUBindGroup
}

/** Binds a stage to its buffers, in the order of its bindings from 1 on; a binding that it does not have is left out. */
export function bindStage(
  device: Device,
  name: string,
  stage: Stage,
  buffers: readonly (GPUBuffer | undefined)[],
): Recorded {
  const { layout } = stage.kernel
  const entries = buffers.flatMap((buffer, i) => (buffer ? [{ binding: i + 1, resource: { buffer } }] : []))
  return { name, stage, bindGroup: device.gpu.createBindGroup({ label: `webgpu-mlp ${name}`, layout, entries }) }
}

/** Records one stage of a step; group 0 holds the step's record. */
export function encode(pass: GPUComputePassEncoder, { stage, bindGroup }: Recorded, rows: number): void {
  const [x, y] = stage.groups(rows)
  pass.setPipeline(stage.kernel.pipeline)
  pass.setBindGroup(1, bindGroup)
  pass.dispatchWorkgroups(x, y)
}

/** Records the layered plan's steps into command buffers and submits them, with a clock on each dispatch if wanted. */
export class Recorder {
  readonly #device: Device
  readonly #records: StepRecords
  readonly #clock: KernelClock | undefined

  constructor(device: Device, records: StepRecords, clock?: KernelClock) {
    this.#device = device
    this.#records = records
    this.#clock = clock
  }

  /** Steps that one command buffer takes at most. */
  mostSteps(stages: readonly Recorded[]): number {
    return this.#clock ? this.#clock.mostSteps(stages.length) : Infinity
  }

  /**
   * Submits `count` steps of the same stages; with a clock, also waits for them.
   * @param after stages that follow the last step, with its record
   */
  async submit(
    what: string,
    stages: readonly Recorded[],
    count: number,
    minibatch: (i: number) => Minibatch,
    after: readonly Recorded[] = [],
  ): Promise<void> {
    const clock = this.#clock
    const began = performance.now()
    let encoded = began
    let submitted = began
    await this.#device.checked(what, () => {
      const encoder = this.#device.gpu.createCommandEncoder({ label: `webgpu-mlp ${what}` })
      const stagesOf = (i: number) => (i === count - 1 ? [...stages, ...after] : stages)
      if (clock) this.#encodeTimed(encoder, clock, stagesOf, count, minibatch)
      else this.#encode(encoder, what, stagesOf, count, minibatch)
      const commands = encoder.finish()
      encoded = performance.now()
      this.#records.upload(count)
      this.#device.gpu.queue.submit([commands])
      submitted = performance.now()
    })
    await clock?.collect({ began, encoded, submitted, steps: count })
  }

  #encode(
    encoder: GPUCommandEncoder,
    what: string,
    stagesOf: (i: number) => readonly Recorded[],
    count: number,
    minibatch: (i: number) => Minibatch,
  ): void {
    const pass = encoder.beginComputePass({ label: `webgpu-mlp ${what}` })
    for (let i = 0; i < count; i++) {
      const step = minibatch(i)
      pass.setBindGroup(0, this.#records.set(i, step))
      for (const stage of stagesOf(i)) encode(pass, stage, step.rows)
    }
    pass.end()
  }

  /** A pass for each dispatch: that is where WebGPU writes timestamps. */
  #encodeTimed(
    encoder: GPUCommandEncoder,
    clock: KernelClock,
    stagesOf: (i: number) => readonly Recorded[],
    count: number,
    minibatch: (i: number) => Minibatch,
  ): void {
    for (let i = 0; i < count; i++) {
      const step = minibatch(i)
      const group = this.#records.set(i, step)
      for (const stage of stagesOf(i)) {
        const pass = clock.beginPass(encoder, stage.name)
        pass.setBindGroup(0, group)
        encode(pass, stage, step.rows)
        pass.end()
      }
    }
    clock.end(encoder)
  }
}
