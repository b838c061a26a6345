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
