import { checkConstructor, KEY } from '../core/constructors.ts'
import { checkInstance, checkInteger, describe, InputError } from '../core/errors.ts'
import {
  callback,
  type Checked,
  type Fields,
  instance,
  integer,
  optional,
  readOptions,
  required,
  text,
} from '../core/schema.ts'
import { Dataset } from './dataset.ts'
import { streams } from './streams.ts'

/** What {@link DataStream.from} takes. */
export interface DataStreamOptions {
  /** How many samples all chunks of a pass hold together. */
  samples: number
  /** Begins a pass over the data: chunks of any sizes, one after another, the same in each pass. */
  chunks: () => AsyncIterable<Dataset> | Iterable<Dataset>
  /**
   * A few of the samples, or others like them: what the columns are is then known before a pass. Default: none, and the
   * first chunk is examined.
   */
  example?: Dataset | undefined
  /** A text by which a checkpoint recognises these data. Default: none, and resuming does not check the data. */
  fingerprint?: string | undefined
}

export const dataStreamSchema = {
  name: 'DataStream.from',
  fields: {
    samples: required(integer(1, Number.MAX_SAFE_INTEGER)),
    chunks: required(callback<DataStreamOptions['chunks']>(' that begins a pass')),
    example: optional(instance<Dataset>(Dataset, 'Dataset')),
    fingerprint: optional(text()),
  } satisfies Fields<DataStreamOptions>,
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
  /** A few samples that stand for all: they show columns and classes before the stream is read. */
  readonly example: Dataset | undefined
  /** What identifies the data, so that a checkpoint is only continued with the same ones. */
  readonly fingerprint: string | undefined
  readonly #chunks: DataStreamOptions['chunks']

  private constructor(key: unknown, options: Checked<(typeof dataStreamSchema)['fields']>) {
    checkConstructor(key, 'DataStream', 'DataStream.from({ samples, chunks })')
    const { samples, chunks, example, fingerprint } = options
    streams.add(this)
    this.length = samples
    this.example = example
    this.fingerprint = fingerprint
    this.#chunks = chunks
  }

  /**
   * @param options the number of `samples` in a pass; `chunks`, a function that begins a pass; optionally an `example`
   *   of the samples, and a `fingerprint` by which a checkpoint recognises the data
   * @throws InputError for a count that is no whole number, chunks that are no function, and an example that is no data set
   */
  static from(options: DataStreamOptions): DataStream {
    return new DataStream(KEY, readOptions(dataStreamSchema, options))
  }

  /**
   * The same samples, each chunk changed as it comes: scaled, or weighted.
   * @param change makes a chunk of as many samples; not called before a pass, but for the example
   * @example const weighted = stream.map((chunk) => chunk.withClassWeights([1, 20]))
   */
  map(change: (chunk: Dataset) => Dataset): DataStream {
    if (typeof change !== 'function') throw new InputError(`change: expected a function, got ${describe(change)}`)
    const { length: samples, example, fingerprint } = this
    const chunks = this.#chunks
    return new DataStream(KEY, {
      samples,
      chunks: async function* () {
        for await (const chunk of startPass(chunks)) yield change(chunk)
      },
      example: example && checkInstance('change(example)', change(example), Dataset, 'Dataset'),
      fingerprint,
    })
  }

  /**
   * The first `count` samples of a pass, or all where there are fewer.
   * @param count how many samples are taken, at least 1
   */
  async take(count: number): Promise<Dataset> {
    checkInteger('count', count, 1, Number.MAX_SAFE_INTEGER)
    for await (const window of this.windows(Math.min(count, this.length))) return window
    throw new InputError(`stream: no samples in a pass, expected ${this.length}`)
  }

  /**
   * One pass in windows of exactly `rows` samples (the last one may be smaller), for chunks of any size.
   * @param rows the number of samples in a window, at least 1
   * @throws InputError where the chunks hold another number of samples than was said, or differ in their columns
   */
  async *windows(rows: number): AsyncGenerator<Dataset> {
    checkInteger('rows', rows, 1, Number.MAX_SAFE_INTEGER)
    let pending: Dataset[] = []
    let held = 0
    let seen = 0
    let first: Dataset | undefined
    for await (const chunk of startPass(this.#chunks)) {
      checkChunk(chunk, first)
      first ??= chunk
      seen += chunk.length
      if (seen > this.length) throw new InputError(`stream: more than the ${this.length} samples that \`samples\` says`)
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

/** Begins a pass. @throws InputError where `chunks` returns what cannot be iterated */
function startPass(chunks: DataStreamOptions['chunks']): AsyncIterable<Dataset> | Iterable<Dataset> {
  const pass: unknown = chunks()
  if (typeof pass === 'object' && pass !== null && (Symbol.asyncIterator in pass || Symbol.iterator in pass)) {
    return pass as Iterable<Dataset>
  }
  throw new InputError(`chunks: expected a function that returns an iterable of data sets, got ${describe(pass)}`)
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
