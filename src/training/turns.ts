import type { Profiler } from '../backend/profiler.ts'
import { InputError } from '../core/errors.ts'

/** The loops that a trainer has. */
export type LoopName = 'fit' | 'epochs' | 'steps'

/**
 * Which of a trainer's calls may run: one at a time, one loop at a time, and none after `dispose`. What is running when the
 * trainer is disposed of rejects at once, whatever its backend is waiting for.
 */
export class Turns {
  readonly #profiler: Profiler | undefined
  #running: string | undefined
  #loop: LoopName | undefined
  #disposed = false
  /** Rejects the call that is running. */
  #interrupt: ((error: InputError) => void) | undefined

  constructor(profiler: Profiler | undefined) {
    this.#profiler = profiler
  }

  /** Runs one thing at a time: a second call while one runs would see half-made steps. */
  async run<T>(what: string, work: () => Promise<T>): Promise<T> {
    this.check(what)
    if (this.#running !== undefined) {
      throw new InputError(`trainer: ${what}() was called while ${this.#running}() is running; await it first`)
    }
    this.#running = what
    const interrupted = new Promise<never>((_, reject) => {
      this.#interrupt = reject
    })
    const began = performance.now()
    try {
      const result = await Promise.race([work(), interrupted])
      if (this.#disposed) throw endedByDispose(what)
      return result
    } finally {
      this.#profiler?.addWall(performance.now() - began)
      this.#running = undefined
      this.#interrupt = undefined
    }
  }

  /** Throws where the trainer was disposed of, and says whether that ended the loop that asks. */
  check(what: string): void {
    if (!this.#disposed) return
    throw what === this.#loop ? endedByDispose(what) : new InputError(`trainer: ${what}() was called after dispose()`)
  }

  /** Only one loop trains at a time. */
  startLoop(name: LoopName, signal: AbortSignal | undefined): void {
    this.check(name)
    signal?.throwIfAborted()
    if (this.#loop !== undefined) {
      throw new InputError('trainer: already training; leave that loop or await that fit() first')
    }
    this.#loop = name
  }

  endLoop(): void {
    this.#loop = undefined
  }

  /** No call runs from now on. @returns whether this is the first time */
  dispose(): boolean {
    if (this.#disposed) return false
    this.#disposed = true
    if (this.#running !== undefined) this.#interrupt?.(endedByDispose(this.#running))
    return true
  }
}

const endedByDispose = (what: string) =>
  new InputError(
    `trainer: ${what}() was ended by dispose(); await it first` +
      (what === 'fit' || what === 'epochs' || what === 'steps' ? ', or abort it by its signal' : ''),
  )
