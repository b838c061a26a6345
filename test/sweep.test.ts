import { describe, expect, it } from 'vitest'
import {
  adam,
  type Backend,
  circle,
  cosine,
  cpu,
  Dataset,
  fit,
  InputError,
  logspace,
  Network,
  reduceOnPlateau,
  sgd,
  split,
  standardize,
  sweep,
  type SweepOptions,
  type SweepResult,
  type SweepRound,
  Trainer,
  wasm,
} from '../src/index.ts'
import { webgpuWith } from '../src/backend/webgpu/opened-backend.ts'
import { Random } from '../src/core/random.ts'
import { readOptions } from '../src/core/schema.ts'
import { SharedReplacement } from '../src/training/recovery/shared-replacement.ts'
import { divide } from '../src/training/sweep/grouping.ts'
import { planOf } from '../src/training/sweep/members.ts'
import { sweepSchema } from '../src/training/sweep/options.ts'
import { expectClose } from './close.ts'
import { withDevice } from './device.ts'

const { train, test: validation } = split(circle({ samples: 75, seed: 1 }), { test: 0.2, seed: 1 })
/** A curve. */
const curve = (samples: number, shift = 0) => {
  const x = Array.from({ length: samples }, (_, i) => (2 * i) / samples - 1 + shift)
  return Dataset.from(x.map((one) => [one]), x.map((one) => [Math.sin(2 * one)])) // prettier-ignore
}
const small = { sizes: [2, 3, 2], backend: 'cpu', epochs: 3 } as const

/** Trains the network of a result separately, with the options that its settings are. */
async function trainAlone(
  { settings, seed }: SweepResult,
  backend: Backend,
  data: Dataset,
  held?: Dataset,
): Promise<{ network: Network; epochs: readonly { loss: number; accuracy?: number }[]; score: number; loss: number }> {
  const { sizes, activation, hidden, output, activations, init } = settings
  const { loss, optimizer, batchSize, l1, l2, dropout, epochs, shuffle } = settings
  const network = Network.create({ sizes, activation, hidden, output, activations, init, seed })
  using trainer = await Trainer.create(network, { backend, loss, optimizer, batchSize, l1, l2, dropout, seed })
  const history = await trainer.fit(data, { epochs, shuffle, validation: held })
  await trainer.read()
  const evaluation = await trainer.evaluate(held ?? data)
  const { accuracy, loss: last } = held || evaluation.r2 !== undefined ? evaluation : history.last
  return { network, epochs: history.epochs, score: evaluation.r2 ?? accuracy!, loss: last }
}

/** Random settings with several shapes, rules and penalties; the values of each option are random. */
function randomOptions(seed: number): SweepOptions {
  const random = new Random(seed, 'data')
  const rate = () => 10 ** random.between(-2, 0.5)
  const width = () => 1 + random.below(6)
  const optimizers = [
    sgd(),
    sgd({ momentum: 0.5 + 0.4 * random.uniform(), nesterov: true }),
    adam({ weightDecay: 0.01 }),
    sgd({ clipNorm: 1 }),
  ]
  return {
    sizes: [
      [2, width(), 2],
      [2, width(), width(), 2],
    ],
    hidden: random.below(2) === 0 ? ['tanh', 'sigmoid'] : 'relu',
    output: 'sigmoid',
    loss: ['quadratic', 'huber'],
    optimizer: [optimizers[random.below(4)]!, optimizers[random.below(3)]!],
    learningRate: [rate(), cosine({ learningRate: rate(), epochs: 3 })],
    batchSize: [1 + random.below(9), 32],
    l1: [0, 0.001 * random.uniform()],
    dropout: random.below(3) === 0 ? [0, 0.3] : 0,
    seeds: [random.bits(), 7],
    epochs: 1 + random.below(3),
    random: { count: 10, seed },
    validation: random.below(2) === 0 ? validation : undefined,
  }
}

/** A test on each backend. */
function onEachBackend(name: string, body: (backend: Backend) => Promise<void>) {
  it(`${name}: cpu`, () => body(cpu()))
  it(`${name}: wasm`, async () => {
    const backend = wasm({ threads: 1 })
    await body(backend)
    backend.dispose()
  })
  withDevice(`${name}: webgpu`, (device) => body(webgpuWith(device)))
}

describe('each network equals the one of a single training', () => {
  /** @param bound of the difference of parameters, relative to the largest change of one; 0 for the same bits */
  async function compare(options: SweepOptions, backend: Backend, bound: number): Promise<number> {
    const results = await sweep(train, { ...options, backend })
    for (const result of results) {
      const alone = await trainAlone(result, backend, train, options.validation)
      const { sizes, seed } = { ...result.settings, seed: result.seed }
      const what = { name: `${JSON.stringify(result.settings)}, seed ${seed}`, atol: bound }
      expect(result.network().sizes).toEqual(sizes)
      expectClose(result.network().parameters, alone.network.parameters, what)
      const { epochs } = result.history
      expectClose(epochs.map(({ loss }) => loss), alone.epochs.map(({ loss }) => loss), { ...what, rtol: bound }) // prettier-ignore
      expectClose(result.loss, alone.loss, { ...what, rtol: bound })
      expectClose(result.score, alone.score, { ...what, atol: bound && 2 / validation.length })
      expect(result.network().task).toBe('classification')
    }
    return results.length
  }

  it('of 200 random members on cpu, bit for bit', async () => {
    let count = 0
    for (let seed = 1; seed <= 10; seed++) count += await compare(randomOptions(seed), cpu(), 0)
    expect(count).toBe(200)
  })

  it('on wasm, bit for bit', async () => {
    const backend = wasm({ threads: 1 })
    expect(await compare({ ...randomOptions(11), random: { count: 4 } }, backend, 0)).toBe(8)
    backend.dispose()
  })

  withDevice('on webgpu, up to the rounding of float32', async (device) => {
    // Few kernels, because compiling them takes most of the time.
    const shapes = { sizes: [2, 3, 2], hidden: 'tanh', loss: 'quadratic', dropout: 0, random: undefined } as const
    const rules = { optimizer: [sgd({ momentum: 0.9 }), adam()], l1: 0, batchSize: [7, 32], seeds: 5 }
    expect(await compare({ ...randomOptions(2), ...shapes, ...rules }, webgpuWith(device), 1e-5)).toBe(40)
  })

  onEachBackend('of regression, by R² of the validation data', async (backend) => {
    const options = { sizes: [1, 4, 1], output: 'linear', learningRate: [0.01, 0.1], seeds: 3, epochs: 4 } as const
    const [data, held] = [curve(50), curve(20, 0.01)]
    const results = await sweep(data, { ...options, backend, validation: held })
    for (const result of results) {
      const alone = await trainAlone(result, backend, data, held)
      expectClose(result.score, alone.score, { name: 'R²', atol: 1e-4 })
      expectClose(result.loss, alone.loss, { name: 'loss', rtol: 1e-4 })
    }
    const scores = results.map(({ score }) => score)
    expect(scores).toEqual(scores.toSorted((a, b) => b - a))
  })

  it('where the data carry their preprocessing', async () => {
    const data = standardizeData()
    const [result] = await sweep(data, { ...small, seeds: [4] })
    const alone = await trainAlone(result!, cpu(), data)
    expect(result!.network().toJSON()).toEqual(alone.network.toJSON())
    expect(result!.network().scaling).toBeDefined()
  })

  const standardizeData = () => train.withScaling(standardize(train))
})

describe('what is trained', () => {
  it('is every combination with every seed', async () => {
    const optimizer = [sgd(), adam()]
    const results = await sweep(train, { ...small, epochs: 1, learningRate: [0.1, 1], optimizer, seeds: 3 })
    const found = results.map(({ settings, seed }) =>
      [settings.optimizer.name, settings.learningRate as number, seed].join(),
    )
    const expected = ['sgd', 'adam'].flatMap((name) => [0.1, 1].flatMap((rate) => [1, 2, 3].map((k) => [name, rate, k].join()))) // prettier-ignore
    expect(found.toSorted()).toEqual(expected.toSorted())
    expect(results.every(({ settings }) => settings.optimizer.learningRate === settings.learningRate)).toBe(true)
  })

  it('has the output activation that the loss needs', async () => {
    const loss = ['quadratic', 'crossEntropy'] as const
    const results = await sweep(train, { ...small, epochs: 1, loss })
    const outputs = results.map(({ settings }) => `${settings.loss} ${settings.output}`)
    expect(outputs.toSorted()).toEqual(['crossEntropy softmax', 'quadratic undefined'])
    expect(() => sweep(train, { ...small, loss, output: 'sigmoid' })).toThrow(
      /crossEntropy needs the output activation/,
    )
  })

  it('in a random search follows from its seed, within the ranges and without repetition', async () => {
    const options = {
      ...small,
      epochs: 1,
      learningRate: { from: 0.01, to: 10, scale: 'log' },
      batchSize: { from: 4, to: 12 },
    } as const
    const settingsOf = async (count: number, seed: number) =>
      (await sweep(train, { ...options, random: { count, seed } })).map(
        ({ settings }) => [settings.learningRate as number, settings.batchSize] as const,
      )
    const first = await settingsOf(60, 1)
    expect(first.toSorted()).toEqual((await settingsOf(60, 1)).toSorted())
    expect(first.toSorted()).not.toEqual((await settingsOf(60, 2)).toSorted())
    expect(new Set(first.map(String)).size).toBe(60)
    expect(new Set(first.map(([, size]) => size))).toEqual(new Set([4, 5, 6, 7, 8, 9, 10, 11, 12]))
    // Of the logarithms, a third is in each factor of ten.
    for (const from of [0.01, 0.1, 1]) {
      const share = first.filter(([rate]) => rate >= from && rate <= 10 * from).length / 60
      expect(share).toBeGreaterThan(0.15)
      expect(share).toBeLessThan(0.55)
    }
  })

  it('in a random search may be all combinations', async () => {
    const results = await sweep(train, { ...small, epochs: 1, learningRate: [1, 2, 3, 4], random: { count: 4 } })
    expect(results.map(({ settings }) => settings.learningRate as number).toSorted()).toEqual([1, 2, 3, 4])
  })
})

describe('the ranking', () => {
  it('is by accuracy, then by loss, then by the number of parameters', async () => {
    const results = await sweep(train, { ...small, sizes: [[2, 3, 2], [2, 5, 2]], learningRate: [0, 1], seeds: 6 }) // prettier-ignore
    const keys = results.map(({ score, loss, parameters }) => [-score, loss, parameters] as const)
    const sorted = keys.toSorted((a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2])
    expect(keys).toEqual(sorted)
  })

  onEachBackend('has the networks that diverged at its end', async (backend) => {
    const data = Dataset.from([[1], [2], [3]], [[1.5], [2.5], [3.5]])
    const options = { sizes: [1, 2, 1], activation: 'linear', batchSize: 1, seeds: 2, epochs: 20 } as const
    const results = await sweep(data, { ...options, learningRate: [1e30, 0.01], backend })
    expect(results.map(({ diverged }) => diverged)).toEqual([false, false, true, true])
    const [best, , bad] = results
    expect(best!.epochs).toBe(20)
    expect(bad!.score).toBeNaN()
    expect(Number.isFinite(bad!.loss)).toBe(false)
    expect(bad!.history.epochs).toHaveLength(bad!.epochs)
    expect(bad!.fault).toMatchObject({
      epoch: bad!.epochs + 1,
      minibatch: expect.any(Number),
      layer: expect.any(Number),
    })
    expect(bad!.network().parameters.every(Number.isFinite)).toBe(true)
  })
})

describe('halving', () => {
  onEachBackend('trains the best networks on, to the same result as without', async (backend) => {
    const options = { sizes: [2, 3, 2], learningRate: [0.01, 0.5, 2, 8], seeds: 4, epochs: 16, backend, validation }
    const rounds: SweepRound[] = []
    const results = await sweep(train, { ...options, halving: { rounds: 3, keep: 0.5 }, onRound: (r) => void rounds.push(r) }) // prettier-ignore
    const epochs = results.map((result) => result.epochs)
    expect(epochs).toEqual([...Array<number>(4).fill(16), ...Array<number>(4).fill(8), ...Array<number>(8).fill(4)])
    const whole = await sweep(train, options)
    for (const result of results.slice(0, 4)) {
      const { seed, settings } = result
      const same = whole.find((one) => one.seed === seed && one.settings.learningRate === settings.learningRate)!
      expect(result.history.epochs.map(({ epoch }) => epoch)).toEqual(Array.from({ length: 16 }, (_, e) => e + 1))
      expectClose(result.network().parameters, same.network().parameters, { name: 'parameters', atol: 1e-5 })
    }
    // The weak ones are those with the lower scores after four epochs.
    const dropped = results.slice(8)
    const after = (result: SweepResult) => result.history.epochs[3]!.validation!.accuracy!
    const least = Math.min(...results.slice(0, 8).map(after))
    expect(Math.max(...dropped.map(after))).toBeLessThanOrEqual(least)
    expect(new Set(rounds.map(({ halving }) => halving))).toEqual(new Set([1, 2, 3]))
    expect(rounds.at(-1)).toMatchObject({ remaining: 0, progress: 1, networks: 16 })
  })
})

describe('rounds', () => {
  it('say what remains, what is best and what is trained separately', async () => {
    let last: SweepRound | undefined
    const running = sweep(train, { ...small, seeds: 12 })
    expect(running.networks).toBe(12)
    for await (const round of running) {
      expect(round.progress).toBeGreaterThanOrEqual(last?.progress ?? 0)
      last = round
    }
    expect(last).toMatchObject({ networks: 12, remaining: 0, progress: 1, halving: 1 })
    expect(last!.networksPerSecond).toBeGreaterThan(0)
    expect(last!.separately).toEqual({
      networks: 12,
      threads: 1,
      reasons: ['the backend cpu trains one network at a time'],
    })
    expect(last!.best).toHaveLength(10)
    const results = await running
    expect(results).toHaveLength(12)
    expect(results.slice(0, 10).map(({ seed }) => seed)).toEqual(last!.best.map(({ seed }) => seed))
    expect(await running).toBe(results)
  })

  withDevice('on webgpu say which networks are trained separately, and why', async (device) => {
    const backend = webgpuWith(device)
    let last: SweepRound | undefined
    const options = { ...small, backend, epochs: 1, dropout: [0, 0.2], seeds: 2 }
    await sweep(train, { ...options, onRound: (round) => void (last = round) })
    expect(last!.separately).toEqual({ networks: 2, threads: 1, reasons: ['dropout'] })
    // Too many values for the memory of a workgroup.
    const wide = { backend, sizes: [2, 100, 100, 2], epochs: 1, batchSize: 60 }
    for await (const round of sweep(train, wide)) last = round
    expect(last!.separately).toMatchObject({ networks: 1, reasons: [expect.stringContaining('more than the')] })
  })

  it('train separately what populations do not have', () => {
    const options = {
      sizes: [2, 3, 2],
      optimizer: [sgd(), sgd({ clipNorm: 1 })],
      learningRate: [1, reduceOnPlateau({ learningRate: 1 })],
      shuffle: [true, false],
    }
    const plan = planOf(train, readOptions(sweepSchema, options))
    const populate = () => Promise.reject(new Error('not called'))
    const replacement = new SharedReplacement({ ...cpu(), populate }, { onLoss: 'throw', onRecovery: undefined })
    const groups = divide({ ...plan, replacement, states: new Map() })
    expect(groups.map(({ members, reason }) => [members.length, reason])).toEqual([
      [1, undefined],
      [1, 'the samples are not shuffled'],
      [2, 'reduceOnPlateau follows the loss of each epoch'],
      [4, 'gradients are clipped (clipNorm)'],
    ])
  })

  it('end where the loop is left; awaiting gives what was trained', async () => {
    const running = sweep(train, { ...small, seeds: 3, halving: { rounds: 2 }, epochs: 400 })
    for await (const { halving } of running) if (halving === 1) break
    const results = await running
    expect(results.length).toBeGreaterThan(0)
    expect(results.every(({ epochs }) => epochs === 200)).toBe(true)
  })

  onEachBackend('end with the reason of an abort', async (backend) => {
    const abort = new AbortController()
    const reason = new Error('enough')
    const onRound = () => {
      abort.abort(reason)
    }
    const running = sweep(train, { ...small, backend, epochs: 100_000, seeds: 2, signal: abort.signal, onRound })
    setTimeout(onRound, 50)
    await expect(running).rejects.toBe(reason)
    await expect(running).rejects.toBe(reason)
    const late = sweep(train, { ...small, backend, signal: abort.signal })
    await expect(late).rejects.toBe(reason)
  })

  it('begin when they are asked for', async () => {
    let opened = 0
    const backend: Backend = { ...cpu(), place: (...given) => (opened++, cpu().place(...given)) }
    const running = sweep(train, { ...small, backend })
    await new Promise((resolve) => setTimeout(resolve, 10))
    expect(opened).toBe(0)
    await running
    expect(opened).toBe(1)
  })
})

it('trains with weights of classes, and with early stopping as fit does', async () => {
  const earlyStopping = { patience: 2 }
  const classWeights = [1, 3]
  const optimizer = sgd({ learningRate: 5 })
  const options = { optimizer, epochs: 30, classWeights, earlyStopping, validation, backend: 'cpu' } as const
  const [result] = await sweep(train, { ...options, sizes: [2, 3, 2], seeds: [9] })
  const network = Network.create({ sizes: [2, 3, 2], seed: 9 })
  const history = await fit(network, train, { ...options, seed: 9 })
  expect(result!.network().parameters).toEqual(network.parameters)
  expect(result!.history).toMatchObject({ stopped: history.stopped, bestEpoch: history.bestEpoch })
})

describe('bad input is refused at once', () => {
  it.each<[string, unknown, RegExp]>([
    ['no value', { learningRate: [] }, /learningRate: expected at least one value/],
    ['no seed', { seeds: [] }, /seeds: expected how many seeds/],
    ['0 seeds', { seeds: 0 }, /seeds: expected a whole number from 1/],
    ['an unknown option', { seed: 1 }, /unknown name 'seed': give how many seeds/],
    ["another library's name", { lr: 0.1 }, /did you mean 'learningRate' \(PyTorch: 'lr'\)/],
    ['an option of an optimizer', { momentum: 0.9 }, /an option of the optimizer/],
    ['an unknown activation', { hidden: ['tanh', 'rleu'] }, /hidden\[1\]: unknown name 'rleu' \(did you mean 'relu'/],
    [
      'a billion networks',
      { learningRate: logspace(0.01, 1, 1000), l2: logspace(1e-6, 1, 1000), seeds: 1000 },
      /1000 of learningRate × 1000 of l2 × 1000 seeds are 1,000,000,000 networks, more than the limit of 100,000.*random/,
    ],
    ['too many random ones', { random: { count: 30 }, seeds: 10, limit: 200, learningRate: { from: 0, to: 1 } }, /30 combinations × 10 seeds are 300 networks, more than the limit of 200/],
    ['more random ones than there are', { random: { count: 3 }, l1: [0, 1] }, /at most the 2 combinations/],
    ['a range without random search', { learningRate: { from: 0.1, to: 1 } }, /learningRate: a range is for random search/],
    ['a range from above', { random: { count: 1 }, l2: { from: 1, to: 0.1 } }, /l2: expected a range with from below to/],
    ['a logarithmic range from 0', { random: { count: 1 }, l2: { from: 0, to: 1, scale: 'log' } }, /a range above 0/],
    ['an incomplete range', { random: { count: 1 }, l2: { from: 0 } }, /l2: to: expected a finite number/],
    ['a range of no batch size', { random: { count: 1 }, batchSize: { from: 0, to: 8 } }, /batchSize: from: expected a whole number/],
    ['a range with fewer numbers', { random: { count: 9 }, batchSize: { from: 4, to: 6 } }, /fewer than 9 numbers; found 3/],
    ['keeping all', { halving: { keep: 1 } }, /halving: keep: expected a number above 0 and below 1/],
    ['halving with early stopping', { halving: true, earlyStopping: { patience: 1 } }, /halving: .*earlyStopping/],
    ['other data', { sizes: [3, 2] }, /data: has 2 input columns|train: has 2 input columns/],
    ['no data set to validate', { validation: 0.2 }, /validation: expected a Dataset/],
  ])('%s', (_, options, message) => {
    const call = () => sweep(train, { ...small, ...(options as object) })
    expect(call).toThrow(InputError)
    expect(call).toThrow(message)
  }) // prettier-ignore

  it('and logspace needs numbers above 0', () => {
    expect(logspace(0.01, 10, 4)).toEqual([0.01, 0.1, 1, 10])
    expect(logspace(8, 8, 1)).toEqual([8])
    expect(() => logspace(0, 1, 3)).toThrow(/from: expected a finite number above 0/)
    expect(() => logspace(1, 2, 0)).toThrow(/count: expected a whole number from 1/)
  })
})
