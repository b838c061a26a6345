import type { LoadedData } from '../backend/backend.ts'
import { Dataset } from '../data/dataset.ts'
import { Matrix } from '../core/matrix.ts'
import { DataStream } from '../data/stream.ts'

/** Data that pass through the device in windows. */
export class WindowedData implements LoadedData {
  readonly samples: number
  readonly source: Dataset | DataStream
  /** Samples of a window; a whole number of minibatches. */
  readonly rows: number
  /** Those under way are freed when their turn is over. */
  readonly memory = 0
  /** Memory of the host that windows are put together in, by turns: one is trained on while the next is made. */
  readonly spaces: (Dataset | undefined)[] = []

  constructor(source: Dataset | DataStream, rows: number) {
    this.source = source
    this.rows = rows
    this.samples = source.length
  }

  dispose(): void {
    // Windows are freed one by one.
  }
}

/** What is visited in a window, and in which order. */
export interface Window {
  readonly data: Dataset
  readonly order: Uint32Array
}

/** Numbers of inputs that a window of a stream has at most: a window is in host memory, too. */
export const MOST_STREAMED = 1 << 23

/**
 * The windows of a pass. Those of a data set are its rows in the order given; a stream's come as they come, and the order
 * mixes each of them: its places there, ranked.
 */
export async function* windowsOf({ source, rows, spaces }: WindowedData, order?: Uint32Array): AsyncGenerator<Window> {
  if (source instanceof DataStream) {
    let from = 0
    for await (const data of source.windows(rows)) {
      const places = order?.subarray(from, from + data.length)
      yield { data, order: places ? ranked(places) : inOrder(data.length) }
      from += data.length
    }
    return
  }
  for (let from = 0, turn = 0; from < source.length; from += rows, turn = 1 - turn) {
    const count = Math.min(rows, source.length - from)
    const places = order?.subarray(from, from + count)
    if (!places) yield { data: source.slice(from, from + count), order: inOrder(count) }
    else if (places.length > 0) {
      const taken = source.take(places, spaces[turn])
      spaces[turn] ??= taken
      yield { data: taken, order: inOrder(places.length) }
    }
  }
}

/** So many samples with the columns of an example, whose inputs do not fit a byte each. */
export function likeness({ inputs, targets, weights }: Dataset, rows: number): Dataset {
  const x = new Matrix(rows, inputs.cols)
  x.data[0] = 0.1
  return Dataset.from(x, new Matrix(rows, targets.cols), { weights: weights && new Float32Array(rows).fill(1) })
}

const inOrder = (count: number) => Uint32Array.from({ length: count }, (_, i) => i)

/** The places 0, 1, 2 … in the order in which the values stand to each other. */
function ranked(values: Uint32Array): Uint32Array {
  return inOrder(values.length).sort((a, b) => values[a]! - values[b]!)
}
