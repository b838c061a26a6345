import type { Worker } from 'node:worker_threads'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { adam, sgd, Trainer, type TrainerOptions, wasm } from '../src/index.ts'
import { randomData, randomNetwork } from './backends.ts'

const cases: [string, Parameters<typeof randomNetwork>, Partial<TrainerOptions>][] = [
  [
    '784-30-10, batch 10',
    [[784, 30, 10], 'sigmoid', 'sigmoid', 1],
    { batchSize: 10, optimizer: sgd({ learningRate: 1 }) },
  ],
  [
    '50-67-33-9, batch 70',
    [[50, 67, 33, 9], 'tanh', 'softmax', 2],
    { batchSize: 70, loss: 'crossEntropy', optimizer: adam() },
  ],
  [
    'dropout, penalty and clipping',
    [[40, 130, 5], 'relu', 'linear', 3],
    {
      batchSize: 33,
      dropout: 0.3,
      l1: 1e-4,
      l2: 1e-3,
      optimizer: sgd({ momentum: 0.9, clipNorm: 0.5 }),
      loss: 'huber',
    },
  ],
]

describe('threads of the backend wasm', () => {
  it.each(cases)('%s: one, two and three threads give the same bits', async (_, network, options) => {
    const [sizes] = network
    const data = randomData(150, sizes[0]!, sizes.at(-1)!, 4)
    const results = []
    for (const threads of [1, 2, 3]) {
      const backend = wasm({ threads })
      const trainer = await Trainer.create(randomNetwork(...network), { ...options, seed: 5, backend })
      const { epochs } = await trainer.fit(data, { epochs: 12 })
      const { parameters } = await trainer.read()
      results.push({ losses: epochs.map(({ loss }) => loss), parameters: [...parameters] })
      expect(trainer.backend.description).toContain(threads === 1 ? '1 thread' : `${threads} threads`)
      trainer.dispose()
      backend.dispose()
    }
    expect(results[1]).toEqual(results[0])
    expect(results[2]).toEqual(results[0])
  })
})

afterEach(() => {
  vi.restoreAllMocks()
})

it('a thread that ends is reported, and the next network on the backend gets new threads', async () => {
  const workers: Worker[] = []
  const original = process.getBuiltinModule.bind(process)
  vi.spyOn(process, 'getBuiltinModule').mockImplementation((name: string) => {
    const module = original(name) as { readonly Worker: typeof Worker }
    if (name !== 'worker_threads') return module
    class Recorded extends module.Worker {
      constructor(...given: ConstructorParameters<typeof Worker>) {
        super(...given)
        workers.push(this)
      }
    }
    return { ...module, Worker: Recorded }
  })
  const backend = wasm({ threads: 2 })
  const data = randomData(100, 60, 4, 1)
  const create = () =>
    Trainer.create(randomNetwork([60, 90, 4], 'tanh', 'sigmoid', 1), { batchSize: 50, seed: 1, backend })
  const trainer = await create()
  const { last } = await trainer.fit(data, { epochs: 3 })
  await workers[0]!.terminate()
  await expect(trainer.fit(data, { epochs: 100 })).rejects.toThrow(/^backend 'wasm': thread 1 is gone: .*create a new/)
  trainer.dispose()
  const [next, other] = await Promise.all([create(), create()])
  expect((await next.fit(data, { epochs: 3 })).last.loss).toBe(last.loss)
  expect((await other.fit(data, { epochs: 3 })).last.loss).toBe(last.loss)
  expect(workers).toHaveLength(2)
  for (const one of [next, other, backend]) one.dispose()
})
