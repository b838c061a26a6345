import { checkInteger, checkKeys, describe, InputError } from '../errors.ts'
import type { Dataset } from './dataset.ts'

/** What {@link DataStream.from} takes. */
export interface DataStreamOptions {
  /** How many samples all chunks of a pass hold together. */
  samples: number
  /** Begins a pass over the data: chunks of any sizes, one after another, the same in each pass. */
  chunks: () => AsyncIterable<Dataset> | Iterable<Dataset>
}

/**
 * Data that are larger than memory: they are made or read a chunk at a time, once an epoch. `fit` and `epochs` take a
 * stream in the place of a data set. Samples are shuffled within a window of chunks, never across it; where the stream
 * itself can begin elsewhere or mix its chunks in each pass, the better.
 * @example
 * const data = DataStream.from({ samples: 1e7, chunks: async function* () { for (const file of files) yield await read(file) } })
 * await trainer.fit(data, { epochs: 3, validation })
 */
export class DataStream {
  readonly length: number
  readonly #chunks: DataStreamOptions['chunks']

  private constructor({ samples, chunks }: DataStreamOptions) {
    this.length = samples
    this.#chunks = chunks
  }

  /** @throws InputError for a count that is none, and for chunks that are no function */
  static from(options: DataStreamOptions): DataStream {
    checkKeys('DataStream.from', options, ['samples', 'chunks'])
    checkInteger('samples', options.samples)
    if (typeof options.chunks !== 'function') {
      throw new InputError(`chunks: expected a function that begins a pass, got ${describe(options.chunks)}`)
    }
    return new DataStream(options)
  }

  /**
   * One pass in windows of exactly `rows` samples (the last one what is left), whatever the sizes of the chunks.
   * @throws InputError where the chunks hold another number of samples than was said
   */
  async *windows(rows: number): AsyncGenerator<Dataset> {
    let pending: Dataset[] = []
    let held = 0
    let seen = 0
    for await (const chunk of this.#chunks()) {
      seen += chunk.length
      if (seen > this.length)
        throw new InputError(`stream: more than the ${this.length} samples that it was said to have`)
      pending.push(chunk)
      held += chunk.length
      if (held < rows) continue
      const all = joined(pending)
      let from = 0
      for (; held - from >= rows; from += rows) yield all.slice(from, from + rows)
      pending = from < held ? [all.slice(from, held)] : []
      held -= from
    }
    if (seen < this.length) throw new InputError(`stream: ${seen} samples in a pass, expected ${this.length}`)
    if (held > 0) yield joined(pending)
  }
}

/** Chunks as one data set, with the names of the first. */
function joined(chunks: readonly Dataset[]): Dataset {
  const [first, ...others] = chunks
  return others.length === 0 ? first! : first!.concat(...others)
}
