import { BackendUnavailableError } from '../../../core/errors.ts'
import source from './thread.js?raw'
import { messageOf, type StartedThread, startAndWait } from './starting.ts'
import { mayBlock, sharingObstacle } from './threads.ts'

/**
 * Threads that run a function of a WebAssembly module together with the calling thread. The caller blocks until all have
 * finished, so a run costs microseconds and needs no event loop.
 */
export interface Pool {
  /** The number of threads, the calling one included; it has number 0, the others follow. */
  readonly threads: number
  /** Why there are fewer than were requested, as a clause; undefined if there are not. */
  readonly reason: string | undefined
  /** Whether a thread failed or the pool was disposed of: each call throws. */
  readonly hasFailed: boolean
  /**
   * Instantiates a module in all threads but the calling one. It imports `host.memory`, and exports `work(thread: i32)`.
   * It may export `abort()`, which is called in a thread whose `work` failed, so that other threads do not wait for it.
   * @param memory is shared, if there is more than one thread
   * @returns an id for {@link run}
   */
  attach(module: WebAssembly.Module, memory: WebAssembly.Memory): Promise<number>
  /**
   * Runs `work(thread)` of an attached module in all threads, and `work0` on the calling one, and returns when all have
   * finished.
   * @throws BackendUnavailableError if a thread fails or has ended, now and in all later runs
   */
  run(id: number, work0: () => void): void
  /** Drops a module in all threads. */
  detach(id: number): void
  /** Ends the threads. */
  dispose(): void
}

/** The places of the board, an Int32Array that all threads share; those that change often are in separate cache lines. */
const place = {
  /** Changes with each run and each message; threads wait for it. */
  signal: 0,
  /** Counts of runs and of messages. */
  runs: 1,
  messages: 2,
  /** The id of the module that the run is for. */
  command: 3,
  /** The number of threads that wait for `signal` without spinning. */
  sleeping: 16,
  /** The number of threads that have finished the run. */
  finished: 32,
  /** 1 while the calling thread waits for `finished` without spinning. */
  callerSleeps: 48,
  /** The first thread that failed, or 0, and its error's message as UTF-16, ended by 0. */
  failed: 64,
  text: 65,
} as const
const TEXT_LENGTH = 300

/** Milliseconds for which threads read the board over and over, before they ask the system to wake them. */
const SPINNING = 0.05

/** In milliseconds. */
export interface PoolLimits {
  /** In which a thread must report that it is ready. */
  readonly start: number
  /** In which the others must finish after the calling thread, which they meet at the end of each run. */
  readonly lag: number
}
const usualLimits: PoolLimits = { start: 10_000, lag: 30_000 }

/** Reads of the board between two of the clock. */
const READS = 50

const pause = (Atomics as { pause?: () => void }).pause ?? (() => undefined)

/**
 * Opens a pool. Where threads cannot be started, it has fewer, and the reason.
 * @param threads the calling thread included, at least 1
 */
export async function openPool(threads: number, limits = usualLimits): Promise<Pool> {
  const obstacle = threads > 1 ? sharingObstacle() : undefined
  if (threads === 1 || obstacle !== undefined) return new ThreadPool([], obstacle, limits)
  const starting = Array.from({ length: threads - 1 }, (_, i) =>
    startAndWait(source, `webgpu-mlp thread ${i + 1}`, limits.start),
  )
  const workers: StartedThread[] = []
  let reason: string | undefined
  for (const result of await Promise.allSettled(starting)) {
    if (result.status === 'fulfilled') workers.push(result.value)
    else reason ??= messageOf(result.reason)
  }
  return new ThreadPool(workers, reason, limits)
}

interface Attachment {
  waiting: number
  error: string | undefined
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

class ThreadPool implements Pool {
  readonly threads: number
  readonly reason: string | undefined
  readonly #workers: readonly StartedThread[]
  readonly #limits: PoolLimits
  readonly #board: Int32Array
  readonly #attachments = new Map<number, Attachment>()
  #lastId = 0
  #failure: BackendUnavailableError | undefined
  #canWait: boolean

  constructor(workers: readonly StartedThread[], reason: string | undefined, limits: PoolLimits) {
    this.threads = workers.length + 1
    this.reason = reason
    this.#workers = workers
    this.#limits = limits
    const bytes = 4 * (place.text + TEXT_LENGTH)
    this.#board = new Int32Array(workers.length > 0 ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes))
    this.#canWait = workers.length > 0 && mayBlock()
    const board = this.#board
    for (const [i, worker] of workers.entries()) {
      worker.onMessage = (message) => this.#receive(message as { id: number; error?: string })
      worker.onFailure = (reason) => this.#fail(`thread ${i + 1} is gone: ${reason}`)
    }
    this.#post((i) => ({ board, place, thread: i + 1, spinning: SPINNING, textLength: TEXT_LENGTH - 1 }))
  }

  get hasFailed(): boolean {
    return this.#failure !== undefined
  }

  async attach(module: WebAssembly.Module, memory: WebAssembly.Memory): Promise<number> {
    this.#check()
    const id = ++this.#lastId
    if (this.#workers.length === 0) return id
    this.#keepProcess(true)
    try {
      await new Promise<void>((resolve, reject) => {
        this.#attachments.set(id, { waiting: this.#workers.length, error: undefined, resolve, reject })
        this.#post(() => ({ id, module, memory }))
      })
      return id
    } finally {
      this.#attachments.delete(id)
      if (this.#attachments.size === 0) this.#keepProcess(false)
    }
  }

  run(id: number, work0: () => void): void {
    this.#check()
    const board = this.#board
    Atomics.store(board, place.finished, 0)
    Atomics.store(board, place.command, id)
    Atomics.add(board, place.runs, 1)
    this.#signal()
    try {
      work0()
    } catch (error) {
      // The others may wait for this thread for ever.
      if (this.#workers.length > 0) this.#fail(`the calling thread failed: ${messageOf(error)}`)
      throw error
    }
    this.#waitForOthers()
  }

  detach(id: number): void {
    if (this.#failure === undefined) this.#post(() => ({ id }))
  }

  dispose(): void {
    this.#fail('its threads were ended by dispose()')
  }

  #check(): void {
    if (this.#failure) throw this.#failure
  }

  #keepProcess(isKept: boolean): void {
    for (const { thread } of this.#workers) thread.keepProcess(isKept)
  }

  /** Sends a message to each thread. */
  #post(makeMessage: (index: number) => unknown): void {
    Atomics.add(this.#board, place.messages, 1)
    this.#signal()
    for (const [i, { thread }] of this.#workers.entries()) thread.post(makeMessage(i))
  }

  #signal(): void {
    const board = this.#board
    Atomics.add(board, place.signal, 1)
    if (Atomics.load(board, place.sleeping) > 0) Atomics.notify(board, place.signal)
  }

  #receive({ id, error }: { id: number; error?: string }): void {
    const attachment = this.#attachments.get(id)
    if (!attachment) return
    attachment.error ??= error
    if (--attachment.waiting > 0) return
    if (attachment.error === undefined) attachment.resolve()
    else {
      this.detach(id)
      attachment.reject(new BackendUnavailableError(`backend 'wasm': a thread refused the module: ${attachment.error}`))
    }
  }

  #waitForOthers(): void {
    const board = this.#board
    const count = this.#workers.length
    const { lag } = this.#limits
    const began = performance.now()
    let finished
    while ((finished = Atomics.load(board, place.finished)) < count) {
      for (let i = 0; i < READS && Atomics.load(board, place.finished) === finished; i++) pause()
      const passed = performance.now() - began
      if (passed > lag) throw this.#fail(`a thread did not finish within ${lag / 1000} s of the others`)
      if (this.#canWait && passed > SPINNING) this.#sleep(finished)
    }
    const failed = Atomics.load(board, place.failed)
    if (failed !== 0) throw this.#fail(`thread ${failed} failed: ${this.#errorText()}`)
  }

  #sleep(finished: number): void {
    Atomics.store(this.#board, place.callerSleeps, 1)
    Atomics.wait(this.#board, place.finished, finished, Math.min(1000, this.#limits.lag))
    Atomics.store(this.#board, place.callerSleeps, 0)
  }

  #errorText(): string {
    const codes = this.#board.subarray(place.text)
    return String.fromCharCode(...codes.subarray(0, codes.indexOf(0)))
  }

  /** Ends all threads: from now on each call throws the error that is returned. */
  #fail(reason: string): BackendUnavailableError {
    if (this.#failure) return this.#failure
    const failure = new BackendUnavailableError(`backend 'wasm': ${reason}; create a new trainer`)
    this.#failure = failure
    for (const { thread } of this.#workers) thread.end()
    for (const { reject } of this.#attachments.values()) reject(failure)
    return failure
  }
}
