/** A step of a generator, with the generator. */
interface Step<T> {
  readonly generator: AsyncGenerator<T>
  readonly result: IteratorResult<T, unknown>
}

/**
 * Iterates over several generators at the same time: each works on its next value while the others wait or work. Values come
 * in the order in which they are ready.
 */
export class Merged<T> {
  readonly #steps = new Map<AsyncGenerator<T>, Promise<Step<T>>>()

  /** How many generators have not ended. */
  get size(): number {
    return this.#steps.size
  }

  /** Begins another generator. */
  add(generator: AsyncGenerator<T>): void {
    const step = generator.next().then((result) => ({ generator, result }))
    step.catch(() => undefined) // next throws it.
    this.#steps.set(generator, step)
  }

  /** The next value of any of them; undefined where one ended instead. @throws what one of them throws */
  async next(): Promise<T | undefined> {
    const { generator, result } = await Promise.race(this.#steps.values())
    this.#steps.delete(generator)
    if (result.done) return undefined
    this.add(generator)
    return result.value
  }

  /** Ends all of them, each when it has its next value; what they throw meanwhile is not reported. */
  async close(): Promise<void> {
    const generators = [...this.#steps.keys()]
    this.#steps.clear()
    await Promise.allSettled(generators.map((generator) => generator.return(undefined)))
  }
}
