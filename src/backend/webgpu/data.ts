import type { Matrix } from '../../data/matrix.ts'
import type { LoadedData } from '../backend.ts'
import type { Buffers } from './buffers.ts'
import type { DeviceData, LayeredPlan, Passes, Workspace } from './layered.ts'
import { packBytes, packRows } from './packs.ts'

/** A data set's buffers, with the passes that were bound to it. */
export class WebGPUData implements LoadedData, DeviceData {
  readonly samples: number
  readonly inputs: GPUBuffer
  readonly bytes: boolean
  declare readonly targets?: GPUBuffer
  readonly order: GPUBuffer
  readonly #buffers: Buffers
  readonly #passes = new Map<Workspace, Promise<Passes>>()

  /**
   * @param epochs how many epochs' orders are kept side by side
   * @param mayBytes whether inputs that are whole 255ths may be kept as bytes
   */
  constructor(buffers: Buffers, inputs: Matrix, targets?: Matrix, { epochs = 1, mayBytes = true } = {}) {
    this.#buffers = buffers
    this.samples = inputs.rows
    const bytes = mayBytes ? packBytes(inputs.data, inputs.rows, inputs.cols) : undefined
    this.bytes = bytes !== undefined
    this.inputs = buffers.storage('inputs', bytes ?? packRows(inputs.data, inputs.rows, inputs.cols))
    if (targets) this.targets = buffers.storage('targets', packRows(targets.data, targets.rows, targets.cols))
    const order = new Uint32Array(inputs.rows * epochs)
    for (let i = 0; i < inputs.rows; i++) order[i] = i
    this.order = buffers.storage('order', order)
  }

  get memory(): number {
    return this.inputs.size + this.order.size + (this.targets?.size ?? 0)
  }

  passes(plan: LayeredPlan, space: Workspace): Promise<Passes> {
    let passes = this.#passes.get(space)
    if (!passes) {
      passes = plan.bind(this, space)
      this.#passes.set(space, passes)
    }
    return passes
  }

  /** The passes in a workspace are to be bound anew. */
  forget(space: Workspace): void {
    this.#passes.delete(space)
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
