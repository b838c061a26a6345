/// <reference types="vite/client" />
import { InvalidArgumentError } from 'commander'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { InputError } from '../src/core/errors.ts'
import { makeFolder, makeReaders } from './fuzz/readers.ts'

/**
 * Every reader of external input accepts it or throws an InputError of one short line, within bounded time and memory.
 * `npm test` tries a few hundred inputs for each reader, the same in each run; `npm run test:fuzz` tries other inputs for
 * 15 seconds each. A failure is printed with the seed and the path that repeat it:
 *
 *     FUZZ_SEED=123 FUZZ_PATH=45:1 npm run test:fuzz -- -t 'CSV text'
 *
 * FUZZ_SECONDS sets the time for each reader.
 */
const { FUZZ_LONG, FUZZ_SEED, FUZZ_PATH, FUZZ_SECONDS = '15' } = process.env
/** Set by vite.config.ts for `npm run test:fuzz`. */
const isLong = FUZZ_LONG !== undefined
const seed = FUZZ_SEED === undefined ? (isLong ? Date.now() % 2 ** 31 : 1) : Number(FUZZ_SEED)
const seconds = Number(FUZZ_SECONDS)

/** Generous limits for inputs of some kilobytes: a reader that exceeds them does not scale linearly with its input. */
const MOST_MILLISECONDS = 10_000
const MOST_BYTES = 1 << 29

const { folder, remove } = makeFolder()
const readers = await makeReaders(folder)
afterAll(remove)

async function check(read: () => unknown): Promise<void> {
  const began = performance.now()
  const before = process.memoryUsage.rss()
  try {
    await read()
  } catch (error) {
    if (!(error instanceof InputError) && !(error instanceof InvalidArgumentError)) throw error
    expect(error.message).toMatch(/^[^\p{Cc}\u2028\u2029]{1,600}$/u)
  }
  expect(performance.now() - began).toBeLessThan(MOST_MILLISECONDS)
  expect(process.memoryUsage.rss() - before).toBeLessThan(MOST_BYTES)
}

describe(`readers, with seed ${seed}`, () => {
  it.each(readers)(
    '$name',
    async ({ inputs, read }) => {
      const property = fc.asyncProperty(inputs, (input) => check(() => read(input)))
      await fc.assert(property, {
        seed,
        ...(FUZZ_PATH !== undefined && { path: FUZZ_PATH }),
        numRuns: isLong ? 1e9 : 200,
        ...(isLong && { interruptAfterTimeLimit: 1000 * seconds, markInterruptAsFailure: false }),
      })
    },
    2000 * seconds + 120_000,
  )
})
