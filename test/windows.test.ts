import { describe, expect, it } from 'vitest'
import type { Backend } from '../src/backend/backend.ts'
import { cpu } from '../src/backend/host/backend.ts'
import { webgpu } from '../src/backend/webgpu/backend.ts'
import { type Checkpoint, Dataset, DataStream, Network, Trainer, type TrainerOptions } from '../src/index.ts'
import { adam } from '../src/optimizer/optimizer.ts'
import { randomData, randomNetwork, wasmOnTwoThreads } from './backends.ts'
import { expectClose } from './close.ts'
import { withDevice } from './device.ts'

const network = randomNetwork([12, 30, 5], 'tanh', 'softmax', 1)
const data = randomData(203, 12, 5, 2)
const options: TrainerOptions = {
  loss: 'crossEntropy',
  optimizer: adam({ learningRate: 0.01 }),
  batchSize: 10,
  seed: 3,
}
/** Two float32 sums of the losses of 21 steps, one of them summed by windows: each has a relative error of at most 20 · 2⁻²⁴. */
const SUM_BOUND = 2 * 20 * 2 ** -24
/** Bytes of a row: inputs and targets in packs of four floats, and its index in the order. */
const ROW = 4 * (12 + 8) + 4

async function train(backend: Backend, of: Dataset | DataStream, more: TrainerOptions = {}) {
  const trainer = await Trainer.create(network.clone(), { ...options, backend, ...more })
  const { epochs } = await trainer.fit(of, { epochs: 3, validation: data })
  const parameters = [...(await trainer.read()).parameters]
  trainer.dispose()
  return { losses: epochs.map(({ loss, validation }) => [loss, validation?.loss]), parameters }
}

/** The same samples in chunks of growing sizes. */
const chunked = (of: Dataset) =>
  DataStream.from({
    samples: of.length,
    chunks: function* () {
      for (let from = 0, size = 1; from < of.length; from += size, size += 7) {
        const count = Math.min(size, of.length - from)
        yield of.take(Array.from({ length: count }, (_, i) => from + i))
        if (count < size) return
      }
    },
  })

describe('data that do not fit the device', () => {
  withDevice('are uploaded in windows, with the same bits as data that fit', async ({ gpu }) => {
    const backend = () => webgpu({ device: gpu, plan: 'layered' })
    const whole = await train(backend(), data)
    for (const rows of [20, 70, 150]) {
      const windowed = await train(backend(), data, { dataMemory: 2 * rows * ROW })
      expect(windowed.parameters).toEqual(whole.parameters)
      expectClose(windowed.losses.flat(), whole.losses.flat(), {
        name: `losses in windows of ${rows}`,
        rtol: SUM_BOUND,
      })
    }
  })

  withDevice('use at most the allowed and the predicted memory', async ({ gpu }) => {
    const dataMemory = 2 * 40 * ROW
    const trainer = await Trainer.create(network.clone(), { ...options, backend: webgpu({ device: gpu }), dataMemory })
    const before = trainer.memory
    const predicted = trainer.memoryFor(data)
    expect(predicted - before).toBe(dataMemory)
    let most = 0
    const clock = setInterval(() => (most = Math.max(most, trainer.memory)), 1)
    for await (const _ of trainer.epochs(data, { epochs: 3 })) most = Math.max(most, trainer.memory)
    clearInterval(clock)
    expect(most).toBeLessThanOrEqual(predicted)
    trainer.dispose()
  })

  withDevice('are scored in windows, with weights, and by single steps', async ({ gpu }) => {
    const weighted = data.withWeights(Float32Array.from({ length: 203 }, (_, i) => i % 3))
    const backend = webgpu({ device: gpu, plan: 'layered' })
    const [whole, windowed] = [
      await Trainer.create(network.clone(), { ...options, backend }),
      await Trainer.create(network.clone(), { ...options, backend, dataMemory: 3000 }),
    ]
    const [want, got] = [await whole.evaluate(weighted), await windowed.evaluate(weighted)]
    expect(got.accuracy).toBe(want.accuracy)
    expectClose(got.loss, want.loss, { name: 'loss scored in windows', rtol: SUM_BOUND })
    for (const trainer of [whole, windowed]) {
      for await (const { step } of trainer.steps(weighted)) if (step === 25) break
      await trainer.fit(weighted, { epochs: 1 })
    }
    expect([...(await windowed.read()).parameters]).toEqual([...(await whole.read()).parameters])
  })

  withDevice('restore the parameters from before the epoch when the loss is no longer finite', async ({ gpu }) => {
    // Only the last window causes the divergence.
    const x = data.inputs.toArray()
    x[202] = new Array<number>(12).fill(3e38)
    const bad = Dataset.from(x, data.targets)
    const backend = webgpu({ device: gpu, plan: 'layered' })
    const linear = randomNetwork([12, 5], 'linear', 'linear', 1)
    const trainer = await Trainer.create(linear.clone(), { backend, batchSize: 10, dataMemory: 2 * 20 * ROW })
    await expect(trainer.fit(bad, { epochs: 1, shuffle: false })).rejects.toThrow('the training loss became')
    expect([...(await trainer.read()).parameters]).toEqual([...linear.parameters])
    trainer.dispose()
  })

  withDevice('can be aborted during an epoch, and trained on again', async ({ gpu }) => {
    const backend = webgpu({ device: gpu, plan: 'layered' })
    const many = randomData(20_000, 12, 5, 2)
    const trainer = await Trainer.create(network.clone(), { ...options, backend, dataMemory: 2 * 100 * ROW })
    const before = trainer.memory
    for (const after of [1, 30, 90]) {
      const controller = new AbortController()
      setTimeout(() => {
        controller.abort(new Error('enough'))
      }, after)
      await expect(trainer.fit(many, { epochs: 1, signal: controller.signal })).rejects.toThrow('enough')
      expect(trainer.memory).toBe(before)
    }
    expect(trainer.epoch).toBe(0)
    const { loss } = (await trainer.fit(data, { epochs: 1 })).epochs[0]!
    expect(loss).toBeGreaterThan(0)
    expect(trainer.memory).toBe(before)
    trainer.dispose()
  })

  it('end with the error of a stream that fails, and free their windows', async () => {
    const trainer = await Trainer.create(network.clone(), { ...options, backend: 'cpu' })
    const failing = DataStream.from({
      samples: 1000,
      chunks: function* () {
        yield data
        throw new Error('the disk is gone')
      },
    })
    await expect(trainer.fit(failing, { epochs: 1 })).rejects.toThrow('the disk is gone')
    await trainer.fit(data, { epochs: 1 })
  })

  withDevice('end with the error of a stream that fails on webgpu, too', async ({ gpu }) => {
    const backend = webgpu({ device: gpu, plan: 'layered' })
    const trainer = await Trainer.create(network.clone(), { ...options, backend, dataMemory: 2 * 50 * ROW })
    const before = trainer.memory
    const failing = DataStream.from({
      samples: 1000,
      chunks: async function* () {
        yield data
        await new Promise((resolve) => setTimeout(resolve, 5))
        yield randomData(9, 3, 5, 1)
      },
    })
    await expect(trainer.fit(failing, { epochs: 1 })).rejects.toThrow(
      'stream: a chunk has 3 input and 5 target columns, the first has 12 input and 5 target columns',
    )
    expect(trainer.memory).toBe(before)
    await trainer.fit(data, { epochs: 1 })
    trainer.dispose()
  })

  it('need a whole number of bytes as their limit', async () => {
    const create = Trainer.create(network, { ...options, dataMemory: 0.5 })
    await expect(create).rejects.toThrow('dataMemory: expected a whole number')
  })
})

describe('a stream', () => {
  it('gives windows of the requested size', async () => {
    const sizes = []
    const rows = []
    for await (const window of chunked(data).windows(60)) {
      sizes.push(window.length)
      rows.push(...window.inputs.toArray())
    }
    expect(sizes).toEqual([60, 60, 60, 23])
    expect(rows).toEqual(data.inputs.toArray())
  })

  withDevice('trains equally on both backends, with chunks of any size', async ({ gpu }) => {
    const own = await train(cpu({ precision: 'float64' }), chunked(data))
    for (const backend of [cpu(), wasmOnTwoThreads, webgpu({ device: gpu })]) {
      const got = await train(backend, chunked(data))
      got.losses.flat().forEach((loss, i) => {
        expect(loss).toBeCloseTo(own.losses.flat()[i]!, 4)
      })
    }
    expect(own.losses[2]![0]).toBeLessThan(own.losses[0]![0]!)
    // On the GPU in windows of two minibatches, one after another.
    const windowed = await train(webgpu({ device: gpu }), chunked(data), { dataMemory: 2 * 20 * ROW })
    expect(windowed.losses[2]![0]).toBeLessThan(windowed.losses[0]![0]!)
  })

  it('shuffles the samples of one window like a data set, in a different order', async () => {
    const single = await train(cpu({ precision: 'float64' }), chunked(data))
    const again = await train(cpu({ precision: 'float64' }), chunked(data))
    const set = await train(cpu({ precision: 'float64' }), data)
    expect(again).toEqual(single)
    expect(single.losses[0]![0]).toBeCloseTo(set.losses[0]![0]!, 1)
  })

  it('reports errors in it', async () => {
    expect(() => DataStream.from({ samples: 0, chunks: () => [] })).toThrow('samples: expected a whole number')
    expect(() => DataStream.from({ samples: 3, chunks: [] as never })).toThrow('chunks: expected a function')
    const of = (samples: number, chunk: Dataset) => DataStream.from({ samples, chunks: () => [chunk] })
    const fit = async (stream: DataStream) => {
      const trainer = await Trainer.create(network.clone(), { ...options, backend: 'cpu' })
      await trainer.fit(stream, { epochs: 1 })
    }
    await expect(fit(of(204, data))).rejects.toThrow('stream: 203 samples in a pass, expected 204')
    await expect(fit(of(100, data))).rejects.toThrow('stream: more than the 100 samples')
    await expect(fit(of(9, randomData(9, 3, 5, 1)))).rejects.toThrow('stream: has 3 input columns')
    await expect(fit(of(9, [[1, 2]] as never))).rejects.toThrow(
      'stream: expected chunks that are a Dataset, got an array',
    )
    const trainer = await Trainer.create(Network.create({ sizes: [12, 5], seed: 1 }), { backend: 'cpu' })
    await expect(trainer.fit(of(203, data), { classWeights: 'balanced' })).rejects.toThrow(
      'classWeights: the classes of a stream are not known',
    )
    await expect(trainer.evaluate([] as unknown as Dataset)).rejects.toThrow('data: expected a Dataset')
    expect(() => trainer.memoryFor(of(203, data))).toThrow('stream: its columns are not known before it is read')
    expect(() => DataStream.from({ samples: 1, chunks: () => [], example: [] as never })).toThrow('example: expected')
    expect(() => DataStream.from({ samples: 1, chunks: () => [], fingerprint: 1 as never })).toThrow('fingerprint: exp')
    const other = DataStream.from({ samples: 9, chunks: () => [], example: randomData(9, 3, 5, 1) })
    await expect(trainer.fit(other)).rejects.toThrow('train: has 3 input columns')
  })

  it('is scored like the data set that it was created from, also with regression targets', async () => {
    for (const [output, loss] of [
      ['softmax', 'crossEntropy'],
      ['linear', 'meanSquaredError'],
    ] as const) {
      const network = randomNetwork([12, 8, 5], 'tanh', output, 1)
      const trainer = await Trainer.create(network, { backend: cpu({ precision: 'float64' }), loss, batchSize: 10 })
      const want = await trainer.evaluate(data)
      const got = await trainer.evaluate(chunked(data))
      expect(got).toEqual({
        ...want,
        loss: expect.closeTo(want.loss, 12) as number,
        ...(want.r2 !== undefined && {
          r2: expect.closeTo(want.r2, 12) as number,
          meanAbsoluteError: expect.closeTo(want.meanAbsoluteError!, 12) as number,
        }),
      })
      const { epochs } = await trainer.fit(data, { epochs: 1, validation: chunked(data) })
      expect(epochs[0]!.validation.loss).toBeCloseTo((await trainer.evaluate(data)).loss, 12)
      trainer.dispose()
    }
  })

  withDevice('uses at most the predicted memory', async ({ gpu }) => {
    const stream = DataStream.from({ samples: 203, chunks: () => [data], example: data.slice(0, 3) })
    const backend = webgpu({ device: gpu, plan: 'layered' })
    for (const more of [{}, { dataMemory: 2 * 40 * ROW }]) {
      const trainer = await Trainer.create(network.clone(), { ...options, backend, ...more })
      const predicted = trainer.memoryFor(stream, { validation: stream })
      let most = 0
      const clock = setInterval(() => (most = Math.max(most, trainer.memory)), 1)
      for await (const _ of trainer.epochs(stream, { epochs: 3, validation: stream }))
        most = Math.max(most, trainer.memory)
      clearInterval(clock)
      expect(most).toBeLessThanOrEqual(predicted)
      if ('dataMemory' in more) expect(trainer.memoryFor(stream) - trainer.memory).toBe(2 * 40 * ROW)
      trainer.dispose()
    }
  })

  it('can be transformed chunk by chunk, as by scaling or weighting', async () => {
    const weights = [1, 2, 3, 4, 5]
    const weighted = chunked(data).map((chunk) => chunk.withClassWeights(weights))
    const got = await train(cpu({ precision: 'float64' }), weighted)
    const plain = await train(cpu({ precision: 'float64' }), chunked(data))
    const set = await train(cpu({ precision: 'float64' }), chunked(data.withClassWeights(weights)))
    expect(got).toEqual(set)
    expect(got.parameters).not.toEqual(plain.parameters)
  })

  it('is identified by its fingerprint when a run is resumed', async () => {
    const made = (fingerprint: string) => DataStream.from({ samples: 203, chunks: () => [data], fingerprint })
    const create = () => Trainer.create(network.clone(), { ...options, backend: 'cpu' })
    let kept: Checkpoint | undefined
    await (
      await create()
    ).fit(made('a'), { epochs: 1, checkpoint: { write: (checkpoint) => void (kept = checkpoint) } })
    expect(kept!.data).toBe('a')
    const trainer = await create()
    await trainer.resume(kept!)
    await expect(trainer.fit(made('b'))).rejects.toThrow('these are other data')
    await trainer.fit(made('a'), { epochs: 1 })
  })

  it('stops when it is aborted, and leaves nothing running', async () => {
    let ended = 0
    const endless = DataStream.from({
      samples: 1e6,
      chunks: function* () {
        try {
          for (;;) yield data
        } finally {
          ended++
        }
      },
    })
    const trainer = await Trainer.create(network.clone(), { ...options, backend: 'cpu' })
    const controller = new AbortController()
    setTimeout(() => {
      controller.abort(new Error('enough'))
    }, 200)
    await expect(trainer.fit(endless, { epochs: 1, signal: controller.signal })).rejects.toThrow('enough')
    // One read of the first chunk, and the pass that was aborted.
    expect(ended).toBe(2)
  })
})
