import { describe, expect, it } from 'vitest'
import {
  type Backend,
  circle,
  cpu,
  Dataset,
  liveSweep,
  type LiveSweepOptions,
  Matrix,
  Network,
  reduceOnPlateau,
  sgd,
  split,
  Trainer,
  wasm,
} from '../src/index.ts'
import { webgpuWith } from '../src/backend/webgpu/opened-backend.ts'
import { expectClose } from './close.ts'
import { withDevice } from './device.ts'

const { train, test: validation } = split(circle({ samples: 75, seed: 1 }), { test: 0.2, seed: 1 })
const options = {
  sizes: [
    [2, 3, 2],
    [2, 2, 3, 2],
  ],
  optimizer: sgd({ momentum: 0.5 }),
  learningRate: [0.3, 3],
  batchSize: 8,
  seeds: [5, 6],
} as const satisfies LiveSweepOptions

const points = Matrix.from([
  [0, 0.5],
  [-1, 1],
  [0.2, 0],
])

/**
 * Trains in several calls, and compares every network with one that is trained separately.
 * @param bound of the difference of parameters; 0 for the same bits
 */
async function compare(backend: Backend, bound: number): Promise<void> {
  using live = await liveSweep(train, { ...options, validation, backend })
  const untrained = await live.parameters()
  await live.train(2)
  await live.train()
  const [parameters, scores, networks] = [await live.parameters(), await live.scores(), live.networks]
  expect(networks).toHaveLength(8)
  expect(networks.map(({ settings, seed }) => [settings.sizes.length, settings.learningRate, seed])).toEqual([
    [3, 0.3, 5],
    [3, 0.3, 6],
    [3, 3, 5],
    [3, 3, 6],
    [4, 0.3, 5],
    [4, 0.3, 6],
    [4, 3, 5],
    [4, 3, 6],
  ])
  for (const [k, { settings, seed, epoch, diverged }] of networks.entries()) {
    const { sizes, loss, optimizer, batchSize } = settings
    const network = Network.create({ sizes, seed })
    expectClose(untrained[k]!, network.parameters, { name: `initial parameters of ${k}` })
    using trainer = await Trainer.create(network, { backend, loss, optimizer, batchSize, seed })
    await trainer.fit(train, { epochs: 3 })
    await trainer.read()
    expect([epoch, diverged]).toEqual([3, false])
    expectClose(parameters[k]!, network.parameters, { name: `parameters of ${k}`, atol: bound })
    const [outputs] = await live.outputs(points, [k])
    const want = await trainer.predict(points)
    expectClose(outputs!.data, want.data, { name: `outputs of ${k}`, atol: 10 * bound })
    const { loss: own, accuracy } = await trainer.evaluate(validation)
    expectClose(scores[k]!.loss, own, { name: `loss of ${k}`, atol: bound })
    expectClose(scores[k]!.score, accuracy!, { name: `score of ${k}`, atol: bound && 2 / validation.length })
  }
  await goesOn(live, backend, bound)
}

/** The checkpoint of a network is taken by a trainer, which then makes the same epochs. */
async function goesOn(live: Awaited<ReturnType<typeof liveSweep>>, backend: Backend, bound: number): Promise<void> {
  const { settings, seed } = live.networks[3]!
  const { sizes, loss, optimizer, batchSize } = settings
  const checkpoint = await live.checkpoint(3)
  expect([checkpoint.epoch, checkpoint.step]).toEqual([3, 3 * Math.ceil(train.length / 8)])
  using trainer = await Trainer.create(Network.create({ sizes, seed }), { backend, loss, optimizer, batchSize, seed })
  await trainer.resume(checkpoint)
  await trainer.fit(train, { epochs: 2 })
  await live.train(2)
  const network = await live.network(3)
  expectClose(network.parameters, (await trainer.read()).parameters, { name: 'continued', atol: bound })
  expect(network.task).toBe('classification')
}

describe('the networks of a live sweep', () => {
  it('equal those of single trainings on cpu, bit for bit, and train on from their checkpoints', () =>
    compare(cpu(), 0))

  it('and on wasm', async () => {
    const backend = wasm({ threads: 1 })
    await compare(backend, 0)
    backend.dispose()
  })

  withDevice('and on webgpu, side by side, up to the rounding of float32', async (device) => {
    const backend = webgpuWith(device)
    await compare(backend, 1e-5)
    using live = await liveSweep(train, { ...options, learningRate: 1, backend, dropout: [0, 0.5] })
    expect(live.separately).toEqual({ networks: 4, reasons: ['dropout'] })
  })

  it('have dropout, penalties and rates that follow the loss, as single trainings have', async () => {
    const learningRate = reduceOnPlateau({ learningRate: 1, patience: 0, threshold: 0.2 })
    const given = { sizes: [2, 4, 2], learningRate, dropout: [0, 0.3], l2: [0, 0.01], shuffle: false } as const
    using live = await liveSweep(train, { ...given, seeds: 2, backend: 'cpu' })
    await live.train(3)
    await live.train(3)
    const parameters = await live.parameters()
    for (const [k, { settings, seed }] of live.networks.entries()) {
      const { sizes, optimizer, dropout, l2 } = settings
      const network = Network.create({ sizes, seed })
      using trainer = await Trainer.create(network, { optimizer, dropout, l2, seed, backend: 'cpu' })
      await trainer.fit(train, { epochs: 6, shuffle: false })
      expectClose(parameters[k]!, (await trainer.read()).parameters, { name: `parameters of ${k}` })
      expect((await live.checkpoint(k)).plateau).toEqual((await trainer.checkpoint()).plateau)
    }
    expect(parameters).toHaveLength(8)
  })

  it('of more shapes than WebAssembly has memories for are computed without it', async () => {
    const sizes = Array.from({ length: 34 }, (_, width) => [2, width + 1, 2])
    using live = await liveSweep(train, { sizes, backend: 'wasm' })
    await live.train()
    const outputs = await live.outputs(points)
    expect(outputs).toHaveLength(34)
    const network = Network.create({ sizes: sizes[33]!, seed: 1 })
    using trainer = await Trainer.create(network, { backend: 'cpu', seed: 1 })
    await trainer.fit(train, { epochs: 1 })
    expectClose(outputs[33]!.data, (await trainer.predict(points)).data, { name: 'outputs' })
  })

  const curve = Dataset.from([[0], [0.5], [1]], [[0], [1], [0.5]])
  const diverging = { sizes: [1, 2, 1], output: 'linear', hidden: 'tanh', learningRate: [1e30, 0.1] } as const
  async function diverge(backend: Backend): Promise<void> {
    using live = await liveSweep(curve, { ...diverging, backend })
    await live.train(3)
    await live.train(2)
    const [scores, parameters] = [await live.scores(), await live.parameters()]
    const { cause, fix } = (await live.explain(0))!
    expect([cause, fix.learningRate]).toEqual(['learningRate', expect.any(Number)])
    expect(await live.explain(1)).toBeUndefined()
    expect(live.networks.map(({ diverged, epoch }) => [diverged, epoch < 5])).toEqual([
      [true, true],
      [false, false],
    ])
    expect(scores[0]).toEqual({ score: NaN, loss: NaN })
    using trainer = await Trainer.create(await live.network(1), { backend: 'cpu' })
    expectClose(scores[1]!.score, (await trainer.evaluate(curve)).r2!, { name: 'R²', atol: 1e-4 })
    expect(parameters.every((own) => own.every(Number.isFinite))).toBe(true)
    expect((await live.checkpoint(0)).epoch).toBe(live.networks[0]!.epoch)
  }
  it('that diverge are trained no more, and the others have R²: cpu', () => diverge(cpu()))
  withDevice('that diverge are trained no more, and the others have R²: webgpu', (device) =>
    diverge(webgpuWith(device)),
  )

  it('are refused where options do not fit, and after the sweep was disposed of or aborted', async () => {
    const given = { sizes: [2, 3, 2], backend: 'cpu' } as const
    await expect(liveSweep(train, { ...given, epochs: 3 } as never)).rejects.toThrow(/'epochs': train\(epochs\)/)
    await expect(liveSweep(train, { ...given, sizes: [3, 2] })).rejects.toThrow('3')
    const stop = new AbortController()
    const live = await liveSweep(train, { ...given, seeds: 3, signal: stop.signal })
    await expect(live.train(0)).rejects.toThrow('epochs')
    await expect(live.checkpoint(3)).rejects.toThrow('index')
    await expect(live.network(-1)).rejects.toThrow('index')
    await expect(live.outputs([[1, 2, 3]])).rejects.toThrow('2')
    const training = live.train(100_000)
    stop.abort(new Error('enough'))
    await expect(training).rejects.toThrow('enough')
    live.dispose()
    await expect(live.parameters()).rejects.toThrow('disposed')
  })
})
