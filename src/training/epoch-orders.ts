import { epochOrder } from '../data/minibatch.ts'
import type { Feed } from './feed/feed.ts'

/** Makes the orders of epochs, those of the next ones while the device is at work. */
export class EpochOrders {
  readonly #seed: number
  /** Orders of the next epochs of the data that are trained on. */
  #prepared: { readonly feed: Feed; readonly orders: Uint32Array[] } | undefined

  constructor(seed: number) {
    this.#seed = seed
  }

  #make({ samples }: Feed, first: number, count: number, shuffle: boolean): Uint32Array[] {
    // Views of one array: of small data sets, making an array for each epoch takes longer than shuffling it.
    const all = new Uint32Array(count * samples)
    return Array.from({ length: count }, (_, i) =>
      epochOrder(samples, this.#seed, first + i, shuffle, all.subarray(i * samples, (i + 1) * samples)),
    )
  }

  prepare(feed: Feed, first: number, count: number, shuffle: boolean): void {
    this.#prepared = { feed, orders: this.#make(feed, first, count, shuffle) }
  }

  /** The orders of `count` epochs from `first` on, those that were prepared among them. */
  take(feed: Feed, first: number, count: number, shuffle: boolean): Uint32Array[] {
    const prepared = feed === this.#prepared?.feed ? this.#prepared.orders.slice(0, count) : []
    this.#prepared = undefined
    return [...prepared, ...this.#make(feed, first + prepared.length, count - prepared.length, shuffle)]
  }

  forget(): void {
    this.#prepared = undefined
  }
}
