/** Milliseconds for which computing may hold the event loop. Several short epochs count together. */
const MOST_MILLISECONDS = 25

/**
 * Lets timers, signals and drawing run. It uses a message, because browsers delay timers by 4 ms, and a timer in
 * environments without messages (jsdom).
 */
export const yieldToEventLoop = () =>
  new Promise<void>((resolve) => {
    if (typeof MessageChannel === 'undefined') {
      setTimeout(resolve)
      return
    }
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => {
      port1.close()
      resolve()
    }
    port2.postMessage(null)
  })

/** Says when the event loop is to run again. */
export class EventLoopClock {
  #last = performance.now()

  get isDue(): boolean {
    return performance.now() - this.#last > MOST_MILLISECONDS
  }

  restart(): void {
    this.#last = performance.now()
  }
}
