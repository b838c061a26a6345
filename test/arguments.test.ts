import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as library from '../src/index.ts'
import * as files from '../src/node/index.ts'
import { callsOf, type Call, hidden } from './arguments/calls.ts'
import { wrongValues } from './arguments/values.ts'

/**
 * Every function, constructor and method of the public API is called with wrong values in every argument and option: the
 * call succeeds, or it throws (or rejects with) an InputError, or a BackendUnavailableError where there is no device.
 */

let folder: string
const home = process.cwd()
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'webgpu-mlp-arguments-'))
  process.chdir(folder)
  writeFileSync('data.csv', 'a,b,kind\n1,2,x\n3,4,y\n5,6,x\n7,8,y\n')
})
afterAll(() => {
  process.chdir(home)
  rmSync(folder, { recursive: true, force: true })
})

const { InputError, BackendUnavailableError } = library

/** Awaits a result, or the first value of an iterator, and frees what was made. */
async function finish(result: unknown): Promise<void> {
  const value: unknown = await result
  if (typeof value !== 'object' || value === null) return
  if (Symbol.asyncIterator in value) {
    const iterator = value as AsyncGenerator
    await iterator.next()
    await iterator.return(undefined)
  } else if (value instanceof library.Trainer || value instanceof library.LoadedData) value.dispose()
}

const show = (values: readonly unknown[]) =>
  values.map((value) => {
    try {
      return fc.stringify(value).slice(0, 80)
    } catch {
      return Object.prototype.toString.call(value)
    }
  })

/** @returns what is wrong with the way in which a call ended; undefined where nothing is */
async function problemOf({ name, run }: Call, values: readonly unknown[]): Promise<string | undefined> {
  try {
    await finish(run(...values))
    return undefined
  } catch (error) {
    if (error instanceof InputError || error instanceof BackendUnavailableError) return undefined
    const text = error instanceof Error ? `${error.stack?.split('\n').slice(0, 4).join('\n')}` : String(error)
    return `${name}(${show(values).join(', ')}): ${text}`
  }
}

const calls = callsOf({ ...library, ...files })

it('knows valid arguments for every function, class and method', () => {
  expect(calls.missing).toEqual([])
  expect(calls.list.length).toBeGreaterThan(100)
})

it.each(hidden)('new %s() throws InputError, whatever it is given', (name) => {
  const Class = (library as unknown as Record<string, new (...values: unknown[]) => unknown>)[name]!
  for (const wrong of wrongValues()) {
    for (const values of [[], [wrong], [wrong, wrong], [undefined, wrong]]) {
      expect(() => new Class(...values), String(show(values))).toThrow(InputError)
    }
  }
})

describe.each(calls.list.map((call) => ({ name: call.name, call })))('$name', ({ call }) => {
  it('succeeds with the valid arguments', async () => {
    await finish(call.run(...(await call.valid())))
  })

  it('throws nothing but InputError', async () => {
    const problems: (string | undefined)[] = [await problemOf(call, [])]
    const { length } = await call.valid()
    for (const wrong of wrongValues()) {
      for (let i = 0; i <= length; i++) {
        const values = await call.valid()
        values[i] = wrong
        problems.push(await problemOf(call, values))
      }
      for (const option of call.options) {
        const values = await call.valid()
        const last = values.at(-1) as object
        problems.push(await problemOf(call, [...values.slice(0, -1), { ...last, [option]: wrong }]))
      }
    }
    expect(problems.filter((problem) => problem !== undefined).slice(0, 5)).toEqual([])
  })

  it('throws nothing but InputError for random values', async () => {
    const { length } = await call.valid()
    const anything = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withNullPrototype: true,
      withSparseArray: true,
      withTypedArray: true,
      maxDepth: 2,
    })
    const place = fc.oneof(fc.nat({ max: length }), fc.constantFrom('unknown', ...call.options))
    await fc.assert(
      fc.asyncProperty(place, anything, async (where, wrong) => {
        const values = await call.valid()
        if (typeof where === 'number') values[where] = wrong
        else if (call.options.length > 0) values[values.length - 1] = { ...(values.at(-1) as object), [where]: wrong }
        expect(await problemOf(call, values)).toBeUndefined()
      }),
      { numRuns: 15 },
    )
  })
})
