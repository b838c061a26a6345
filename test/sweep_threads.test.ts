import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Worker } from 'node:worker_threads'
import { afterEach, describe, expect, it, vi } from 'vitest'
import {
  adam,
  type Backend,
  BackendUnavailableError,
  circle,
  cosine,
  cpu,
  Dataset,
  InputError,
  reduceOnPlateau,
  sgd,
  split,
  standardize,
  sweep,
  type SweepOptions,
  type SweepResult,
  type SweepRound,
  wasm,
} from '../src/index.ts'

const { train, test: validation } = split(circle({ samples: 75, seed: 1 }), { test: 0.2, seed: 1 })
/** A line through three points, on which large learning rates diverge. */
const line = Dataset.from([[1], [2], [3]], [[1.5], [2.5], [3.5]])

/** Records the workers of Node that are started, on a machine with two cores; those from the number `refused` on cannot be. */
function recordWorkers({ refused = Infinity } = {}): Worker[] {
  const workers: Worker[] = []
  const original = process.getBuiltinModule.bind(process)
  vi.spyOn(process, 'getBuiltinModule').mockImplementation((name: string) => {
    const module = original(name) as { readonly Worker: typeof Worker }
    if (name === 'os') return { ...module, availableParallelism: () => 2 }
    if (name !== 'worker_threads') return module
    class Recorded extends module.Worker {
      constructor(...given: ConstructorParameters<typeof Worker>) {
        if (workers.length >= refused) throw new Error('no more threads')
        super(...given)
        workers.push(this)
      }
    }
    return { ...module, Worker: Recorded }
  })
  return workers
}
afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
})

/** All that a result has, apart from times. */
const contentOf = (result: SweepResult) => {
  const { settings, seed, score, loss, fault, epochs, history } = result
  const untimed = history.epochs.map(({ seconds: _, samplesPerSecond: __, ...epoch }) => epoch)
  const { stopped, bestEpoch, steps } = history
  const ended = { stopped, bestEpoch, steps, backend: history.backend.name }
  return { settings, seed, score, loss, fault, epochs, untimed, ended, network: result.network().toJSON() }
}

/** Trains on a number of threads; `started` is how many threads the rounds say. */
async function trainOn(threads: number, data: Dataset, options: SweepOptions) {
  let last: SweepRound | undefined
  const results = await sweep(data, { ...options, threads, onRound: (round) => void (last = round) })
  return { contents: results.map(contentOf), separately: last!.separately }
}

/** One thread and two threads give the same results in every bit. */
async function compare(data: Dataset, options: SweepOptions) {
  const one = await trainOn(1, data, options)
  const two = await trainOn(2, data, options)
  expect(one.separately.threads).toBe(1)
  expect(two.separately).toEqual({ ...one.separately, threads: 2 })
  expect(two.contents).toEqual(one.contents)
  return two.contents
}

const many: SweepOptions = {
  sizes: [
    [2, 3, 2],
    [2, 4, 3, 2],
  ],
  hidden: ['tanh', 'relu'],
  optimizer: [sgd({ momentum: 0.9 }), adam({ clipNorm: 1 })],
  learningRate: [0.01, cosine({ learningRate: 1, epochs: 8 }), reduceOnPlateau({ learningRate: 2, patience: 1 })],
  batchSize: 7,
  dropout: [0, 0.3],
  l2: 0.001,
  seeds: 2,
  epochs: [3, 8],
  random: { count: 20 },
}

describe.each<[string, Backend]>([
  ['cpu', cpu()],
  ['wasm', wasm()],
])('two threads give the same bits as one on %s', (_, backend) => {
  it('with successive halving, schedules, dropout and validation data', async () => {
    const contents = await compare(train, { ...many, validation, halving: { rounds: 3 }, backend })
    expect(contents).toHaveLength(40)
  })

  it('with cross-validation', async () => {
    const options = { sizes: [2, 3, 2], learningRate: [1, 5], seeds: 2, epochs: 3, backend }
    const contents = await compare(train, { ...options, folds: { count: 3, standardize: true } })
    expect(contents.length).toBeGreaterThanOrEqual(4)
  })

  it('with networks that diverge', async () => {
    const options = { sizes: [1, 2, 1], activation: 'linear', batchSize: 1, epochs: 20 } as const
    const contents = await compare(line, { ...options, learningRate: [1e30, 0.01], seeds: 3, backend, halving: true })
    expect(contents.filter(({ fault }) => fault !== undefined)).toHaveLength(3)
    expect(contents.at(-1)!.fault).toMatchObject({ minibatch: expect.any(Number), layer: expect.any(Number) })
  })

  it('with early stopping, weights of classes and preprocessing', async () => {
    const data = train.withScaling(standardize(train))
    const options = { sizes: [2, 3, 2], learningRate: [5, 1], seeds: 3, epochs: 30, classWeights: [1, 3], backend }
    const contents = await compare(data, { ...options, earlyStopping: { patience: 2 }, validation })
    expect(contents.some(({ ended }) => ended.stopped === 'earlyStopping')).toBe(true)
  })
})

it('float64 is computed in float64 on threads, too', async () => {
  await compare(line, { sizes: [1, 2, 1], hidden: 'tanh', epochs: 3, seeds: 3, backend: cpu({ precision: 'float64' }) })
})

it("the backends 'cpu', 'wasm' and, without a GPU, 'auto' train on threads", async () => {
  const workers = recordWorkers()
  for (const backend of ['cpu', 'wasm', 'auto'] as const) {
    const { separately, contents } = await trainOn(2, train, { sizes: [2, 3, 2], seeds: 4, epochs: 2, backend })
    expect(separately).toMatchObject({ threads: 2, networks: 4 })
    expect(contents[0]!.ended.backend).toBe(backend === 'auto' ? 'wasm' : backend)
  }
  expect(workers).toHaveLength(6)
})

it('by default threads start for a sweep that takes a while', async () => {
  const workers = recordWorkers()
  const options = { sizes: [2, 3, 2], seeds: 2, backend: 'wasm' } as const
  await sweep(train, { ...options, epochs: 2 })
  expect(workers).toHaveLength(0)
  const abort = new AbortController()
  const running = sweep(train, { ...options, epochs: 1_000_000, signal: abort.signal })
  setTimeout(() => abort.abort(new Error('enough')), 300)
  await expect(running).rejects.toThrow('enough')
  expect(workers).toHaveLength(2)
})

describe('threads end', () => {
  const endless = { sizes: [2, 3, 2], seeds: 4, epochs: 10_000_000, threads: 2, backend: 'wasm' } as const

  it.each([
    ['while they train', 400],
    ['while they start', 1],
  ])('soon after an abort %s', async (_, milliseconds) => {
    const workers = recordWorkers()
    const abort = new AbortController()
    const running = sweep(train, { ...endless, signal: abort.signal })
    let began = Infinity
    setTimeout(() => {
      began = performance.now()
      abort.abort(new Error('enough'))
    }, milliseconds)
    await expect(running).rejects.toThrow('enough')
    // It takes a millisecond where the machine has nothing else to do.
    expect(performance.now() - began).toBeLessThan(300)
    await vi.waitFor(() => expect(workers.map(({ threadId }) => threadId)).toEqual([-1, -1]), { timeout: 10_000 })
  })

  it('where a loop over rounds is left', async () => {
    const workers = recordWorkers()
    const running = sweep(train, { ...endless, epochs: [1, 10_000_000], halving: false })
    for await (const { remaining } of running) if (remaining === 8) break
    expect((await running).length).toBeGreaterThan(0)
    await vi.waitFor(() => expect(workers.map(({ threadId }) => threadId)).toEqual([-1, -1]), { timeout: 10_000 })
  })

  it.each([1, 2])('after reports of all networks that have ended, on %i threads', async (threads) => {
    // Two networks diverge in their first epoch, one right after the other; the third trains longer than a test may take.
    const settings = { learningRate: [1e30, 1e31, 0.1], output: 'linear', epochs: 100_000_000 } as const
    const running = sweep(train, { sizes: [2, 3, 2], ...settings, loss: 'quadratic', threads, backend: 'cpu' })
    for await (const { best } of running) if (best.length === 2) break
    expect(await running).toHaveLength(2)
  })

  it.each([1, 2])('at once where a loop over rounds is left, on %i threads', async (threads) => {
    // The first network diverges in its first epoch; the second trains longer than a test may take.
    const settings = { learningRate: [1e30, 0.1], output: 'linear', epochs: 100_000_000 } as const
    const running = sweep(train, { sizes: [2, 3, 2], ...settings, loss: 'quadratic', threads, backend: 'cpu' })
    for await (const round of running) {
      expect(round.best[0]?.fault).toBeDefined()
      break
    }
    expect((await running).map(({ settings }) => settings.learningRate)).toEqual([1e30])
  })
})

describe('failures', () => {
  it('of a thread reach the caller, and the other thread ends', async () => {
    const workers = recordWorkers()
    const onRound = () => void workers[1]!.terminate()
    const running = sweep(train, { sizes: [2, 3, 2], seeds: 10_000, epochs: 1000, threads: 2, backend: 'cpu', onRound })
    await expect(running).rejects.toThrow(/^sweep: thread 2 is gone: it ended with code 1/)
    await expect(running).rejects.toBeInstanceOf(BackendUnavailableError)
    await vi.waitFor(() => expect(workers.map(({ threadId }) => threadId)).toEqual([-1, -1]), { timeout: 10_000 })
  })

  it('of a training are the same as on one thread', async () => {
    const learningRate = { name: 'constant', rate: (epoch: number) => (epoch < 2 ? 1 : -1) } as const
    const options = { sizes: [2, 3, 2], learningRate, seeds: 3, epochs: 4, backend: 'cpu' } as const
    for (const threads of [1, 2]) {
      const running = sweep(train, { ...options, threads })
      await expect(running).rejects.toThrow('learningRate: the schedule gives -1 for epoch 3')
      await expect(running).rejects.toBeInstanceOf(InputError)
    }
  })

  it.each([
    [0, 1, 'no threads, because a thread could not be started: no more threads'],
    [2, 2, '2 threads, because a thread could not be started: no more threads'],
  ])('to start more than %d threads are reported, and the networks are trained', async (refused, threads, reason) => {
    vi.stubGlobal('Worker', undefined)
    recordWorkers({ refused })
    const options: SweepOptions = { sizes: [2, 3, 2], seeds: 5, epochs: 2, backend: 'cpu' }
    const { separately, contents } = await trainOn(3, train, options)
    expect(separately.threads).toBe(threads)
    expect(separately.reasons).toEqual([`the backend cpu trains one network at a time; ${reason}`])
    vi.restoreAllMocks()
    expect(contents).toEqual((await trainOn(1, train, options)).contents)
  })

  it('the option goes with the CPU only', async () => {
    await expect(sweep(train, { sizes: [2, 3, 2], backend: 'webgpu', threads: 2 })).rejects.toThrow(/^threads: /)
    const own: Backend = { ...cpu() }
    await expect(sweep(train, { sizes: [2, 3, 2], backend: own, threads: 2 })).rejects.toThrow(/^threads: /)
  })
})

it.each([
  ['awaited', 'console.log((await sweep(data, options)).length)'],
  ['left without an end', 'await sweep(data, options)[Symbol.asyncIterator]().next(); console.log(4)'],
])('a plain script ends soon after a sweep that is %s', async (_, text) => {
  const folder = mkdtempSync(join(tmpdir(), 'webgpu-mlp-sweep-'))
  try {
    const file = join(folder, 'script.mjs')
    const library = new URL('../dist/node/index.js', import.meta.url).href
    writeFileSync(
      file,
      `import { circle, sweep } from ${JSON.stringify(library)}
const data = circle({ samples: 100, seed: 1 })
const options = { sizes: [2, 3, 2], seeds: 4, epochs: 500, threads: 2, backend: 'wasm' }
${text}
const ended = performance.now()
process.on('exit', () => console.log(performance.now() - ended))`,
    )
    const { stdout } = await promisify(execFile)(process.execPath, [file], { timeout: 30_000 })
    const [networks, milliseconds] = stdout.trim().split('\n').map(Number)
    expect(networks).toBe(4)
    expect(milliseconds).toBeLessThan(1000)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
