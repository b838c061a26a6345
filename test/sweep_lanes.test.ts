import { afterAll, describe, expect, it } from 'vitest'
import { openNetworkLanes } from '../src/backend/host/wasm/network-lanes/lanes.ts'
import { findFeatures } from '../src/backend/host/wasm/features.ts'
import { epochOrder } from '../src/data/minibatch.ts'
import {
  adagrad,
  adam,
  adamw,
  circle,
  cosine,
  Dataset,
  fit,
  Network,
  rmsprop,
  sgd,
  split,
  sweep,
  type SweepOptions,
  type SweepResult,
  wasm,
} from '../src/index.ts'
import { writeOrders } from './wasm/orders.ts'

const backend = wasm({ threads: 1 })
afterAll(() => backend.dispose())
const { train, test: validation } = split(circle({ samples: 75, seed: 1 }), { test: 0.2, seed: 1 })

describe('orders of four networks are those of epochOrder', () => {
  // Of 65,537 samples, a few of the random numbers are rejected, each in one lane only.
  it.each([1, 2, 3, 4, 5, 60, 257, 400, 4096, 65_537])('%d samples', (samples) => {
    for (const seeds of [
      [0, 1, 2, 3],
      [4294967295, 2147483648, 7, 7],
    ]) {
      for (const epoch of [1, 2, 1_000_000]) {
        const orders = writeOrders(seeds, epoch, samples)
        seeds.forEach((seed, lane) => {
          const want = epochOrder(samples, seed, epoch, true)
          // Comparing long arrays element by element takes seconds.
          expect(orders[lane]!.every((row, place) => row === want[place])).toBe(true)
        })
      }
    }
  })
})

/** Trains a network with the settings of a result alone. */
async function alone({ settings, seed }: SweepResult, data: Dataset, held?: Dataset) {
  const { sizes, activation, hidden, output, activations, init, ...others } = settings
  const { loss, optimizer, batchSize, l1, l2, epochs } = others
  const network = Network.create({ sizes, activation, hidden, output, activations, init, seed })
  const options = { backend, loss, optimizer, batchSize, l1, l2, epochs, seed, validation: held }
  const history = await fit(network, data, options)
  return { parameters: network.parameters, epochs: history.epochs }
}

/** Networks of a sweep, which are trained in fours, have the bits of networks that are trained alone. */
async function compare(data: Dataset, options: SweepOptions, networks: number) {
  const results = await sweep(data, { ...options, backend })
  expect(results).toHaveLength(networks)
  for (const result of results) {
    const want = await alone(result, data, options.validation)
    const scores = (
      epochs: readonly { loss: number; accuracy?: number; validation: unknown; learningRate: number }[],
    ) => epochs.map(({ loss, accuracy, validation, learningRate }) => ({ loss, accuracy, validation, learningRate }))
    expect(scores(result.history.epochs)).toEqual(scores(want.epochs))
    expect(result.network().parameters).toEqual(want.parameters)
  }
}

describe('networks that are trained side by side on wasm have the bits of single trainings', () => {
  const seeds = [1, 2, 3, 4_294_967_295, 5, 6, 7]

  // Minibatches of fewer than four samples have fewer partial sums, and 61 samples leave a rest.
  it.each([1, 2, 3, 4, 5, 7, 10, 61, 100])('minibatches of %d', async (batchSize) => {
    const rates = [0.3, cosine({ learningRate: 1, epochs: 4 })]
    const options = { sizes: [2, 3, 2], batchSize, learningRate: rates, seeds: seeds.slice(0, 4), epochs: 4 }
    await compare(train, options, 8)
  })

  it.each([
    ['sgd', sgd({ momentum: 0.9, nesterov: true, weightDecay: 0.01 })],
    ['adam', adam({ weightDecay: 0.01 })],
    ['adamw', adamw()],
    ['adagrad', adagrad({ initialAccumulator: 0.1 })],
    ['rmsprop', rmsprop({ centered: true, momentum: 0.5 })],
  ])('%s, with a penalty, in variables and in memory', async (_, optimizer) => {
    const sizes = [
      [2, 3, 2],
      [2, 9, 2],
    ]
    const given = { optimizer, l1: 0.001, l2: 0.01, learningRate: 0.02, batchSize: 7, epochs: 3, seeds: 4 }
    await compare(train, { sizes, ...given }, 8)
  })

  it.each([
    ['crossEntropy', 'softmax'],
    ['quadratic', 'softmax'],
    ['binaryCrossEntropy', 'sigmoid'],
    ['huber', 'tanh'],
  ] as const)('%s on %s outputs, with validation data', async (loss, output) => {
    const options = { sizes: [2, 4, 3, 2], hidden: 'gelu', output, loss, learningRate: 0.1, seeds, epochs: 2 } as const
    await compare(train, { ...options, validation }, 7)
  })

  it('regression, scored by R²', async () => {
    const x = Array.from({ length: 30 }, (_, i) => i / 15 - 1)
    const data = Dataset.from(x.map((one) => [one]), x.map((one) => [Math.sin(2 * one)])) // prettier-ignore
    await compare(data, { sizes: [1, 4, 1], output: 'linear', learningRate: [0.01, 0.1], seeds: 3, epochs: 4 }, 6)
  })
})

it('a network that diverges has its place and stops nobody, and successive halving goes on with the same bits', async () => {
  const line = Dataset.from([[1], [2], [3]], [[1.5], [2.5], [3.5]])
  const options = { sizes: [1, 2, 1], activation: 'linear', batchSize: 1, epochs: 9, seeds: 4, backend } as const
  const learningRate = [1e30, 0.01]
  const whole = await sweep(line, { ...options, learningRate })
  expect(whole.map(({ fault }) => fault !== undefined)).toEqual([false, false, false, false, true, true, true, true])
  expect(whole.at(-1)!.fault).toMatchObject({ epoch: 1, minibatch: expect.any(Number), layer: expect.any(Number) })
  const halved = await sweep(line, { ...options, learningRate, halving: { rounds: 2, keep: 0.5 } })
  const [best] = halved
  const same = whole.find(({ seed, settings }) => seed === best!.seed && settings.learningRate === 0.01)!
  expect(best!.network().parameters).toEqual(same.network().parameters)
})

it('is not possible for large networks, dropout and clipped gradients', async () => {
  const open = (sizes: number[], settings: object) => {
    const { layers } = Network.create({ sizes, seed: 1 })
    return openNetworkLanes(layers, { loss: 'quadratic', optimizer: sgd(), batchSize: 5, ...settings }, findFeatures())
  }
  expect(await open([2, 3, 2], {})).toBeDefined()
  expect(await open([20, 20, 2], {})).toBeUndefined()
  expect(await open([2, 3, 2], { dropout: [0.5] })).toBeUndefined()
  expect(await open([2, 3, 2], { optimizer: sgd({ clipNorm: 1 }) })).toBeUndefined()
})
