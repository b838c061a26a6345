/** Worker threads of all platforms behind one interface: `node:worker_threads` where there is one, else Web Workers. */

/** What a thread reports. */
export interface ThreadEvents {
  readonly onMessage: (message: unknown) => void
  /** It failed or ended although nobody ended it. @param reason as a clause */
  readonly onFailure: (reason: string) => void
}

export interface Thread {
  post(message: unknown): void
  /** Whether the process goes on as long as the thread exists; it does from the start. Pages have no such thing. */
  keepProcess(isKept: boolean): void
  end(): void
}

type GetNodeModule = NodeJS.Process['getBuiltinModule']

/** What this module looks for in its surroundings: each may be missing. */
interface Surroundings {
  process?: { getBuiltinModule?: GetNodeModule }
  navigator?: { hardwareConcurrency?: number }
  crossOriginIsolated?: boolean
  Worker?: typeof Worker
}
const surroundings = globalThis as Surroundings

/**
 * Modules of Node, in Node, Deno and Bun. They are not imported, because bundlers for browsers refuse such imports, and
 * the build for browsers is also the one for Deno, whose Web Workers keep the process alive.
 */
const nodeThreads = () => surroundings.process?.getBuiltinModule?.('worker_threads')
type NodeThreads = NonNullable<ReturnType<typeof nodeThreads>>
const nodeSystem = () => surroundings.process?.getBuiltinModule?.('os')

/** Threads that a computation takes by default: all cores; in pages all but one, which draws the page. */
export function usualThreads(): number {
  const system = nodeSystem()
  if (system) return system.availableParallelism()
  return Math.max(1, (surroundings.navigator?.hardwareConcurrency ?? 1) - 1)
}

/** Why memory cannot be shared with threads here, as a clause; undefined where it can. */
export function sharingObstacle(): string | undefined {
  if (typeof SharedArrayBuffer === 'undefined' || surroundings.crossOriginIsolated === false) {
    return (
      'the page is not cross-origin isolated (serve it with the headers Cross-Origin-Opener-Policy: same-origin and ' +
      'Cross-Origin-Embedder-Policy: require-corp)'
    )
  }
  return undefined
}

/** Whether the calling thread may wait without spinning: the main threads of pages may not. */
export function mayBlock(): boolean {
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 0)
    return true
  } catch {
    return false
  }
}

/**
 * Starts a thread.
 * @param source JavaScript as text, which finds its port by itself
 * @throws where the platform refuses; it may also report that later as a failure
 */
export function startThread(source: string, name: string, events: ThreadEvents): Thread {
  const threads = nodeThreads()
  if (!threads) return startWebThread(source, name, events)
  try {
    return startNodeThread(threads, source, name, events)
  } catch (error) {
    // Windows of Electron have the modules of Node, but no threads of Node.
    if (surroundings.Worker === undefined) throw error
    return startWebThread(source, name, events)
  }
}

function startNodeThread({ Worker }: NodeThreads, source: string, name: string, events: ThreadEvents): Thread {
  // Programs that the process loads before its own (--import) are not needed in its threads.
  const worker = new Worker(source, { eval: true, name, execArgv: [] })
  let isEnded = false
  const fail = (reason: string) => {
    if (!isEnded) events.onFailure(reason)
  }
  worker.on('message', events.onMessage)
  worker.on('error', (error: unknown) => fail(`it failed: ${error instanceof Error ? error.message : String(error)}`))
  worker.on('exit', (code) => fail(`it ended with code ${code}`))
  return {
    post: (message) => worker.postMessage(message),
    keepProcess: (isKept) => (isKept ? worker.ref() : worker.unref()),
    end() {
      isEnded = true
      void worker.terminate()
    },
  }
}

function startWebThread(source: string, name: string, events: ThreadEvents): Thread {
  if (surroundings.Worker === undefined) throw new Error('this JavaScript engine has no workers')
  const url = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }))
  let worker: Worker
  try {
    worker = new surroundings.Worker(url, { name })
  } catch (error) {
    URL.revokeObjectURL(url)
    throw error
  }
  worker.onmessage = ({ data }: MessageEvent) => {
    // The first message comes from the loaded program.
    URL.revokeObjectURL(url)
    events.onMessage(data)
  }
  worker.onerror = (event) => {
    event.preventDefault()
    URL.revokeObjectURL(url)
    events.onFailure(
      event.message ? `it failed: ${event.message}` : 'the page does not allow workers from blob: addresses',
    )
  }
  return {
    post: (message) => worker.postMessage(message),
    // Bun's Web Workers keep the process alive.
    keepProcess(isKept) {
      const { ref, unref } = worker as { ref?: () => void; unref?: () => void }
      ;(isKept ? ref : unref)?.call(worker)
    },
    end() {
      worker.terminate()
    },
  }
}
