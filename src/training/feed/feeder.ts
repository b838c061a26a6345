import type { Placement } from '../../backend/backend.ts'
import { InputError } from '../../core/errors.ts'
import { describeBytes, fewerRows, resultArray } from '../../core/memory.ts'
import { Matrix } from '../../core/matrix.ts'
import { Dataset } from '../../data/dataset.ts'
import { exampleOf, isStream } from '../../data/is-stream.ts'
import type { DataStream } from '../../data/stream.ts'
import { LoadedData, type TrainingData } from '../loaded.ts'
import { type Feed, WholeFeed } from './feed.ts'
import type { Passage } from './windows.ts'

/** Prediction uploads at most this many values at a time. */
const UPLOAD_VALUES = 1 << 23

/** Numbers of inputs that a window of a stream has at most: a window is in host memory, too. */
const MOST_STREAMED = 1 << 23

/** What decides how data reach a placed network. */
export interface FeederSettings {
  readonly batchSize: number
  /** The most bytes of device memory that training data take; Infinity for what the device can bind. */
  readonly dataMemory: number
  /** Whether time is measured: then nothing overlaps. */
  readonly isTimed: boolean
  /** Throws where a stream's chunk does not go with the network. */
  readonly check: (chunk: Dataset) => void
  /** Whether correct labels are counted, and not correct samples: known once the network has its task. */
  readonly countsLabels: () => boolean
}

/** Brings data to a placed network: as a whole where they fit, else in windows. */
export class Feeder {
  readonly #placement: Placement
  readonly #batchSize: number
  readonly #mostBytes: number
  readonly #passage: Passage

  constructor(placement: Placement, settings: FeederSettings) {
    const { batchSize, dataMemory, isTimed, check, countsLabels } = settings
    this.#placement = placement
    this.#batchSize = batchSize
    this.#mostBytes = dataMemory
    this.#passage = { placement, ahead: !isTimed, check, countsLabels }
  }

  /** Uploads data, or prepares their windows. */
  async feed(data: Dataset | DataStream): Promise<Feed> {
    if (isStream(data)) return this.#streamFeed(data)
    const rows = this.#windowRows(data)
    if (rows < Infinity) return this.#windowed(data, rows)
    const { countsLabels } = this.#passage
    return new WholeFeed(this.#placement, data, await this.#placement.upload(data), countsLabels)
  }

  /** The example, or the first chunk, says how many samples a window has. */
  async #streamFeed(stream: DataStream): Promise<Feed> {
    const example = stream.example ?? (await stream.take(this.#batchSize))
    this.#passage.check(example)
    return this.#windowed(stream, this.#streamRows(example))
  }

  /** Data that pass through in windows of `rows` samples, for which the code is loaded when the first are. */
  async #windowed(source: Dataset | DataStream, rows: number): Promise<Feed> {
    const { WindowedFeed } = await import('./windows.ts')
    return new WindowedFeed(source, rows, this.#passage)
  }

  /** Samples of a window of such data; Infinity where all of them fit. Two windows are held at once. */
  #windowRows(data: Dataset): number {
    const most = this.#placement.capacity.rowsWithin(data, this.#mostBytes)
    if (data.length <= most) return Infinity
    const half = this.#mostBytes < Infinity ? Math.floor(most / 2) : most
    return this.#wholeMinibatches(half, data)
  }

  /** As many rows of whole minibatches, but at least one. @throws InputError where that is more than dataMemory */
  #wholeMinibatches(rows: number, example: Dataset): number {
    if (rows >= this.#batchSize) return Math.floor(rows / this.#batchSize) * this.#batchSize
    if (this.#mostBytes < Infinity) this.#checkWindow(likeness(example, Math.min(this.#batchSize, example.length)))
    return this.#batchSize
  }

  /** Checks that two windows fit into dataMemory: one is trained on while the next is sent. */
  #checkWindow(window: Dataset): void {
    const needed = 2 * this.#placement.capacity.bytesOf(window, 'once')
    if (needed <= this.#mostBytes) return
    throw new InputError(
      `dataMemory: two windows of one minibatch (batchSize ${this.#batchSize}) take ${describeBytes(needed)}, more than ` +
        `${describeBytes(this.#mostBytes)}; use a larger dataMemory or a smaller batchSize`,
    )
  }

  /** Samples of a window of a stream with such chunks. */
  #streamRows(example: Dataset): number {
    // A single row does not say whether all values of the stream fit into a byte each.
    const most = this.#placement.capacity.rowsWithin(example.slice(0, 1), this.#mostBytes)
    const rows = Math.min(most / (this.#mostBytes < Infinity ? 2 : 1), MOST_STREAMED / example.inputs.cols)
    return this.#wholeMinibatches(rows, example)
  }

  /**
   * Bytes held while training on `train` and scoring `validation`; of data that are loaded already, only their number of
   * samples matters. Exact for data that fit and for windows of training data; an upper bound for data that are scored in
   * windows, and for streams, whose chunks may turn out to take less.
   * @throws InputError for a stream without an example
   */
  memoryFor(train: TrainingData, validation: TrainingData | undefined): number {
    const { capacity } = this.#placement
    const trained = this.#heldAtOnce(train)
    const scored = validation && this.#heldAtOnce(validation)
    const own = capacity.held + trained.bytes
    if (!scored) return own
    return own + capacity.bytesToScore(scored.samples) + (validation === train && !scored.isWindow ? 0 : scored.bytes)
  }

  /** Samples and bytes that are on the device at once, in addition to what is there already. */
  #heldAtOnce(data: TrainingData): { readonly samples: number; readonly bytes: number; readonly isWindow: boolean } {
    if (data instanceof LoadedData) return { samples: data.length, bytes: 0, isWindow: false }
    const { capacity } = this.#placement
    // Two windows are there at once.
    const ofWindow = (window: Dataset) => ({
      samples: window.length,
      bytes: 2 * capacity.bytesOf(window, 'once'),
      isWindow: true,
    })
    if (isStream(data)) {
      const example = exampleOf(data)
      return ofWindow(likeness(example, Math.min(data.length, this.#streamRows(example))))
    }
    const rows = this.#windowRows(data)
    if (rows < data.length) return ofWindow(data.slice(0, rows))
    return { samples: data.length, bytes: capacity.bytesOf(data, 'repeatedly'), isWindow: false }
  }

  /** The outputs for each row of the inputs: rows × outputs, row-major. */
  async predict(inputs: Matrix, outputs: number): Promise<Float32Array> {
    const answers = resultArray('predictions', inputs.rows * outputs, fewerRows)
    const fitting = this.#placement.capacity.rowsWithin({ inputs }, Infinity)
    const most = Math.max(1, Math.min(fitting, Math.floor(UPLOAD_VALUES / inputs.cols)))
    for (let first = 0; first < inputs.rows; first += most) {
      const count = Math.min(most, inputs.rows - first)
      const values = inputs.data.subarray(first * inputs.cols, (first + count) * inputs.cols)
      const handle = await this.#placement.upload({ inputs: new Matrix(count, inputs.cols, values) }, 'once')
      try {
        answers.set(await this.#placement.outputs(handle), first * outputs)
      } finally {
        handle.dispose()
      }
    }
    return answers
  }
}

/** Data of `rows` samples with the columns of an example, whose inputs do not fit into a byte each. */
function likeness({ inputs, targets, weights }: Dataset, rows: number): Dataset {
  const x = new Matrix(rows, inputs.cols)
  x.data[0] = 0.1
  return Dataset.from(x, new Matrix(rows, targets.cols), { weights: weights && new Float32Array(rows).fill(1) })
}
