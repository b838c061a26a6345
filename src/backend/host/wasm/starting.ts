import { startThread, type Thread } from './threads.ts'

export const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error))

/** Milliseconds in which a thread must report that it is ready. */
export const STARTING = 10_000

/** A thread that has started; whoever uses it replaces the functions that receive its events. */
export interface StartedThread {
  readonly thread: Thread
  onMessage: (message: unknown) => void
  /** @param reason as a clause */
  onFailure: (reason: string) => void
}

/**
 * Starts a thread, and waits for the first message that it sends. From then on it does not keep the process alive.
 * @param source JavaScript as text
 * @param most milliseconds until then
 * @param signal ends the thread, also before it is ready: starting takes seconds on a busy machine
 * @throws Error with the reason, as a clause
 */
export function startAndWait(
  source: string,
  name: string,
  most = STARTING,
  signal?: AbortSignal,
): Promise<StartedThread> {
  return new Promise((resolve, reject) => {
    const fail = (reason: string) => {
      clearTimeout(timer)
      started?.thread.end()
      reject(new Error(`a thread could not be started: ${reason}`))
    }
    const events = {
      onMessage: (message: unknown) => started?.onMessage(message),
      onFailure: (reason: string) => (started ? started.onFailure(reason) : fail(reason)),
    }
    const timer = setTimeout(() => fail(`it is not ready after ${most / 1000} s`), most)
    let started: StartedThread | undefined
    try {
      signal?.throwIfAborted()
      signal?.addEventListener('abort', () => fail('it is not needed any more'), { once: true })
      const thread = startThread(source, name, events)
      const onMessage = () => {
        clearTimeout(timer)
        thread.keepProcess(false)
        resolve(started!)
      }
      started = { thread, onMessage, onFailure: fail }
    } catch (error) {
      fail(messageOf(error))
    }
  })
}
