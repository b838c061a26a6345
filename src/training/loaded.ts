import { InputError } from '../core/errors.ts'
import type { Dataset } from '../data/dataset.ts'
import type { DataStream } from '../data/stream.ts'
import type { Feed } from './feed/feed.ts'

/** Data as the calls of a trainer take them. */
export type TrainingData = Dataset | DataStream | LoadedData

/** What loaded data consist of; not part of the public API. */
export class LoadedParts {
  /** The trainer that loaded them. */
  readonly owner: object
  readonly source: Dataset | DataStream
  readonly feed: Feed
  #users = 0
  #isDisposed = false

  constructor(owner: object, source: Dataset | DataStream, feed: Feed) {
    this.owner = owner
    this.source = source
    this.feed = feed
  }

  get isDisposed(): boolean {
    return this.#isDisposed
  }

  /** Keeps the data on the device until the function that is returned is called. */
  use(): () => void {
    this.#users++
    return () => {
      this.#users--
      this.#free()
    }
  }

  dispose(): void {
    if (this.#isDisposed) return
    this.#isDisposed = true
    this.#free()
  }

  #free(): void {
    if (this.#isDisposed && this.#users === 0) this.feed.dispose()
  }
}

const partsOf = new WeakMap<LoadedData, LoadedParts>()

/**
 * Data that a trainer holds on its device, made by {@link Trainer.load}: `fit`, `epochs`, `steps`, `evaluate` and `predict`
 * take it in the place of the data set, as often as needed, and nothing is uploaded again.
 * @example
 * const data = await trainer.load(train)
 * await trainer.fit(data, { epochs: 30 })
 * console.log(await trainer.evaluate(data))
 * data.dispose()
 */
export class LoadedData {
  /** The number of samples. */
  readonly length: number

  /** @internal Use {@link Trainer.load}. */
  constructor(parts: LoadedParts) {
    if (!(parts instanceof LoadedParts)) throw new InputError('LoadedData: use `await trainer.load(data)` to make one')
    this.length = parts.source.length
    partsOf.set(this, parts)
  }

  /** Whether {@link LoadedData.dispose} was called. */
  get isDisposed(): boolean {
    return partsOf.get(this)!.isDisposed
  }

  /**
   * Frees the device's copy; where a call uses it, when that call has ended. The trainer's `dispose` frees it, too. Calling
   * it again does nothing.
   */
  dispose(): void {
    partsOf.get(this)!.dispose()
  }

  /** Frees the data, at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.dispose()
  }
}

/**
 * The data and the feed behind loaded data.
 * @throws InputError for data that another trainer loaded, and for data that were disposed of
 */
export function loadedParts(data: LoadedData, owner: object, name: string): LoadedParts {
  const parts = partsOf.get(data)
  if (parts?.owner !== owner) throw new InputError(`${name}: these data were loaded by another trainer`)
  if (parts.isDisposed) throw new InputError(`${name}: these data were disposed of`)
  return parts
}

/** The data behind loaded data. */
export const sourceOf = (data: LoadedData): Dataset | DataStream => partsOf.get(data)!.source
