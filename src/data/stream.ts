import { checkInstance, checkInteger, checkKeys, describe, InputError } from '../core/errors.ts'
import { Dataset } from './dataset.ts'

/** What {@link DataStream.from} takes. */
export interface DataStreamOptions {
  /** How many samples all chunks of a pass hold together. */
  samples: number
  /** Begins a pass over the data: chunks of any sizes, one after another, the same in each pass. */
  chunks: () => AsyncIterable<Dataset> | Iterable<Dataset>
  /**
   * A few of the samples, or others like them: what the columns are is then known before a pass. Default: none, and the
   * first chunk is looked at.
   */
  example?: Dataset | undefined
  /** A text by which a checkpoint tells these data from others. Default: none, and resuming cannot tell. */
  fingerprint?: string | undefined
}

/**
 * Data that are larger than memory: they are made or read a chunk at a time, once an epoch. `fit` and `epochs` take a
 * stream in the place of a data set. Samples are shuffled within a window of chunks, never across it; where the stream
 * itself can begin elsewhere or mix its chunks in each pass, the better.
 * @example
 * const files = ['part-1.csv', 'part-2.csv'] // of 1000 rows each
 * const chunks = async function* () {
 *   for (const file of files) yield (await readDataset(file)).train
 * }
 * const data = DataStream.from({ samples: 2000, chunks })
 * await trainer.fit(data, { epochs: 3, validation })
 */
export class DataStream {
  /** How many samples a pass has. */
  readonly length: number
  readonly example: Dataset | undefined
  readonly fingerprint: string | undefined
  readonly #chunks: DataStreamOptions['chunks']

  private constructor({ samples, chunks, example, fingerprint }: DataStreamOptions) {
    this.length = samples
    this.example = example
    this.fingerprint = fingerprint
    this.#chunks = chunks
  }

  /** @throws InputError for a count that is none, chunks that are no function, and an example that is no data set */
  static from(options: DataStreamOptions): DataStream {
    checkKeys('DataStream.from', options, ['samples', 'chunks', 'example', 'fingerprint'])
    checkInteger('samples', options.samples, 1, Number.MAX_SAFE_INTEGER)
    const { chunks, example, fingerprint } = options
    if (typeof chunks !== 'function') {
      throw new InputError(`chunks: expected a function that begins a pass, got ${describe(chunks)}`)
    }
    if (example !== undefined) checkInstance('example', example, Dataset, 'Dataset')
    if (fingerprint !== undefined && typeof fingerprint !== 'string') {
      throw new InputError(`fingerprint: expected text, got ${describe(fingerprint)}`)
    }
    return new DataStream(options)
  }

  /**
   * The same samples, each chunk changed as it comes: scaled, or weighted.
   * @param change makes a chunk of as many samples; not called before a pass, but for the example
   * @example const weighted = stream.map((chunk) => chunk.withClassWeights([1, 20]))
   */
  map(change: (chunk: Dataset) => Dataset): DataStream {
    const { length: samples, example, fingerprint } = this
    const chunks = this.#chunks
    return new DataStream({
      samples,
      chunks: async function* () {
        for await (const chunk of chunks()) yield change(chunk)
      },
      example: example && change(example),
      fingerprint,
    })
  }

  /** The first samples of a pass, at most so many: to look at. */
  async take(count: number): Promise<Dataset> {
    for await (const window of this.windows(Math.min(count, this.length))) return window
    throw new InputError(`stream: no samples in a pass, expected ${this.length}`)
  }

  /**
   * One pass in windows of exactly `rows` samples (the last one what is left), whatever the sizes of the chunks.
   * @throws InputError where the chunks hold another number of samples than was said, or differ in their columns
   */
  async *windows(rows: number): AsyncGenerator<Dataset> {
    let pending: Dataset[] = []
    let held = 0
    let seen = 0
    let first: Dataset | undefined
    for await (const chunk of this.#chunks()) {
      checkChunk(chunk, first)
      first ??= chunk
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

function checkChunk(chunk: unknown, first: Dataset | undefined): void {
  if (!(chunk instanceof Dataset)) {
    throw new InputError(`stream: expected chunks that are a Dataset, got ${describe(chunk)}`)
  }
  const say = ({ inputs, targets }: Dataset) => `${inputs.cols} input and ${targets.cols} target columns`
  if (first && say(chunk) !== say(first)) {
    throw new InputError(`stream: a chunk has ${say(chunk)}, the first has ${say(first)}`)
  }
}

/** Chunks as one data set, with the names of the first. */
function joined(chunks: readonly Dataset[]): Dataset {
  const [first, ...others] = chunks
  return others.length === 0 ? first! : first!.concat(...others)
}

/** Samples that say what the columns of data are. @throws InputError for a stream without an example */
export function exampleOf(data: Dataset | DataStream): Dataset {
  if (data instanceof Dataset) return data
  if (data.example) return data.example
  throw new InputError('stream: nothing is known of it before it comes; make it with an example')
}
