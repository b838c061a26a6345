import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as library from '../src/index.ts'
import * as files from '../src/node/index.ts'
import * as worker from '../src/worker/index.ts'
import { callsOf, type Call, hidden } from './arguments/calls.ts'
import { wrongValues } from './arguments/values.ts'

/**
 * Every function, constructor and method of the public API is called with wrong values in every argument and option: the
 * call succeeds, or it throws (or rejects with) an InputError, or a BackendUnavailableError if there is no device.
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

/** Awaits a result, or the first value of an iterator, and disposes of it. */
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

/** @returns what is wrong with the result or the error of a call; undefined if nothing is wrong */
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

const calls = callsOf({ ...library, ...files, ...worker })

it('has valid arguments for every function, class and method', () => {
  expect(calls.missing).toEqual([])
  expect(calls.list.length).toBeGreaterThan(100)
})

describe('error messages name the fix', () => {
  const { adam, circle, Dataset, fit, Network, split } = library
  const network = Network.create({ sizes: [2, 3, 3], seed: 1 })
  const points = () => circle({ samples: 10, seed: 1 })
  const options = { backend: 'cpu' }
  it.each<[string, () => unknown, string]>([
    ['adam(0.05)', () => adam(0.05 as never), 'adam: expected an object of options, such as { learningRate: 0.05 }'],
    ['split(data, 0.5)', () => split(points(), 0.5 as never), 'such as { test: 0.5 }, got 0.5'],
    ['Network.create()', () => Network.create(undefined as never), 'sizes: expected at least an input and an output'],
    [
      'fit(network, x, y)',
      () => fit(network, [[1, 2]] as never, [0] as never),
      'train: expected a Dataset (Dataset.from(x, y)',
    ],
    ['fit(network, data, 10)', () => fit(network, points(), 10 as never), 'fit: expected an object of options'],
    ['lr', () => adam({ lr: 0.1 } as never), "did you mean 'learningRate' (PyTorch: 'lr')?"],
    ['random_state', () => split(points(), { random_state: 1 } as never), "'seed' (scikit-learn: 'random_state')"],
    ['swish', () => Network.create({ sizes: [1, 1], activation: 'swish' as never }), "'silu' (Keras: 'swish')"],
    ['xavier', () => Network.create({ sizes: [1, 1], init: 'xavier_uniform' as never }), "'glorotUniform' (PyTorch:"],
    ...(
      [
        ['mse', 'meanSquaredError'],
        ['mae', 'meanAbsoluteError'],
        ['bce', 'binaryCrossEntropy'],
        ['categoricalCrossentropy', 'crossEntropy'],
        ['sparse_categorical_crossentropy', 'crossEntropy'],
        ['nll_loss', 'crossEntropy'],
        ['log_loss', 'crossEntropy'],
      ] as const
    ).map(([alias, name]): [string, () => unknown, string] => [
      alias,
      () => fit(network, points(), { loss: alias } as never),
      `loss: unknown name '${alias}' (did you mean '${name}' (`,
    ]),
    ['validation_data', () => fit(network, points(), { validation_data: 1 } as never), "'validation' (Keras:"],
    ['callbacks', () => fit(network, points(), { callbacks: [] } as never), "'onEpoch' (Keras: 'callbacks')"],
    [
      'validation_split',
      () => fit(network, points(), { validation_split: 0.2 } as never),
      'split(data, { test: 0.2 })',
    ],
    ['momentum', () => fit(network, points(), { momentum: 0.9 } as never), 'an option of the optimizer'],
    [
      'integer labels',
      () => fit(network, Dataset.from([[1, 2], [3, 4]], [0, 2]), options as never), // prettier-ignore
      'has 1 target columns, the network 2-3-3 gives 3; for labels from 0 to 2 use Dataset.from(x, oneHot(labels, 3))',
    ],
  ])('%s', async (_, call, message) => {
    const error: unknown = await Promise.resolve()
      .then(call)
      .catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(InputError)
    expect((error as Error).message).toContain(message)
  })
})

it.each(hidden)('new %s() throws InputError for any arguments', (name) => {
  const Class = ({ ...library, ...worker } as unknown as Record<string, new (...values: unknown[]) => unknown>)[name]!
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
