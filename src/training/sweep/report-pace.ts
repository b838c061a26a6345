/** Milliseconds between two reports, at least. */
const MILLISECONDS = 100

/** When a sweep reports. The first report comes as soon as training has begun. */
export class ReportPace {
  #reported = -Infinity
  #hasNews = false

  /** There was progress. */
  noteNews(): void {
    this.#hasNews = true
  }

  /** All progress is reported. */
  noteReport(): void {
    this.#reported = performance.now()
    this.#hasNews = false
  }

  /** Milliseconds until the next report; undefined where there is nothing to report. */
  get untilNext(): number | undefined {
    return this.#hasNews ? Math.max(0, this.#reported + MILLISECONDS - performance.now()) : undefined
  }
}

/**
 * The values of a generator, and `undefined` each time that none came for a while.
 * @param milliseconds until `undefined` is due, asked for after each value; without them, the next value is waited for
 * @param leave called where the loop is left while the generator works, so that it ends soon
 */
export async function* orLate<T>(
  generator: AsyncGenerator<T>,
  milliseconds: () => number | undefined,
  leave: () => void,
): AsyncGenerator<T | undefined> {
  let coming: Promise<IteratorResult<T, unknown>> | undefined
  try {
    for (;;) {
      coming ??= generator.next()
      const result = await within(coming, milliseconds())
      if (!result) {
        yield undefined
        continue
      }
      coming = undefined
      if (result.done) return
      yield result.value
    }
  } finally {
    if (coming) {
      coming.catch(() => undefined)
      leave()
    }
    await generator.return(undefined).catch(() => undefined)
  }
}

/** The result of a promise; undefined where it does not come in time. */
async function within<T>(promise: Promise<T>, milliseconds: number | undefined): Promise<T | undefined> {
  if (milliseconds === undefined) return promise
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<undefined>((resolve) => (timer = setTimeout(resolve, milliseconds, undefined)))
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
