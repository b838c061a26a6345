import type { Profiler } from '../backend/profiler.ts'
import { InputError } from '../core/errors.ts'

/** The ways of training. One of them at a time. */
export type TrainingName = 'fit' | 'epochs' | 'steps' | 'resume'

/**
 * The order of a trainer's calls: one at a time, first come, first served, and none after `dispose`. Training takes its
 * turn for each of its epochs or steps, so that other calls are answered between them. What runs or waits when the trainer
 * is disposed of rejects at once, even if its backend is waiting.
 */
export class CallQueue {
  readonly #profiler: Profiler | undefined
  /** What runs now, and what ends it before its work is done. */
  #running: { readonly what: string; interrupt: (error: InputError) => void } | undefined
  readonly #waiting: {
    readonly what: string
    readonly begin: () => void
    readonly refuse: (error: InputError) => void
  }[] = []
  #training: TrainingName | undefined
  #disposed = false

  constructor(profiler: Profiler | undefined) {
    this.#profiler = profiler
  }

  /** Runs `work` when the calls that were made before have ended. `work` must not wait for another call. */
  async run<T>(what: string, work: () => Promise<T>): Promise<T> {
    this.check(what)
    if (this.#running) {
      // Whoever ends hands over at once, so that no later call comes first.
      await new Promise<void>((begin, refuse) => this.#waiting.push({ what, begin, refuse }))
      if (this.#disposed) throw endedByDispose(what)
    }
    const began = this.#profiler ? performance.now() : 0
    try {
      const result = await new Promise<T>((resolve, reject) => {
        this.#running = { what, interrupt: reject }
        work().then(resolve, reject)
      })
      if (this.#disposed) throw endedByDispose(what)
      return result
    } finally {
      this.#profiler?.addWall(performance.now() - began)
      this.#running = undefined
      const next = this.#waiting.shift()
      if (next) {
        this.#running = { what: next.what, interrupt: next.refuse }
        next.begin()
      }
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
    if (this.#running) this.#running.interrupt(endedByDispose(this.#running.what))
    for (const { what, refuse } of this.#waiting.splice(0)) refuse(endedByDispose(what))
    return true
  }
}

const endedByDispose = (what: string) =>
  new InputError(
    `trainer: ${what}() was ended by dispose(); wait for it first` +
      (what === 'fit' || what === 'epochs' || what === 'steps' ? ', or abort it by its signal' : ''),
  )
