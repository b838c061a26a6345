import { describe, expect, it } from 'vitest'
import {
  adam,
  type Backend,
  circle,
  cpu,
  decodeSweepCheckpoint,
  encodeSweepCheckpoint,
  InputError,
  mergeSweepCheckpoints,
  Network,
  sgd,
  split,
  sweep,
  type SweepCheckpoint,
  type SweepOptions,
  type SweepResult,
  Trainer,
  wasm,
} from '../src/index.ts'
import { webgpuWith } from '../src/backend/webgpu/opened-backend.ts'
import { assignFolds, takeFold } from '../src/data/folds.ts'
import { withDevice } from './device.ts'

const { train, test: validation } = split(circle({ samples: 75, seed: 1 }), { test: 0.2, seed: 1 })
const options = {
  sizes: [
    [2, 3, 2],
    [2, 2, 2, 2],
  ],
  optimizer: [sgd({ momentum: 0.5 }), adam()],
  learningRate: [0.01, 1],
  seeds: 2,
  epochs: 8,
  validation,
} satisfies SweepOptions

/** All of a result that does not depend on time. */
function plain(result: SweepResult) {
  const { index, settings, seed, score, loss, epochs, diverged, fault, folds, history } = result
  const { epochs: rows, stopped } = history
  const losses = rows.map((row) => [row.epoch, row.loss, row.accuracy, row.validation, row.steps, row.learningRate])
  const parameters = [...result.network().parameters]
  return {
    index,
    sizes: settings.sizes,
    seed,
    score,
    loss,
    epochs,
    diverged,
    fault,
    folds,
    losses,
    stopped,
    parameters,
  }
}
const plainOf = (results: readonly SweepResult[]) => results.map(plain)

/** Encodes and decodes, as a program does that ends in between. */
const kept = (checkpoint: SweepCheckpoint) => decodeSweepCheckpoint(encodeSweepCheckpoint(checkpoint))

/** Leaves a sweep after every round, and goes on from its checkpoint. */
async function inPieces(given: SweepOptions): Promise<{ results: SweepResult[]; pieces: number }> {
  let checkpoint: SweepCheckpoint | undefined
  for (let pieces = 1; ; pieces++) {
    const run = sweep(train, { ...given, resume: checkpoint })
    let progress = 0
    for await (const round of run) {
      progress = round.progress
      checkpoint = kept(await run.checkpoint())
      break
    }
    if (progress === 1) return { results: await run, pieces }
  }
}

const backends: readonly (readonly [string, () => Backend])[] = [
  ['cpu', cpu],
  ['wasm', () => wasm({ threads: 1 })],
]

describe('a sweep that is resumed after each round ends as an unbroken one', () => {
  async function compare(backend: Backend, more: Partial<SweepOptions> = {}): Promise<void> {
    const given = { ...options, ...more, backend }
    const { results, pieces } = await inPieces(given)
    expect(pieces).toBeGreaterThan(1)
    expect(plainOf(results)).toEqual(plainOf(await sweep(train, given)))
  }

  it.each(backends)('%s, with halving', async (_, open) => {
    await compare(open(), { halving: { rounds: 3 } })
  })

  withDevice('webgpu, with halving', async (device) => {
    await compare(webgpuWith(device), { halving: { rounds: 3 }, sizes: [2, 3, 2], optimizer: sgd({ momentum: 0.5 }) })
  })

  it('with folds and networks that diverge', async () => {
    const more = { validation: undefined, folds: 3, sizes: [2, 2, 2], activation: 'linear' } as const
    await compare(cpu(), { ...more, learningRate: [1e30, 0.01], halving: { rounds: 2 } })
  })
})

it('a checkpoint is kept as it is by bytes, with its notes', async () => {
  const run = sweep(train, { ...options, epochs: 2, backend: 'cpu', halving: { rounds: 2 } })
  for await (const { halving } of run) if (halving === 1) break
  const checkpoint = await run.checkpoint({ notes: { words: ['--lr', 'ä'], count: 3 } })
  expect(kept(checkpoint)).toEqual(checkpoint)
  await expect(sweep(train, options).checkpoint()).rejects.toThrow('it has not begun')
})

describe('bytes that are not a checkpoint', () => {
  const bytesOf = async () => {
    const run = sweep(train, { sizes: [2, 3, 2], epochs: 1, backend: 'cpu' })
    await run
    return encodeSweepCheckpoint(await run.checkpoint())
  }

  it('are refused wherever one of them is changed, and where they are cut', async () => {
    const bytes = await bytesOf()
    for (let at = 0; at < bytes.length; at += 7) {
      const changed = bytes.slice()
      changed[at]! ^= 1 << (at % 8)
      expect(() => decodeSweepCheckpoint(changed), `byte ${at}`).toThrow(InputError)
      expect(() => decodeSweepCheckpoint(bytes.slice(0, at))).toThrow(InputError)
    }
  })

  it('are refused by name', () => {
    expect(() => decodeSweepCheckpoint(new TextEncoder().encode('{"format": "webgpu-mlp checkpoint"}'))).toThrow(
      'this is not the checkpoint of a sweep',
    )
  })
})

it('the checkpoint of another sweep is refused, with what differs', async () => {
  const base = { ...options, epochs: 1, backend: 'cpu' } as const
  const run = sweep(train, base)
  await run
  const resume = await run.checkpoint()
  expect(() => sweep(train, { ...base, learningRate: [0.01, 2], resume })).toThrow(
    'checkpoint: it is of another sweep: learningRate is [0.01,1] there and [0.01,2] in this one',
  )
  expect(() => sweep(circle({ samples: 75, seed: 2 }), { ...base, resume })).toThrow('another sweep: data is')
  expect(() => sweep(train, { ...base, shard: { index: 1, count: 2 }, resume })).toThrow(
    'it is of the whole sweep, and this is shard 1 of 2',
  )
  const results = await sweep(train, { ...base, resume })
  expect(plainOf(results)).toEqual(plainOf(await run))
})

describe('shards', () => {
  const base = { ...options, epochs: 2, backend: 'cpu' } as const
  const shardOf = async (index: number, count: number, more: Partial<SweepOptions> = {}) => {
    const run = sweep(train, { ...base, ...more, shard: { index, count } })
    await run
    return run.checkpoint()
  }

  it('are parts of the whole, and are merged into it', async () => {
    const checkpoints = await Promise.all([3, 1, 2].map((index) => shardOf(index, 3)))
    const merged = kept(mergeSweepCheckpoints(checkpoints.map(kept)))
    const whole = await sweep(train, base)
    expect(plainOf(await sweep(train, { ...base, resume: merged }))).toEqual(plainOf(whole))
    expect(sweep(train, { ...base, shard: { index: 1, count: 3 } }).networks).toBe(6)
  })

  it('that are missing, given twice or open are named', async () => {
    const [one, two, four] = [await shardOf(1, 4), await shardOf(2, 4), await shardOf(4, 4)]
    const merge =
      (...checkpoints: SweepCheckpoint[]) =>
      () =>
        mergeSweepCheckpoints(checkpoints)
    expect(merge(one, two, four)).toThrow('checkpoints: shard 3 of 4 is missing')
    expect(merge(one, two, two)).toThrow('they overlap: shard 2 of 4 is there twice')
    expect(merge(one, await shardOf(2, 2))).toThrow('some are of 4 shards and some of 2')
    expect(merge(one, await shardOf(2, 4, { learningRate: 5 }))).toThrow('it is of another sweep: learningRate')
    const run = sweep(train, { ...base, halving: { rounds: 2 } })
    for await (const { halving } of run) if (halving === 1) break
    expect(merge(await run.checkpoint())).toThrow('shard 1 of 1 is not finished')
  })
})

describe('folds', () => {
  it('score each network by the samples that it was not trained on', async () => {
    const base = { batchSize: 8, optimizer: sgd({ learningRate: 2 }), backend: 'cpu' } as const
    const [result] = await sweep(train, {
      ...base,
      sizes: [2, 4, 2],
      epochs: 5,
      seeds: [7],
      folds: { count: 4, seed: 3 },
    })
    const parts = assignFolds(train, { folds: 4, stratify: true, seed: 3 }).map((samples) => takeFold(train, samples))
    const scores: object[] = []
    for (const part of parts) {
      const network = Network.create({ sizes: [2, 4, 2], seed: 7 })
      using trainer = await Trainer.create(network, { ...base, seed: 7 })
      await trainer.fit(part.train, { epochs: 5 })
      const { accuracy, loss } = await trainer.evaluate(part.test)
      scores.push({ score: accuracy, loss })
    }
    expect(result!.folds).toEqual(scores)
    const values = result!.folds!.map(({ score }) => score)
    const mean = values.reduce((sum, value) => sum + value / 4, 0)
    expect(result!.score).toBeCloseTo(mean, 12)
    expect(result!.deviation).toBeCloseTo(Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2 / 4, 0)), 12)
  })

  it('train the network of the result on all samples', async () => {
    const base = { sizes: [2, 3, 2], epochs: 3, seeds: [4], backend: 'cpu' } as const
    const [folded] = await sweep(train, { ...base, folds: 3 })
    const [whole] = await sweep(train, base)
    expect(folded!.network().parameters).toEqual(whole!.network().parameters)
    expect(folded!.folds).toHaveLength(3)
    expect(whole!.folds).toBeUndefined()
  })

  it('are scaled as measured on the samples that are trained on', async () => {
    const base = { sizes: [2, 3, 2], epochs: 1, backend: 'cpu' } as const
    const [result] = await sweep(train, { ...base, folds: { count: 2, standardize: true } })
    expect(result!.network().scaling?.kind).toBe('standardize')
    expect(() => sweep(train, { ...base, folds: 2, validation })).toThrow('folds: the networks are scored by the folds')
    expect(() => sweep(train, { ...base, folds: 1000 })).toThrow('folds: expected at most')
  })

  it('that a network diverges on make it diverge', async () => {
    const base = { sizes: [2, 2, 2], activation: 'linear', epochs: 20, folds: 2, backend: 'cpu' } as const
    const results = await sweep(train, { ...base, learningRate: [1e30, 0.01] })
    expect(results.map(({ diverged }) => diverged)).toEqual([false, true])
    expect(results[1]!.score).toBeNaN()
  })
})

it('one network of a sweep is the one of a single training, whatever the shard', async () => {
  const base = { ...options, epochs: 1, backend: 'cpu' } as const
  const [result] = await sweep(train, { ...base, shard: { index: 2, count: 16 } })
  expect(result!.index).toBe(1)
  expect(result!.network().sizes).toEqual(Network.create({ sizes: result!.settings.sizes }).sizes)
})
