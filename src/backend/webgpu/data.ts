import type { Matrix } from '../../data/matrix.ts'
import type { LoadedData } from '../backend.ts'
import { type Buffers, storageBytes } from './buffers.ts'
import type { DeviceData, LayeredPlan, Passes, Workspace } from './layered.ts'
import { fitBytes, packBytes, packRows, packsOf } from './packs.ts'

/** How a data set is kept. */
export interface DataForm {
  /** How many epochs' orders stand side by side. */
  readonly epochs: number
  /** Whether inputs that are whole 255ths may be kept as bytes. */
  readonly mayBytes: boolean
}

/** Bytes of device memory that a data set takes. */
export function dataBytes(inputs: Matrix, targets: Matrix, { epochs, mayBytes }: DataForm): number {
  const values = (matrix: Matrix) => 4 * packsOf(matrix.cols) * matrix.rows
  const inputValues = values(inputs) / (mayBytes && fitBytes(inputs.data) ? 4 : 1)
  return storageBytes(inputValues) + storageBytes(values(targets)) + storageBytes(inputs.rows * epochs)
}

/** A data set's buffers, with the passes that were bound to it. */
export class WebGPUData implements LoadedData, DeviceData {
  readonly samples: number
  readonly inputs: GPUBuffer
  readonly bytes: boolean
  declare readonly targets?: GPUBuffer
  readonly order: GPUBuffer
  readonly #buffers: Buffers
  readonly #passes = new Map<Workspace, Promise<Passes>>()

  constructor(buffers: Buffers, { epochs, mayBytes }: DataForm, inputs: Matrix, targets?: Matrix) {
    this.#buffers = buffers
    this.samples = inputs.rows
    const { data, rows, cols } = inputs
    this.bytes = mayBytes && fitBytes(data)
    this.inputs = buffers.storage('inputs', this.bytes ? packBytes(data, rows, cols) : packRows(data, rows, cols))
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
