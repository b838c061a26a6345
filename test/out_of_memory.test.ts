import { describe, expect } from 'vitest'
import { webgpu } from '../src/backend/webgpu/backend.ts'
import { type Backend, DataStream, OutOfMemoryError, sgd, sweep, Trainer, type TrainerOptions } from '../src/index.ts'
import { randomData, randomNetwork } from './backends.ts'
import { isExhaustive } from './covering.ts'
import { withNewDevice } from './device.ts'
import { countGPU, type CountedGPU } from './memory/counted-gpu.ts'

const data = randomData(96, 5, 3, 1)
const rows = (count: number) => Uint32Array.from({ length: count }, (_, i) => i)
const validation = data.take(rows(40))
const stream = DataStream.from({
  samples: data.length,
  example: data,
  chunks: () => [data.take(rows(48)), data.take(rows(48))],
})
const network = () => randomNetwork([5, 9, 3], 'tanh', 'sigmoid', 1)

/** Calls of a trainer, each with a result that can be compared. */
const calls: Readonly<Record<string, (trainer: Trainer) => Promise<unknown>>> = {
  fit: async (trainer) => (await trainer.fit(data, { epochs: 2, validation })).last.loss,
  'fit of a stream': async (trainer) => (await trainer.fit(stream, { epochs: 1 })).last.loss,
  steps: async (trainer) => {
    for await (const { step, loss } of trainer.steps(data)) if (step % 3 === 0) return loss
    return undefined
  },
  evaluate: (trainer) => trainer.evaluate(data),
  predict: async (trainer) => [...(await trainer.predict(data.inputs)).data],
  gradients: async (trainer) => (await trainer.gradients(validation.inputs, validation.targets)).loss,
  load: async (trainer) => {
    const loaded = await trainer.load(data)
    const { length } = loaded
    loaded.dispose()
    return length
  },
  read: async (trainer) => [...(await trainer.read()).parameters],
  checkpoint: async (trainer) => trainer.resume(await trainer.checkpoint()),
}
/** Those that change nothing: after a failure they give what they gave before. */
const pure = ['evaluate', 'predict', 'gradients', 'load', 'read']

/** Tries work without memory for its first buffer, for its second, and so on, until it makes no more than that. */
async function eachFailure(
  gpu: CountedGPU,
  attempt: () => Promise<unknown>,
  check: (error: unknown, place: number) => Promise<void> | void,
): Promise<number> {
  for (let place = 0; ; place++) {
    gpu.failAt(place)
    const error = await attempt().then(
      () => undefined,
      (reason: unknown) => reason ?? new Error('rejected without a reason'),
    )
    const isReached = gpu.made > place
    gpu.failAt(Infinity)
    if (!isReached) {
      expect(error).toBe(undefined)
      return place
    }
    await check(error, place)
  }
}

/** One error that says what has no memory, how much is needed, and what to change. */
const expectClear = (error: unknown, where: string) => {
  expect(error, where).toBeInstanceOf(OutOfMemoryError)
  expect((error as Error).message, where).toMatch(
    /^[a-z -]+: '.*' has no memory left for [\d,.]+ (bytes|[KMG]iB) more; .*(smaller|fewer).*backend: 'cpu'$/,
  )
}

const cases: readonly (readonly [string, TrainerOptions & { backend?: never }, 'layered' | 'resident'])[] = [
  ['layered', { batchSize: 16 }, 'layered'],
  ['resident', { batchSize: 16 }, 'resident'],
  [
    'in windows, with clipping',
    { batchSize: 16, dataMemory: 2600, optimizer: sgd({ learningRate: 0.01, clipNorm: 1 }) },
    'layered',
  ],
  ['with a profile', { batchSize: 16, profile: true }, 'layered'],
]

describe('a device that has no memory for a buffer', () => {
  for (const [name, options, plan] of isExhaustive ? cases : cases.slice(0, 1)) {
    withNewDevice(
      `${name}: one clear error, nothing is kept, and the trainer goes on`,
      async ({ gpu }) => {
        const backend: Backend = webgpu({ device: gpu, plan })
        const create = () => Trainer.create(network(), { seed: 1, ...options, backend })
        ;(await create()).dispose() // The self-test has run.
        const counted = countGPU(gpu)
        const placing = await eachFailure(
          counted,
          async () => (await create()).dispose(),
          (error, place) => {
            expectClear(error, `buffer ${place} of a placement`)
            expect([...counted.alive.values()], `buffer ${place} of a placement`).toEqual([])
          },
        )
        expect(placing).toBeGreaterThan(5)
        for (const [call, run] of Object.entries(calls)) {
          const trainer = await create()
          const before = pure.includes(call) ? await run(trainer) : undefined
          if (call === 'read' || call === 'checkpoint') await trainer.fit(data, { epochs: 1 })
          const same = pure.includes(call) && call !== 'read' ? before : undefined
          const failures = await eachFailure(
            counted,
            () => run(trainer),
            async (error, place) => {
              const where = `buffer ${place} of ${call}`
              expectClear(error, where)
              if (same !== undefined) expect(await run(trainer), where).toEqual(same)
              expect((await trainer.evaluate(data)).loss, where).toBeGreaterThan(0)
            },
          )
          // Data that pass through in windows are not uploaded by load().
          if (call !== 'load' || options.dataMemory === undefined) expect(failures, call).toBeGreaterThan(0)
          trainer.dispose()
          await new Promise((resolve) => setTimeout(resolve))
          expect([...counted.alive.values()], call).toEqual([])
        }
        expect(counted.uncaught).toEqual([])
        counted.restore()
        backend.dispose()
      },
      300_000,
    )
  }

  if (isExhaustive) {
    withNewDevice(
      'a sweep: all networks are trained, or one clear error',
      async ({ gpu }) => {
        const backend = webgpu({ device: gpu })
        const run = async () => {
          const results = await sweep(data, {
            sizes: [5, 4, 3],
            learningRate: [0.1, 0.5],
            seeds: 2,
            epochs: 2,
            batchSize: 16,
            validation,
            backend,
          })
          return results.map(({ loss }) => loss)
        }
        const wanted = await run()
        const counted = countGPU(gpu)
        const failures = await eachFailure(
          counted,
          async () => {
            const losses = await run()
            losses.forEach((loss, i) => expect(loss).toBeCloseTo(wanted[i]!, 4))
          },
          (error, place) => {
            if (error !== undefined) expectClear(error, `buffer ${place}`)
            expect([...counted.alive.values()], `buffer ${place}`).toEqual([])
          },
        )
        expect(failures).toBeGreaterThan(5)
        expect(counted.uncaught).toEqual([])
        counted.restore()
        backend.dispose()
      },
      300_000,
    )
  }
})
