import type { Profiler } from '../backend/profiler.ts'
import { InputError } from '../core/errors.ts'

/** The ways of training. One of them at a time. */
export type TrainingName = 'fit' | 'epochs' | 'steps' | 'resume'

/**
 * The order of a trainer's calls: one at a time, first come, first served, and none after `dispose`. Training takes its
 * turn for each of its epochs or steps, so that other calls are answered between them. What runs or waits when the trainer
 * is disposed of rejects at once, whatever its backend is waiting for.
 */
export class CallQueue {
  readonly #profiler: Profiler | undefined
  /** Resolves when the last call that was made has ended. */
  #last: Promise<void> = Promise.resolve()
  #training: TrainingName | undefined
  #disposed = false
  /** Reject the calls that run or wait. */
  readonly #interrupts = new Set<() => void>()

  constructor(profiler: Profiler | undefined) {
    this.#profiler = profiler
  }

  /** Runs `work` when the calls that were made before have ended. `work` must not wait for another call. */
  async run<T>(what: string, work: () => Promise<T>): Promise<T> {
    this.check(what)
    const before = this.#last
    let end!: () => void
    this.#last = new Promise((resolve) => {
      end = resolve
    })
    let interrupt!: () => void
    const interrupted = new Promise<never>((_, reject) => {
      interrupt = () => reject(endedByDispose(what))
    })
    this.#interrupts.add(interrupt)
    try {
      return await Promise.race([this.#after(before, work), interrupted])
    } finally {
      this.#interrupts.delete(interrupt)
      end()
    }
  }

  async #after<T>(before: Promise<void>, work: () => Promise<T>): Promise<T> {
    await before
    // Interrupted already: nobody sees this error.
    if (this.#disposed) throw endedByDispose('the call')
    const began = performance.now()
    try {
      return await work()
    } finally {
      this.#profiler?.addWall(performance.now() - began)
    }
  }

  /** Throws where the trainer was disposed of, and says whether that ended the training that asks. */
  check(what: string): void {
    if (!this.#disposed) return
    throw what === this.#training
      ? endedByDispose(what)
      : new InputError(`trainer: ${what}() was called after dispose()`)
  }

  /** @throws InputError where training is under way already */
  startTraining(name: TrainingName, signal?: AbortSignal): void {
    this.check(name)
    signal?.throwIfAborted()
    if (this.#training !== undefined) {
      const end = this.#training === 'fit' || this.#training === 'resume' ? 'await that call' : 'leave that loop'
      throw new InputError(`trainer: already training in ${this.#training}(); ${end} before ${name}()`)
    }
    this.#training = name
  }

  endTraining(): void {
    this.#training = undefined
  }

  /** No call runs from now on. @returns whether this is the first time */
  dispose(): boolean {
    if (this.#disposed) return false
    this.#disposed = true
    for (const interrupt of this.#interrupts) interrupt()
    return true
  }
}

const endedByDispose = (what: string) =>
  new InputError(
    `trainer: ${what}() was ended by dispose(); wait for it first` +
      (what === 'fit' || what === 'epochs' || what === 'steps' ? ', or abort it by its signal' : ''),
  )
