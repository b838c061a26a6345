import type { DataSource } from '../../backend.ts'
import { addressOf, blockBytes, type Heap } from './heap.ts'

/** The addresses of a data set in the memory of WebAssembly; 0 for what it does not have. */
interface Held {
  readonly inputs: number
  readonly targets: number
  readonly weights: number
}

/** Copies of data sets, and of the order of an epoch, in the memory of WebAssembly. */
export class HeldData {
  readonly #heap: Heap
  readonly #held = new Map<DataSource, Held>()
  /** The order that was placed last, and the copy of it. */
  #order: { readonly from: Uint32Array; readonly own: Uint32Array } | undefined

  constructor(heap: Heap) {
    this.#heap = heap
  }

  /** Bytes that training on a data set takes in addition to what is held: the copy, and the order of an epoch. */
  bytesOf(data: DataSource): number {
    const { inputs, targets, weights } = data
    const copied = this.#held.has(data) ? [] : [inputs.data, targets?.data, weights]
    const blocks = copied.map((values) => (values ? blockBytes(4 * values.length) : 0))
    const order = blockBytes(4 * inputs.rows) - (this.#order ? blockBytes(this.#order.own.byteLength) : 0)
    return blocks.reduce((sum, bytes) => sum + bytes, order)
  }

  /** Copies a data set, once. */
  hold(data: DataSource): Held {
    const known = this.#held.get(data)
    if (known) return known
    const placed: number[] = []
    const copy = (values: ArrayLike<number> | undefined) => {
      if (!values) return 0
      const own = this.#heap.floats(values.length)
      own.set(values)
      placed.push(addressOf(own))
      return addressOf(own)
    }
    try {
      const held = { inputs: copy(data.inputs.data), targets: copy(data.targets?.data), weights: copy(data.weights) }
      this.#held.set(data, held)
      return held
    } catch (error) {
      // The rest did not fit.
      for (const address of placed) this.#heap.free(address)
      throw error
    }
  }

  /** Frees the copy of a data set. */
  release(data: DataSource): void {
    const held = this.#held.get(data)
    if (!held) return
    this.#held.delete(data)
    for (const address of [held.inputs, held.targets, held.weights]) this.#heap.free(address)
  }

  /**
   * @param isNew whether an epoch begins: the array may hold another order than before
   * @returns the address of a copy of the order
   */
  placeOrder(order: Uint32Array, isNew: boolean): number {
    if (isNew || this.#order?.from !== order) {
      const own = this.#order?.own.length === order.length ? this.#order.own : this.#newOrder(order.length)
      own.set(order)
      this.#order = { from: order, own }
    }
    return addressOf(this.#order.own)
  }

  #newOrder(length: number): Uint32Array {
    if (this.#order) this.#heap.free(addressOf(this.#order.own))
    this.#order = undefined
    return this.#heap.integers(length)
  }
}
