import type { HostRecipe } from '../../../backend/host/recipe.ts'
import { messageOf, startAndWait, type StartedThread, STARTING } from '../../../backend/host/wasm/starting.ts'
import { BackendUnavailableError } from '../../../core/errors.ts'
import type { Job, JobResult, TrainingSetup } from '../jobs.ts'
import type { Part } from '../parts.ts'
import { errorOf, type FromThread, plainJob, plainSetup, type ToThread } from './messages.ts'

/** Milliseconds for which a thread has work, about: its messages take well below one. */
const MILLISECONDS = 50

/** A thread with the work that was sent to it. */
interface Worker {
  readonly started: StartedThread
  /** In the order in which they were sent. */
  readonly sent: (readonly Batch[])[]
  /** The time of a batch; undefined before the first result. */
  milliseconds: number | undefined
}

/** Jobs of one thread, which trains them together (batches.ts). */
type Batch = readonly Job[]

type Finished = readonly [job: Job, result: JobResult]

/** What came of a thread. */
type Event = { readonly worker: Worker; readonly message: FromThread } | { readonly error: Error }

/** The threads of a sweep: each trains whole networks. They start when they are first needed. */
export class SweepThreads {
  #workers: Worker[] = []
  #opening: Promise<void> | undefined
  #obstacle: string | undefined
  readonly #events: Event[] = []
  #wake: (() => void) | undefined
  readonly #disposal = new AbortController()

  /** How many have started. */
  get count(): number {
    return this.#workers.length
  }

  /** Why there are fewer than were asked for, as a clause; undefined if there are not. */
  get obstacle(): string | undefined {
    return this.#obstacle
  }

  /** Starts the threads, once. @throws the reason of the signal as soon as it is aborted */
  async open(count: number, setup: TrainingSetup, recipe: HostRecipe, parts: readonly Part[]): Promise<void> {
    const { signal } = setup
    this.#opening ??= this.#start(count, () => plainSetup(setup, recipe, parts))
    // Starting takes a while on a busy machine.
    let onAbort: () => void = () => undefined
    const aborted = new Promise<void>((resolve) => (onAbort = resolve))
    signal?.addEventListener('abort', onAbort)
    try {
      await Promise.race([this.#opening, aborted])
    } finally {
      signal?.removeEventListener('abort', onAbort)
    }
    signal?.throwIfAborted()
  }

  async #start(count: number, makeSetup: () => ReturnType<typeof plainSetup>): Promise<void> {
    try {
      const { default: source } = await import('./sweep-thread.ts?thread')
      const start = (name: string) => startAndWait(source, name, STARTING, this.#disposal.signal)
      const starting = Array.from({ length: count }, (_, i) => start(`webgpu-mlp sweep ${i + 1}`))
      for (const result of await Promise.allSettled(starting)) {
        if (result.status === 'rejected') this.#obstacle ??= messageOf(result.reason)
        else this.#add(result.value)
      }
    } catch (error) {
      this.#obstacle = `their program cannot be loaded: ${messageOf(error)}`
    }
    if (this.count === 0) return
    const message = { kind: 'setup', setup: makeSetup() } as const
    for (const worker of this.#workers) post(worker, message)
  }

  #add(started: StartedThread): void {
    if (this.#disposal.signal.aborted) return
    const worker: Worker = { started, sent: [], milliseconds: undefined }
    const number = this.#workers.push(worker)
    started.onMessage = (message) => this.#receive({ worker, message: message as FromThread })
    started.onFailure = (reason) => {
      this.#receive({ error: new BackendUnavailableError(`sweep: thread ${number} is gone: ${reason}`) })
    }
  }

  #receive(event: Event): void {
    this.#events.push(event)
    this.#wake?.()
  }

  /**
   * Trains networks; the results come in the order in which they are known.
   * @throws the reason of the signal as soon as it is aborted, and the error of a thread; the threads are of no use then
   */
  async *run(batches: readonly Batch[], signal: AbortSignal | undefined): AsyncGenerator<readonly Finished[]> {
    const waiting = [...batches].reverse()
    let open = batches.reduce((sum, { length }) => sum + length, 0)
    const wake = () => this.#wake?.()
    signal?.addEventListener('abort', wake)
    try {
      while (open > 0) {
        for (const worker of this.#workers) this.#supply(worker, waiting)
        const event = await this.#next(signal)
        if ('error' in event) throw event.error
        const finished = take(event)
        open -= finished.length
        yield finished
      }
    } finally {
      signal?.removeEventListener('abort', wake)
    }
  }

  /** Sends work to a thread: more before it has finished the last, where that is short. */
  #supply(worker: Worker, waiting: Batch[]): void {
    const { sent, milliseconds } = worker
    const isShort = milliseconds !== undefined && milliseconds < MILLISECONDS
    while (waiting.length > 0 && sent.length < (isShort ? 2 : 1)) {
      const fitting = isShort ? Math.floor(MILLISECONDS / Math.max(0.01, milliseconds)) : 1
      // Less towards the end, so that all threads end at the same time.
      const fair = Math.ceil(waiting.length / (2 * this.count))
      const batches = waiting.splice(-Math.max(1, Math.min(fitting, fair))).reverse()
      sent.push(batches)
      post(worker, { kind: 'jobs', batches: batches.map((batch) => batch.map(plainJob)) })
    }
  }

  async #next(signal: AbortSignal | undefined): Promise<Event> {
    this.#keepProcess(true)
    try {
      for (;;) {
        signal?.throwIfAborted()
        const event = this.#events.shift()
        if (event) return event
        await new Promise<void>((resolve) => (this.#wake = resolve))
      }
    } finally {
      this.#keepProcess(false)
    }
  }

  #keepProcess(isKept: boolean): void {
    for (const { started } of this.#workers) started.thread.keepProcess(isKept)
  }

  /** Ends the threads, whatever they do, and those that are starting. */
  dispose(): void {
    this.#disposal.abort()
    this.#workers.length = 0
  }
}

const post = ({ started }: Worker, message: ToThread) => started.thread.post(message)

/** @throws the error of a thread */
function take({ worker, message }: Extract<Event, { worker: Worker }>): Finished[] {
  if (message.kind === 'failed') throw errorOf(message.error)
  if (message.kind === 'ready') return []
  const batches = worker.sent.shift()!
  worker.milliseconds = message.milliseconds / batches.length
  return batches.flat().map((job, i) => [job, message.results[i]!])
}
