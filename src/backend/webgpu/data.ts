import type { Matrix } from '../../core/matrix.ts'
import type { DataHandle, DataSource } from '../backend.ts'
import { type Buffers, storageBytes } from './device/buffers.ts'
import type { Device } from './device/device.ts'
import { fitBytes, packBytes, packRows, packsOf } from './kernels/packs.ts'

/** How a data set is kept. */
export interface DataForm {
  /** How many epochs' orders the order buffer holds. */
  readonly epochs: number
  /** Whether inputs that are whole 255ths may be kept as bytes. */
  readonly mayBytes: boolean
  /** Whether there is a second copy, for the rows in the epoch's order. */
  readonly sorted?: boolean
}

/** Rows of targets in packs; where samples have weights, each row ends with a pack that begins with its own. */
export function packTargets({ data, rows, cols }: Matrix, weights: Float32Array | undefined): Float32Array {
  const packed = packRows(data, rows, cols)
  if (!weights) return packed
  const width = 4 * packsOf(cols)
  const wider = new Float32Array(rows * (width + 4))
  for (let i = 0; i < rows; i++) {
    wider.set(packed.subarray(i * width, (i + 1) * width), i * (width + 4))
    wider[i * (width + 4) + width] = weights[i]!
  }
  return wider
}

/** Bytes of device memory that a data set takes. */
export function dataBytes({ inputs, targets, weights }: DataSource, { epochs, mayBytes, sorted }: DataForm): number {
  const values = (matrix: Matrix) => 4 * packsOf(matrix.cols) * matrix.rows
  const inputValues = values(inputs) / (mayBytes && fitBytes(inputs.data) ? 4 : 1)
  const weightPacks = weights ? 4 * inputs.rows : 0
  const rows = storageBytes(inputValues) + (targets ? storageBytes(values(targets) + weightPacks) : 0)
  return (sorted ? 2 : 1) * rows + storageBytes(inputs.rows * epochs)
}

/** How many rows of such data fit: inputs and targets into one binding each, all together into `bytes` bytes. */
export function rowsWithin(
  { inputs, targets, weights }: DataSource,
  { epochs, mayBytes, sorted }: DataForm,
  binding: number,
  bytes: number,
): number {
  const targetBytes = targets ? 16 * (packsOf(targets.cols) + (weights ? 1 : 0)) : 0
  const rows = (inputBytes: number) => {
    // Each row has an entry in the order, too.
    const all = (sorted ? 2 : 1) * (inputBytes + targetBytes) + 4 * epochs
    return Math.floor(Math.min(binding / Math.max(inputBytes, targetBytes), bytes / all))
  }
  const floats = 16 * packsOf(inputs.cols)
  // Whether they fit a byte each is known only once all are read: not where it makes no difference.
  if (rows(floats) >= inputs.rows || !mayBytes || !fitBytes(inputs.data)) return rows(floats)
  return rows(floats / 4)
}

/** A data set on the device. */
export class WebGPUData implements DataHandle {
  readonly samples: number
  readonly inputs: GPUBuffer
  /** Whether the inputs are kept as bytes, each a whole 255th. */
  readonly bytes: boolean
  /** Whether each row of the targets ends with the sample's weight. */
  readonly weighted: boolean
  /** Absent if there is nothing to score against (prediction). */
  declare readonly targets?: GPUBuffer
  /** One u32 for each sample: the row that is visited at this place. */
  readonly order: GPUBuffer
  /** Space for inputs and targets in the epoch's order, for large data sets that are read row by row. */
  declare readonly sorted?: { readonly inputs: GPUBuffer; readonly targets: GPUBuffer }
  readonly #buffers: Buffers
  /** Whether the order buffer has the rows' own order. */
  #inRowOrder = false

  constructor(buffers: Buffers, { epochs, mayBytes, sorted }: DataForm, { inputs, targets, weights }: DataSource) {
    this.#buffers = buffers
    this.samples = inputs.rows
    const { data, rows, cols } = inputs
    this.bytes = mayBytes && fitBytes(data)
    this.inputs = buffers.storage('inputs', this.bytes ? packBytes(data, rows, cols) : packRows(data, rows, cols))
    this.weighted = weights !== undefined
    if (targets) this.targets = buffers.storage('targets', packTargets(targets, weights))
    if (sorted && this.targets) {
      const like = (label: string, { size }: GPUBuffer) => buffers.storage(label, size / 4)
      this.sorted = { inputs: like('inputs in order', this.inputs), targets: like('targets in order', this.targets) }
    }
    this.order = buffers.storage('order', inputs.rows * epochs)
  }

  get memory(): number {
    return this.#own.reduce((sum, { size }) => sum + size, 0)
  }

  get #own(): GPUBuffer[] {
    const { inputs, targets, order, sorted } = this
    return [inputs, order, ...(targets ? [targets] : []), ...(sorted ? [sorted.inputs, sorted.targets] : [])]
  }

  /**
   * Writes epochs' orders into the order buffer, one after another: minibatches are gathered through it.
   * @param orders left out, the rows' own order, for scores and outputs; it is written only where another one is there
   */
  setOrder(device: Device, orders?: Uint32Array): void {
    if (orders) device.write(this.order, 0, orders)
    else if (!this.#inRowOrder)
      device.write(
        this.order,
        0,
        Uint32Array.from({ length: this.samples }, (_, i) => i),
      )
    this.#inRowOrder = orders === undefined
  }

  dispose(): void {
    this.#buffers.free(...this.#own)
  }
}

/** The buffers behind a handle that `upload` gave. */
export function ownData(handle: DataHandle): WebGPUData {
  if (handle instanceof WebGPUData) return handle
  throw new Error('the data were uploaded to another backend')
}

/** The orders of the epochs, one after another. */
export function ordersOf(epochs: readonly { readonly order: Uint32Array }[]): Uint32Array {
  if (epochs.length === 1) return epochs[0]!.order
  const orders = new Uint32Array(epochs.reduce((sum, { order }) => sum + order.length, 0))
  let place = 0
  for (const { order } of epochs) {
    orders.set(order, place)
    place += order.length
  }
  return orders
}
