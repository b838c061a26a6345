import { describe, expect, it } from 'vitest'
import { cpu } from '../src/backend/host/backend.ts'
import { webgpu } from '../src/backend/webgpu/backend.ts'
import { Dataset } from '../src/data/dataset.ts'
import { split } from '../src/index.ts'
import type { Network } from '../src/model/network.ts'
import { dropoutKey, dropoutRow, dropoutThreshold, isKept } from '../src/optimizer/dropout.ts'
import { adagrad, adam, adamw, nadam, type Optimizer, rmsprop, sgd } from '../src/optimizer/optimizer.ts'
import { type FitOptions, Trainer, type TrainerOptions } from '../src/index.ts'
import { hiddenPairs, lossPairs, randomData, randomNetwork, wasmOnTwoThreads } from './backends.ts'
import { expectClose } from './close.ts'
import { covering } from './covering.ts'
import { withDevice } from './device.ts'

const float64 = cpu({ precision: 'float64' })

/** The losses of ten epochs of three minibatches, the last of them shorter, and the parameters after them. */
async function train(network: Network, data: Dataset, options: TrainerOptions, fit: FitOptions = {}) {
  const trainer = await Trainer.create(network.clone(), { batchSize: 9, seed: 5, ...options })
  const { epochs } = await trainer.fit(data, { epochs: 10, ...fit })
  const parameters = [...(await trainer.read()).parameters]
  trainer.dispose()
  return { losses: epochs.map(({ loss }) => loss), parameters }
}

/** The same training on the GPU and in float32 on the CPU, as in float64. */
async function expectAlike(gpu: GPUDevice, network: Network, data: Dataset, options: TrainerOptions, fit?: FitOptions) {
  const want = await train(network, data, { ...options, backend: float64 }, fit)
  for (const backend of [webgpu({ device: gpu }), cpu(), wasmOnTwoThreads]) {
    const got = await train(network, data, { ...options, backend }, fit)
    expectClose(got.losses, want.losses, { name: `${backend.name}: losses`, rtol: 2e-4, atol: 1e-6 })
    expectClose(got.parameters, want.parameters, { name: `${backend.name}: parameters`, rtol: 1e-3, atol: 1e-4 })
  }
  return want
}

const shapes = [
  // Few parameters; δ propagated by the output pass; by a separate pass; an output of many neurons.
  [3, 4, 3],
  [6, 20, 12, 6],
  [6, 260, 8],
  [5, 20, 70],
]
const optimizers: Record<string, Optimizer> = {
  sgd: sgd({ learningRate: 0.3 }),
  momentum: sgd({ learningRate: 0.1, momentum: 0.9, nesterov: true }),
  rmsprop: rmsprop({ learningRate: 0.01, centered: true, momentum: 0.5 }),
  // Without an initial accumulator, its first step has full length even for gradients that are only rounding errors.
  adagrad: adagrad({ learningRate: 0.05, initialAccumulator: 0.01 }),
  adam: adam({ learningRate: 0.01 }),
  adamw: adamw({ learningRate: 0.01, weightDecay: 0.1 }),
  nadam: nadam({ learningRate: 0.01 }),
}

describe('dropout', () => {
  it('drops the given share of units, different ones in each step, row and layer', () => {
    for (const share of [0.1, 0.5, 0.8]) {
      const threshold = dropoutThreshold(share)
      let dropped = 0
      const patterns = new Set<string>()
      for (let layer = 0; layer < 3; layer++) {
        const key = dropoutKey(7, layer)
        for (let step = 1; step <= 20; step++) {
          for (let row = 0; row < 20; row++) {
            const rowKey = dropoutRow(key, step, row)
            const kept = Array.from({ length: 50 }, (_, unit) => isKept(rowKey, unit, threshold))
            dropped += kept.filter((stays) => !stays).length
            patterns.add(kept.join())
          }
        }
      }
      // 60,000 units: five standard deviations of the binomial distribution.
      expect(Math.abs(dropped / 60_000 - share)).toBeLessThan(5 * Math.sqrt((share * (1 - share)) / 60_000))
      if (share === 0.5) expect(patterns.size).toBe(1200)
    }
  })

  it('takes the step that the thinned network would take, by central differences', async () => {
    const network = randomNetwork([3, 5, 4, 2], 'tanh', 'sigmoid', 3)
    const data = randomData(6, 3, 2, 4)
    const dropout = [0.4, 0.25]
    const keptIn = (layer: number, row: number, unit: number) =>
      isKept(dropoutRow(dropoutKey(5, layer), 1, row), unit, dropoutThreshold(dropout[layer]!))
    /** The quadratic loss of the thinned network, from its definition. */
    const lossOf = (parameters: Float64Array) => {
      let total = 0
      for (let row = 0; row < data.length; row++) {
        let values = [...data.inputs.row(row)]
        network.layers.forEach(({ inputs, outputs, weightOffset, biasOffset }, l) => {
          values = Array.from({ length: outputs }, (_, i) => {
            let z = parameters[biasOffset + i]!
            for (let j = 0; j < inputs; j++) z += parameters[weightOffset + i * inputs + j]! * values[j]!
            if (l === 2) return 1 / (1 + Math.exp(-z))
            return keptIn(l, row, i) ? Math.tanh(z) / (1 - dropout[l]!) : 0
          })
        })
        values.forEach((a, i) => (total += 0.5 * (a - data.targets.get(row, i)) ** 2))
      }
      return total / data.length
    }
    const before = Float64Array.from(network.parameters)
    const options = { backend: float64, optimizer: sgd({ learningRate: 1 }), dropout, batchSize: 6, seed: 5 }
    const trainer = await Trainer.create(network.clone(), options)
    const { epochs } = await trainer.fit(data, { epochs: 1, shuffle: false })
    const after = (await trainer.read()).parameters
    expectClose(epochs[0]!.loss, lossOf(before), { name: 'loss', rtol: 1e-9 })
    const slopes = Array.from(before, (value, i) => {
      const shifted = (by: number) => lossOf(before.with(i, value + by))
      return (shifted(1e-5) - shifted(-1e-5)) / 2e-5
    })
    const steps = Array.from(before, (value, i) => value - after[i]!)
    // Parameters are read in float32.
    expectClose(steps, slopes, { name: 'step', rtol: 1e-5, atol: 2e-7 })
    expect(slopes.filter((slope) => slope !== 0).length).toBeGreaterThan(20)
  })

  for (const sizes of shapes) {
    withDevice(`drops the same units on every backend: ${sizes.join('-')}`, async ({ gpu }) => {
      const network = randomNetwork(sizes, 'tanh', 'sigmoid', 1)
      const data = randomData(24, sizes[0]!, sizes.at(-1)!, 3)
      const options = { optimizer: sgd({ learningRate: 0.3 }), dropout: 0.3 }
      const { losses } = await expectAlike(gpu, network, data, options)
      const without = await train(network, data, { ...options, dropout: 0, backend: float64 })
      expect(losses[0]).not.toBeCloseTo(without.losses[0]!, 4)
    })
  }
  for (const hidden of hiddenPairs) {
    withDevice(`goes through every derivative: ${hidden.join(', ')}`, async ({ gpu }) => {
      const network = randomNetwork([4, 7, 6, 3], hidden, 'softmax', 2)
      const options: TrainerOptions = {
        loss: 'crossEntropy',
        optimizer: sgd({ learningRate: 0.1 }),
        dropout: [0.2, 0.5],
      }
      await expectAlike(gpu, network, randomData(24, 4, 3, 4), options)
    })
  }

  withDevice('has no effect outside training', async ({ gpu }) => {
    const network = randomNetwork([4, 9, 3], 'relu', 'softmax', 2)
    const data = randomData(24, 4, 3, 4)
    for (const backend of [cpu(), wasmOnTwoThreads, webgpu({ device: gpu })]) {
      const options: TrainerOptions = { backend, loss: 'crossEntropy', batchSize: 24 }
      const [plain, dropping] = [
        await Trainer.create(network.clone(), options),
        await Trainer.create(network.clone(), { ...options, dropout: 0.5 }),
      ]
      const [x, y] = [data.inputs, data.targets]
      expect([...(await dropping.predict(x)).data]).toEqual([...(await plain.predict(x)).data])
      expect(await dropping.evaluate(data)).toEqual(await plain.evaluate(data))
      expect(await dropping.gradients(x, y)).toEqual(await plain.gradients(x, y))
      plain.dispose()
      dropping.dispose()
    }
  })

  it('must be shares below 1, one per hidden layer', async () => {
    const network = randomNetwork([2, 3, 3, 2], 'tanh', 'sigmoid', 1)
    const create = (dropout: unknown) => Trainer.create(network, { backend: 'cpu', dropout: dropout as number })
    await expect(create(1)).rejects.toThrow('dropout: expected a number from 0 up to, but not including, 1, got 1')
    await expect(create([0.5])).rejects.toThrow('dropout: expected 2 numbers, one for each hidden layer, got 1')
    await expect(create([0.5, -1])).rejects.toThrow('dropout[1]: expected a number from 0 up to')
    await expect(create('half')).rejects.toThrow("dropout: expected a number, or one for each hidden layer, got 'half'")
  })

  withDevice('is not supported by the resident plan', async ({ gpu }) => {
    const network = randomNetwork([2, 3, 2], 'tanh', 'sigmoid', 1)
    const backend = webgpu({ device: gpu, plan: 'resident' })
    await expect(Trainer.create(network, { backend, dropout: 0.5 })).rejects.toThrow("take plan: 'auto'")
  })
})

describe('clipNorm', () => {
  it('shortens a gradient that is too long, and does not change a shorter one', async () => {
    const network = randomNetwork([4, 6, 3], 'tanh', 'linear', 2)
    const data = randomData(8, 4, 3, 4)
    const step = async (clipNorm?: number) => {
      const optimizer = sgd({ learningRate: 1, ...(clipNorm !== undefined && { clipNorm }) })
      const { parameters } = await train(network, data, { backend: float64, optimizer }, { epochs: 1 })
      return parameters.map((value, i) => value - network.parameters[i]!)
    }
    const whole = await step()
    const length = Math.hypot(...whole)
    expectClose(await step(2 * length), whole, { name: 'whole', rtol: 0, atol: 0 })
    const short = await step(length / 4)
    expectClose(
      short,
      whole.map((value) => (value * (length / 4)) / (length + 1e-6)),
      { name: 'short', rtol: 1e-5, atol: 1e-7 },
    )
  })

  const clipped = Object.entries(optimizers).flatMap(([name, optimizer]) =>
    shapes.slice(0, 3).map((sizes) => ({ name, optimizer, sizes })),
  )
  for (const { name, optimizer, sizes } of covering(clipped, (one) => [one.optimizer, one.sizes])) {
    withDevice(`clips alike on every backend: ${name}, ${sizes.join('-')}`, async ({ gpu }) => {
      const network = randomNetwork(sizes, 'tanh', 'linear', 1)
      const data = randomData(24, sizes[0]!, sizes.at(-1)!, 3)
      // Without l1: where a weight changes its sign, centered rmsprop makes any rounding error large.
      const options = { optimizer: { ...optimizer, clipNorm: 0.05 }, l2: 0.01 }
      const { losses } = await expectAlike(gpu, network, data, options)
      // Fewer than ten epochs: some of these diverge without clipping.
      const without = await train(network, data, { ...options, optimizer, backend: float64 }, { epochs: 2 })
      expect(losses[1]).not.toBe(without.losses[1])
    })
  }

  it('must be above 0', () => {
    expect(() => sgd({ clipNorm: 0 })).toThrow('sgd: clipNorm: expected a finite number above 0, got 0')
  })
})

describe('weights of samples', () => {
  const network = randomNetwork([4, 7, 3], 'tanh', 'softmax', 2)
  const plain = randomData(20, 4, 3, 4)
  const weights = Float32Array.from({ length: 20 }, (_, i) => [0, 0.5, 1, 3][i % 4]!)
  const data = plain.withWeights(weights)

  it('count a sample as if it occurred that many times', async () => {
    const copies = plain.take([...weights].flatMap((weight, i) => new Array<number>(2 * weight).fill(i)))
    const trainer = await Trainer.create(network.clone(), { backend: float64, loss: 'crossEntropy' })
    const [got, want] = [await trainer.evaluate(data), await trainer.evaluate(copies)]
    // Σ w C / 20 is compared with Σ C / copies, where each sample occurs 2 w times.
    expectClose(got.loss, (want.loss * copies.length) / 2 / 20, { name: 'loss', rtol: 1e-6 })
    expect(got.accuracy).toBe((await trainer.evaluate(plain)).accuracy)
    const step = async (samples: Dataset, learningRate: number) => {
      const options: TrainerOptions = {
        backend: float64,
        loss: 'crossEntropy',
        optimizer: sgd({ learningRate }),
        batchSize: 100,
      }
      return (await train(network, samples, options, { epochs: 1 })).parameters
    }
    const own = await step(data, 0.5)
    expectClose(own, await step(copies, (0.5 * copies.length) / 40), { name: 'step', rtol: 1e-6, atol: 1e-7 })
  })

  // The factor does not depend on the activation: each loss with its usual one, and with those that have different code.
  const pairs = lossPairs.filter(([, output]) => ['sigmoid', 'softmax', 'linear'].includes(output))
  for (const [loss, output] of covering(pairs, (pair) => pair)) {
    withDevice(`weigh alike on every backend: ${loss} on ${output}`, async ({ gpu }) => {
      const own = randomNetwork([4, 7, 3], 'tanh', output, 2)
      await expectAlike(gpu, own, data, { loss, optimizer: sgd({ learningRate: 0.2 }) })
    })
  }
  for (const sizes of shapes) {
    withDevice(`weigh alike in every shape, with all the rest: ${sizes.join('-')}`, async ({ gpu }) => {
      const own = randomNetwork(sizes, 'tanh', 'sigmoid', 1)
      const samples = randomData(20, sizes[0]!, sizes.at(-1)!, 3).withWeights(weights)
      await expectAlike(gpu, own, samples, {
        optimizer: adam({ learningRate: 0.01, clipNorm: 0.1 }),
        dropout: 0.2,
        l2: 0.01,
      })
    })
  }

  withDevice('are included in the predicted memory', async ({ gpu }) => {
    const trainer = await Trainer.create(network.clone(), { backend: webgpu({ device: gpu }), loss: 'crossEntropy' })
    const predicted = trainer.memoryFor(data)
    for await (const _ of trainer.epochs(data, { epochs: 2 })) expect(trainer.memory).toBe(predicted)
    trainer.dispose()
  })

  it('remain with their samples', () => {
    const named = Dataset.from(plain.inputs, plain.targets, { weights })
    expect([...named.take([3, 0]).weights!]).toEqual([3, 0])
    const { train: part } = split(named, { test: 0.25, seed: 1 })
    part.weights!.forEach((weight, i) => {
      const at = Array.from({ length: 20 }, (_, k) => k).find((k) => named.inputs.get(k, 0) === part.inputs.get(i, 0))!
      expect(weight).toBe(weights[at])
    })
    expect(named.withWeights(undefined).weights).toBeUndefined()
  })

  it('can be given per class, too', async () => {
    const classes = Dataset.from([[0], [1], [2], [3]], ['a', 'a', 'a', 'b'])
    expect([...classes.withClassWeights('balanced').weights!].map((w) => w.toFixed(4))).toEqual([
      '0.6667',
      '0.6667',
      '0.6667',
      '2.0000',
    ])
    expect([...classes.withClassWeights({ b: 5 }).weights!]).toEqual([1, 1, 1, 5])
    expect([...classes.withClassWeights([2, 4]).withClassWeights([0.5, 1]).weights!]).toEqual([1, 1, 1, 4])
    const own = randomNetwork([1, 2], 'tanh', 'softmax', 1)
    const options: TrainerOptions = { backend: float64, loss: 'crossEntropy' }
    const got = await train(own, classes, options, { classWeights: { b: 5 } })
    expect(got).toEqual(await train(own, classes.withWeights([1, 1, 1, 5]), options))
  })

  it('are checked', () => {
    expect(() => plain.withWeights([1, 2])).toThrow(
      'weights: expected 20 numbers, one for each sample, got an array of 2',
    )
    expect(() => plain.withWeights(weights.with(2, -1))).toThrow('weights: sample 2 has -1, expected a finite number')
    expect(() => plain.withWeights(new Float32Array(20))).toThrow('weights: all are 0')
    const classes = Dataset.from([[0], [1]], ['ill', 'well'])
    expect(() => classes.withClassWeights({ sick: 2 })).toThrow("unknown name 'sick'")
    expect(() => classes.withClassWeights([1])).toThrow('classWeights: expected 2 numbers, one a class, got 1')
    expect(() => Dataset.from([[0], [1]], [0.5, 3]).withClassWeights('balanced')).toThrow('the data have no classes')
  })
})
