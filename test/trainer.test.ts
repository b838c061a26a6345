import { describe, expect, it } from 'vitest'
import type { Backend } from '../src/backend/backend.ts'
import { cpu } from '../src/backend/host/backend.ts'
import { webgpu } from '../src/backend/webgpu/backend.ts'
import { Dataset } from '../src/data/dataset.ts'
import { DeviceLostError, DivergedError } from '../src/core/errors.ts'
import { Network } from '../src/model/network.ts'
import { adam, sgd } from '../src/optimizer/optimizer.ts'
import { fit } from '../src/training/fit.ts'
import { type Epoch, Trainer } from '../src/index.ts'
import { float32Backends, hostBackends, randomData, randomNetwork, wasmOnTwoThreads } from './backends.ts'
import { expectClose } from './close.ts'
import { withDevice } from './device.ts'

const xor = Dataset.from([[0, 0], [0, 1], [1, 0], [1, 1]], [[0], [1], [1], [0]]) // prettier-ignore
const make = () => Network.create({ sizes: [2, 4, 1], init: 'standardNormal', seed: 3 })
const options = { backend: 'cpu', optimizer: sgd({ learningRate: 5 }), batchSize: 4, seed: 1 } as const

describe('fit', () => {
  it('learns xor in one call and leaves the parameters in the network', async () => {
    const network = make()
    const history = await fit(network, xor, { ...options, epochs: 1000 })
    expect(history.epochs).toHaveLength(1000)
    expect(history.steps).toBe(1000)
    expect(history.seed).toBe(1)
    expect(history.backend.name).toBe('cpu')
    expect(history.epochs.at(-1)!.accuracy).toBe(1)
    const trainer = await Trainer.create(network, { backend: 'cpu' })
    const { data } = await trainer.predict(xor.inputs)
    expect([...data].map(Math.round)).toEqual([0, 1, 1, 0])
    expect((await trainer.evaluate(xor)).accuracy).toBe(1)
  })

  it('chooses a random seed if none is given, and repeats the run with it', async () => {
    const data = randomData(40, 3, 2, 1)
    const [first, second] = [
      randomNetwork([3, 4, 2], 'tanh', 'sigmoid', 1),
      randomNetwork([3, 4, 2], 'tanh', 'sigmoid', 1),
    ]
    const { seed } = await fit(first, data, { backend: 'cpu', batchSize: 7, epochs: 3 })
    await fit(second, data, { backend: 'cpu', batchSize: 7, epochs: 3, seed })
    expect([...second.parameters]).toEqual([...first.parameters])
  })

  it('continues training: five and five epochs are ten', async () => {
    const data = randomData(40, 3, 2, 1)
    const run = async (parts: number[]) => {
      const settings = { backend: 'cpu', batchSize: 7, seed: 4, optimizer: adam() } as const
      const trainer = await Trainer.create(randomNetwork([3, 4, 2], 'tanh', 'sigmoid', 1), settings)
      for (const epochs of parts) await trainer.fit(data, { epochs })
      return [...(await trainer.read()).parameters]
    }
    expect(await run([5, 5])).toEqual(await run([10]))
  })

  it('uses the samples in their original order with shuffle: false', async () => {
    const run = async (seed: number, shuffle: boolean) => {
      const network = randomNetwork([3, 4, 2], 'tanh', 'sigmoid', 1)
      await fit(network, randomData(40, 3, 2, 1), { backend: 'cpu', batchSize: 7, epochs: 3, seed, shuffle })
      return [...network.parameters]
    }
    expect(await run(1, false)).toEqual(await run(2, false))
    expect(await run(1, true)).not.toEqual(await run(2, true))
  })
})

describe('epochs', () => {
  it('can be left and started again, with other calls in between', async () => {
    const trainer = await Trainer.create(make(), options)
    const seen: number[] = []
    for await (const { epoch } of trainer.epochs(xor, { epochs: 100 })) {
      seen.push(epoch)
      await trainer.evaluate(xor)
      if (epoch === 3) break
    }
    for await (const { epoch } of trainer.epochs(xor, { epochs: 2 })) seen.push(epoch)
    expect(seen).toEqual([1, 2, 3, 4, 5])
    expect(trainer.epoch).toBe(5)
  })

  it('calls onEpoch with loss, accuracy, validation and rate', async () => {
    const trainer = await Trainer.create(make(), options)
    const seen: Epoch[] = []
    await trainer.fit(xor, { epochs: 2, validation: xor, onEpoch: (epoch) => void seen.push(epoch) })
    expect(seen).toHaveLength(2)
    expect(seen[1]!.validation).toEqual({ loss: expect.any(Number), accuracy: expect.any(Number) })
    expect(seen[1]!.samplesPerSecond).toBeGreaterThan(0)
    // A full batch: an epoch's loss is computed before its step, so the second loss is the first validation loss.
    expectClose(seen[1]!.loss, seen[0]!.validation!.loss, { name: 'loss', rtol: 1e-6 })
  })

  it('refuses a second run while one is running', async () => {
    const trainer = await Trainer.create(make(), options)
    const first = trainer.fit(xor, { epochs: 50 })
    await expect(trainer.fit(xor)).rejects.toThrow('already training')
    await first
  })
})

describe('an AbortSignal', () => {
  it('stops fit, which rejects with the reason and keeps the trained parameters', async () => {
    const network = make()
    const before = [...network.parameters]
    const controller = new AbortController()
    const onEpoch = ({ epoch }: Epoch) => {
      if (epoch === 3) controller.abort(new Error('enough'))
    }
    const run = fit(network, xor, { ...options, epochs: 1000, signal: controller.signal, onEpoch })
    await expect(run).rejects.toThrow('enough')
    expect([...network.parameters]).not.toEqual(before)
  })

  const never = async (backend: Backend) => {
    const trainer = await Trainer.create(make(), { ...options, backend })
    const controller = new AbortController()
    setTimeout(() => controller.abort(new Error('time is up')), 100)
    await expect(trainer.fit(xor, { epochs: 1e9, signal: controller.signal })).rejects.toThrow('time is up')
    trainer.dispose()
  }
  it.each(hostBackends)('takes effect between epochs of microseconds on %s, because timers can run', (_, make) =>
    never(make()),
  )
  withDevice('takes effect between epochs of microseconds on webgpu', (device) => never(webgpu({ device: device.gpu })))

  it.each(['cpu', 'wasm'] as const)('stops within an epoch on %s', async (backend) => {
    const controller = new AbortController()
    const data = randomData(100_000, 30, 2, 1)
    const trainer = await Trainer.create(randomNetwork([30, 50, 2], 'tanh', 'sigmoid', 1), {
      ...options,
      backend,
      batchSize: 1,
    })
    setTimeout(() => controller.abort(), 5)
    await expect(trainer.fit(data, { epochs: 1, signal: controller.signal })).rejects.toThrow(/abort/i)
    expect(trainer.epoch).toBe(0)
  })
})

/** A linear neuron with a learning rate that makes it overflow float32 within a few epochs. */
async function diverge(backend: ReturnType<typeof cpu>) {
  const network = Network.create({ sizes: [3, 2], activation: 'linear', seed: 1 })
  const trainer = await Trainer.create(network, {
    backend,
    batchSize: 5,
    optimizer: sgd({ learningRate: 300 }),
    seed: 1,
  })
  const data = randomData(20, 3, 2, 1)
  const error: unknown = await trainer.fit(data, { epochs: 50 }).catch((reason: unknown) => reason)
  const kept = (await trainer.read()).parameters
  trainer.dispose()
  return { error, kept }
}

describe('a loss that is not finite', () => {
  const check = async (backend: ReturnType<typeof cpu>) => {
    const { error, kept } = await diverge(backend)
    expect(error).toBeInstanceOf(DivergedError)
    const { epoch, loss, weights, biases, message } = error as DivergedError
    expect(Number.isFinite(loss)).toBe(false)
    expect(epoch).toBeGreaterThan(1)
    expect(message).toContain('lower the learning rate')
    const last = [...weights[0]!, ...biases[0]!]
    expect(last).toHaveLength(8)
    expect(last.every(Number.isFinite)).toBe(true)
    // The trainer restores them, too.
    expect([...kept]).toEqual(last)
  }
  it.each(float32Backends)('stops the run on %s, with the last finite parameters in the error', (_, make) =>
    check(make()),
  )
  for (const plan of ['layered', 'resident'] as const) {
    withDevice(`stops the run on webgpu, ${plan}, with the last finite parameters in the error`, (device) =>
      check(webgpu({ device: device.gpu, plan })),
    )
  }
})

describe('gradients', () => {
  withDevice('are the same on all backends, shaped as the network', async (device) => {
    const network = randomNetwork([3, 5, 2], 'gelu', 'softmax', 1)
    const { inputs, targets } = randomData(9, 3, 2, 1)
    const settings = { loss: 'crossEntropy', batchSize: 4 } as const
    const want = await Trainer.create(network, { ...settings, backend: cpu({ precision: 'float64' }) })
    for (const backend of [webgpu({ device: device.gpu }), cpu(), wasmOnTwoThreads]) {
      const got = await Trainer.create(network, { ...settings, backend })
      const [a, b] = [await got.gradients(inputs, targets), await want.gradients(inputs, targets.toArray())]
      expect(a.weights.map(({ length }) => length)).toEqual([15, 10])
      expectClose(a.loss, b.loss, { name: 'loss', rtol: 1e-5 })
      for (const l of [0, 1]) {
        expectClose(a.weights[l]!, b.weights[l]!, { name: `weights[${l}]`, atol: 1e-6, rtol: 1e-4 })
        expectClose(a.biases[l]!, b.biases[l]!, { name: `biases[${l}]`, atol: 1e-6, rtol: 1e-4 })
      }
      // No update was made.
      expect([...(await got.read()).parameters]).toEqual([...(await want.read()).parameters])
      got.dispose()
    }
  })
})

describe('evaluate', () => {
  it('counts outputs on the correct side of 0.5 for one output, of 0 for tanh, argmax for several', async () => {
    const score = async (activation: 'linear' | 'tanh', weights: number[][], y: number[][]) => {
      const network = Network.from({ sizes: [1, weights.length], activations: [activation], weights: [weights], biases: [weights.map(() => 0)] }) // prettier-ignore
      const trainer = await Trainer.create(network, { backend: 'cpu' })
      return (
        await trainer.evaluate(
          Dataset.from(
            y.map((_, i) => [i / 4]),
            y,
          ),
        )
      ).accuracy
    }
    // Outputs 0, 0.25, 0.5, 0.75 with the decision boundary 0.5.
    expect(await score('linear', [[1]], [[0], [0], [0], [1]])).toBe(1)
    expect(await score('linear', [[1]], [[1], [0], [0], [0]])).toBe(0.5)
    expect(await score('tanh', [[1]], [[-1], [1], [1], [1]])).toBe(1)
    expect(
      await score(
        'linear',
        [[1], [-1]],
        [
          [1, 0],
          [1, 0],
          [0, 1],
          [1, 0],
        ],
      ),
    ).toBe(0.75)
  })

  it('adds R² and the mean absolute error for regression, calculated by hand', async () => {
    const network = Network.from({ sizes: [1, 1], activations: ['linear'], weights: [[1]], biases: [[0]] })
    const trainer = await Trainer.create(network, { backend: 'cpu', loss: 'meanSquaredError' })
    const evaluation = await trainer.evaluate(Dataset.from([[1], [2], [3]], [[1], [2], [5]]))
    // Residuals 0, 0, 2: Σ² = 4, MAE = 2/3; mean of y is 8/3, Σ(y − ȳ)² = 26/3.
    expect(evaluation.r2).toBeCloseTo(1 - 4 / (26 / 3), 12)
    expect(evaluation.meanAbsoluteError).toBeCloseTo(2 / 3, 12)
    expect(evaluation.loss).toBeCloseTo(4 / 3, 6)
    const classes = Dataset.from([[1], [2]], [0, 1], { classes: ['no', 'yes'] })
    const two = await Trainer.create(Network.create({ sizes: [1, 2], seed: 1 }), { backend: 'cpu' })
    expect(await two.evaluate(classes)).not.toHaveProperty('r2')
  })
})

describe('a lost device', () => {
  it('is named in the errors of the running call and of the next call, where no other one is wanted', async () => {
    const { Device } = await import('../src/backend/webgpu/device/device.ts')
    const device = await Device.open()
    const trainer = await Trainer.create(make(), {
      backend: webgpu({ device: device.gpu }),
      batchSize: 1,
      onLoss: 'throw',
    })
    device.gpu.destroy()
    const failed = await trainer.fit(xor, { epochs: 1000 }).catch((error: unknown) => error)
    expect(failed).toBeInstanceOf(DeviceLostError)
    expect((failed as Error).message).toContain(device.name)
    await expect(trainer.read()).rejects.toThrow(DeviceLostError)
  })
})

describe('bad input is refused before any work', () => {
  const network = make()
  it.each([
    [{ loss: 'mse' }, "loss: unknown name 'mse'"],
    [{ loss: 'crossentropy' }, "did you mean 'crossEntropy'?"],
    [{ loss: 'crossEntropy' }, "loss: crossEntropy needs the output activation softmax, the network's is sigmoid"],
    [{ batchSize: 0 }, 'batchSize: expected a whole number from 1'],
    [{ seed: 1.5 }, 'seed: expected a whole number from 0'],
    [{ backend: 'gpu' }, "backend: unknown name 'gpu'"],
    [{ backend: { queue: 1 } }, 'pass a GPUDevice as webgpu({ device })'],
    [{ loss: 'mse' }, "(did you mean 'meanSquaredError' (Keras: 'mse')?)"],
    [{ optimizer: 'adam' }, "optimizer: expected an optimizer, such as adam({ learningRate: 0.01 }), got 'adam'"],
    [{ optimizer: { name: 'sgd' } }, 'optimizer: expected an optimizer'],
    [{ backend: { place: 1 } }, 'backend: expected a name or a Backend, got an object'],
    [{ learningRate: 1 }, "unknown name 'learningRate': an option of the optimizer"],
    [{ epochs: 1 }, "unknown name 'epochs': an option of trainer.fit"],
    [{ batch_size: 1 }, "(did you mean 'batchSize' (Keras: 'batch_size')?)"],
    [{ batchsize: 1 }, "did you mean 'batchSize'?"],
  ])('Trainer.create with %o', async (wrong, message) => {
    await expect(Trainer.create(network, { backend: 'cpu', ...wrong } as never)).rejects.toThrow(message)
  })

  it.each([
    [[[0, 0, 0]], [[1]], 'train: has 3 input columns, the network 2-4-1 expects 2'],
    [[[0, 0]], [[1, 0]], 'train: has 2 target columns, the network 2-4-1 gives 1'],
  ])('fit on data of another shape', async (x, y, message) => {
    await expect(fit(make(), Dataset.from(x, y), { backend: 'cpu' })).rejects.toThrow(message)
  })

  it('fit, predict and gradients with invalid arguments', async () => {
    const trainer = await Trainer.create(make(), { backend: 'cpu', loss: 'binaryCrossEntropy' })
    await expect(trainer.fit(xor, { epochs: 0 })).rejects.toThrow('epochs: expected a whole number from 1')
    await trainer.fit(xor, { epochs: 2 })
    // As in a resumed run without remaining epochs: `epochs: 100 - trainer.epoch`.
    expect(await trainer.fit(xor, { epochs: 0 })).toMatchObject({ epochs: [], steps: 0, stopped: 'epochs' })
    expect(trainer.epoch).toBe(2)
    await expect(trainer.fit([[1]] as never)).rejects.toThrow('train: expected a Dataset')
    await expect(trainer.fit(xor, { onEpoch: 3 } as never)).rejects.toThrow('onEpoch: expected a function, got 3')
    await expect(trainer.fit(xor, { signal: {} } as never)).rejects.toThrow('signal: expected an AbortSignal')
    await expect(trainer.fit(xor, { max_iter: 3 } as never)).rejects.toThrow("'epochs' (scikit-learn: 'max_iter')")
    await expect(trainer.predict([1, 2] as never)).rejects.toThrow('write [[1, 2]] for a single row')
    await expect(trainer.fit(Dataset.from([[0, 0]], [[2]]))).rejects.toThrow('binaryCrossEntropy expects probabilities')
    await expect(trainer.predict([[1]])).rejects.toThrow('x: expected 2 columns')
    await expect(trainer.predict([[1, NaN]])).rejects.toThrow('x: row 0, column 1 is NaN')
    await expect(trainer.gradients([[1, 2]], [[1], [2]])).rejects.toThrow('y: expected 1 rows')
    trainer.dispose()
    await expect(trainer.predict([[1, 2]])).rejects.toThrow('after dispose()')
  })
})
