import type { EpochOrder } from '../backend.ts'
import type { Buffers } from './device/buffers.ts'
import type { Device } from './device/device.ts'
import type { ResidentEpochs } from './plans/resident/kernel.ts'

/** The most entries of the buffer that holds the orders of all networks, unless one epoch has more. */
const ORDER_ENTRIES = 1 << 22

/** The epochs of each network: epochs[network][epoch]. */
export type PopulationEpochs = readonly (readonly EpochOrder[])[]

/** Whether all networks visit the samples in the same order. */
const isShared = (epochs: PopulationEpochs) =>
  epochs.every((own) => own.every(({ order }, e) => order === epochs[0]![e]!.order))

/** Entries of all orders; one that all networks share counts once. */
export const entriesOf = (epochs: PopulationEpochs) =>
  (isShared(epochs) ? 1 : epochs.length) * epochs[0]!.length * epochs[0]![0]!.order.length

/** The orders of a population's epochs on the device. */
export class OrderBuffer {
  readonly #device: Device
  readonly #buffers: Buffers
  #order: GPUBuffer | undefined

  constructor(device: Device, buffers: Buffers) {
    this.#device = device
    this.#buffers = buffers
  }

  /** How many of these epochs it holds at a time; at least 1. */
  mostEpochs(epochs: PopulationEpochs): number {
    return Math.max(1, Math.floor((ORDER_ENTRIES * epochs[0]!.length) / entriesOf(epochs)))
  }

  /** Writes the orders of all networks, or one for all if they share it. */
  write(epochs: PopulationEpochs): Pick<ResidentEpochs, 'order' | 'orderStride'> {
    const entries = entriesOf(epochs)
    const stride = epochs[0]!.length * epochs[0]![0]!.order.length
    const isOne = entries === stride
    const orders = new Uint32Array(entries)
    let place = 0
    for (const { order } of (isOne ? epochs.slice(0, 1) : epochs).flat()) {
      orders.set(order, place)
      place += order.length
    }
    if (this.#order && this.#order.size < 4 * entries) {
      this.#buffers.free(this.#order)
      this.#order = undefined
    }
    this.#order ??= this.#buffers.storage('orders', entries)
    this.#device.write(this.#order, 0, orders)
    return { order: this.#order, orderStride: isOne ? 0 : stride }
  }
}
