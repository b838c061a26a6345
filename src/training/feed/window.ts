import type { Dataset } from '../../data/dataset.ts'
import { isStream } from '../../data/is-stream.ts'
import type { DataStream } from '../../data/stream.ts'

/** The samples of a window, and the order in which they are visited. */
export interface Window {
  readonly data: Dataset
  readonly order: Uint32Array
}

/** Data that pass through in windows of `rows` samples, a multiple of the batch size. */
export class WindowSource {
  readonly source: Dataset | DataStream
  readonly rows: number
  readonly #isHeld: (window: Dataset) => boolean
  /** Host memory in which windows are put together: one is trained on while the next is made. */
  #spaces: readonly Dataset[] = []

  /** @param isHeld whether a window that was trained on must not change yet */
  constructor(source: Dataset | DataStream, rows: number, isHeld: (window: Dataset) => boolean = () => false) {
    this.source = source
    this.rows = rows
    this.#isHeld = isHeld
  }

  /**
   * The windows of one pass. Those of a data set are its rows in the order given. Those of a stream are its rows as they
   * come; the order shuffles each window, by the ranks of its places.
   * @param order left out, the samples' own order
   */
  async *windows(order?: Uint32Array): AsyncGenerator<Window> {
    const { source, rows } = this
    if (isStream(source)) {
      let from = 0
      for await (const data of source.windows(rows)) {
        const places = order?.subarray(from, from + data.length)
        yield { data, order: places ? ranked(places) : inOrder(data.length) }
        from += data.length
      }
      return
    }
    for (let from = 0; from < source.length; from += rows) {
      const count = Math.min(rows, source.length - from)
      const places = order?.subarray(from, from + count)
      if (!places) yield { data: source.slice(from, from + count), order: inOrder(count) }
      else if (places.length > 0) {
        // The latest one is being trained on.
        const free = this.#spaces.slice(0, -1).find((space) => !this.#isHeld(space))
        const taken = source.take(places, free)
        const used = free ?? (count === rows ? taken : undefined)
        if (used) this.#spaces = [...this.#spaces.filter((space) => space !== used), used]
        yield { data: taken, order: inOrder(places.length) }
      }
    }
  }
}

const inOrder = (count: number) => Uint32Array.from({ length: count }, (_, i) => i)

/** The places 0, 1, 2 …, sorted by the values at them. */
function ranked(values: Uint32Array): Uint32Array {
  return inOrder(values.length).sort((a, b) => values[a]! - values[b]!)
}
