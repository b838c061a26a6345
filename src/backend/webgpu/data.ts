import type { Matrix } from '../../data/matrix.ts'
import type { LoadedData } from '../backend.ts'
import type { Buffers } from './buffers.ts'
import type { DeviceData, LayeredPlan, Passes, Workspace } from './layered.ts'

/** A data set's buffers, with the passes that were bound to it. */
export class WebGPUData implements LoadedData, DeviceData {
  readonly samples: number
  readonly inputs: GPUBuffer
  declare readonly targets?: GPUBuffer
  readonly order: GPUBuffer
  readonly #buffers: Buffers
  readonly #passes = new Map<Workspace, Passes>()

  /** @param epochs how many epochs' orders are kept side by side */
  constructor(buffers: Buffers, inputs: Matrix, targets?: Matrix, epochs = 1) {
    this.#buffers = buffers
    this.samples = inputs.rows
    this.inputs = buffers.storage('inputs', inputs.data)
    if (targets) this.targets = buffers.storage('targets', targets.data)
    const order = new Uint32Array(inputs.rows * epochs)
    for (let i = 0; i < inputs.rows; i++) order[i] = i
    this.order = buffers.storage('order', order)
  }

  get memory(): number {
    return this.inputs.size + this.order.size + (this.targets?.size ?? 0)
  }

  passes(plan: LayeredPlan, space: Workspace): Passes {
    let passes = this.#passes.get(space)
    if (!passes) {
      passes = plan.bind(this, space)
      this.#passes.set(space, passes)
    }
    return passes
  }

  dispose(): void {
    this.#passes.clear()
    this.#buffers.free(this.inputs, this.order, ...(this.targets ? [this.targets] : []))
  }
}

/** The buffers behind a handle that `load` gave. */
export function ownData(handle: LoadedData): WebGPUData {
  if (handle instanceof WebGPUData) return handle
  throw new Error('the data were loaded by another backend')
}
