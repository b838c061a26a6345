import type { StepScalars } from '../../../optimizer/optimizer.ts'
import { writeScalars } from '../kernels/rule.ts'
import type { Buffers } from '../device/buffers.ts'
import type { Device } from '../device/device.ts'
import { STEP_BYTES } from '../kernels/kernels.ts'

/** How many steps have records at the same time: the most steps of one submit. */
export const MOST_STEPS = 512

/** What a pass that makes no update is given for the optimizer's scalars. */
export const noUpdate: StepScalars = { stepSize: 0, decay: 0, correction: 1, gradientStep: 0 }

/** One minibatch: where it begins in the epoch's order, its samples, the step's number, and the optimizer's scalars. */
export interface Minibatch {
  readonly start: number
  readonly rows: number
  /** Counted from 1; 0 where no step is made. */
  readonly number: number
  /** Whether correct labels are counted, and not correct samples; default false. */
  readonly countsLabels?: boolean
  readonly scalars: StepScalars
}

/**
 * The records of the steps of one submit (struct Step of shaders/step.wgsl), each with a separate bind group. Dynamic
 * offsets would need only one, but cost 70 µs per dispatch on lavapipe; bind groups that exist already cost nothing.
 */
export class StepRecords {
  readonly buffer: GPUBuffer
  readonly #device: Device
  readonly #layout: GPUBindGroupLayout
  readonly #groups: GPUBindGroup[] = []
  readonly #stride: number
  readonly #words: Uint32Array
  readonly #numbers: Float32Array

  constructor(device: Device, buffers: Buffers, layout: GPUBindGroupLayout) {
    this.#device = device
    this.#layout = layout
    this.#stride = Math.max(STEP_BYTES, device.gpu.limits.minUniformBufferOffsetAlignment)
    this.buffer = buffers.uniform('steps', MOST_STEPS * this.#stride)
    this.#words = new Uint32Array((MOST_STEPS * this.#stride) / 4)
    this.#numbers = new Float32Array(this.#words.buffer)
  }

  /** Sets record `index` in host memory and returns its bind group. */
  set(index: number, { start, rows, number, countsLabels = false, scalars }: Minibatch): GPUBindGroup {
    const place = (index * this.#stride) / 4
    this.#words[place] = start
    this.#words[place + 1] = rows
    this.#words[place + 2] = number
    this.#words[place + 3] = Number(countsLabels)
    writeScalars(this.#numbers, place + 4, scalars)
    return this.#group(index)
  }

  /** Made when a submit is first so long, and kept. */
  #group(index: number): GPUBindGroup {
    let group = this.#groups[index]
    if (!group) {
      const resource = { buffer: this.buffer, offset: index * this.#stride, size: STEP_BYTES }
      const entries = [{ binding: 0, resource }]
      group = this.#device.gpu.createBindGroup({ label: 'webgpu-mlp step', layout: this.#layout, entries })
      this.#groups[index] = group
    }
    return group
  }

  /** Sends the first `count` records; what was submitted before still sees the old ones. */
  upload(count: number): void {
    this.#device.write(this.buffer, 0, this.#words, 0, (count * this.#stride) / 4)
  }
}
