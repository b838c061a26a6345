import { afterEach, describe, expect, it, vi } from 'vitest'
import { cpu } from '../src/backend/host/backend.ts'
import { straightPass } from '../src/backend/host/js/straight.ts'
import type { Dataset } from '../src/data/dataset.ts'
import type { Network } from '../src/model/network.ts'
import { adagrad, adam, adamw, nadam, type Optimizer, rmsprop, sgd } from '../src/optimizer/optimizer.ts'
import { Trainer, type TrainerOptions } from '../src/index.ts'
import { hiddenNames, lossPairs, randomData, randomNetwork } from './backends.ts'

/** Simulates a page whose Content-Security-Policy has no 'unsafe-eval'. */
function forbidCode(): void {
  vi.stubGlobal('Function', function () {
    throw new EvalError('Refused to evaluate a string as JavaScript')
  })
}

afterEach(() => {
  vi.unstubAllGlobals()
})

async function train(network: Network, data: Dataset, options: TrainerOptions) {
  const trainer = await Trainer.create(network.clone(), { backend: cpu(), batchSize: 7, seed: 3, ...options })
  const { epochs } = await trainer.fit(data, { epochs: 4 })
  const { parameters } = await trainer.read()
  trainer.dispose()
  return { epochs: epochs.map(({ loss, accuracy }) => ({ loss, accuracy })), parameters: parameters.slice() }
}

/** Four epochs as straight-line code and in stages; their last minibatches are shorter. */
async function expectSameBits(network: Network, data: Dataset, options: TrainerOptions): Promise<void> {
  expect(straightPass(network.layers, options.loss ?? 'quadratic')).toBeDefined()
  const straight = await train(network, data, options)
  forbidCode()
  expect(straightPass(network.layers, options.loss ?? 'quadratic')).toBeUndefined()
  expect(straight).toEqual(await train(network, data, options))
  expect(straight.parameters).not.toEqual(network.parameters)
  expect(straight.parameters.every(Number.isFinite)).toBe(true)
}

const optimizers: [string, Optimizer][] = [
  ['sgd', sgd({ learningRate: 0.5 })],
  ['sgd with weight decay', sgd({ learningRate: 0.5, weightDecay: 0.01 })],
  ['sgd with momentum', sgd({ learningRate: 0.1, momentum: 0.9, weightDecay: 0.01 })],
  ['sgd with nesterov momentum', sgd({ learningRate: 0.1, momentum: 0.9, nesterov: true })],
  ['rmsprop', rmsprop()],
  ['rmsprop, centered, with momentum', rmsprop({ learningRate: 0.003, momentum: 0.5, centered: true })],
  ['adagrad', adagrad({ learningRate: 0.05, learningRateDecay: 0.1 })],
  ['adam', adam({ learningRate: 0.01, weightDecay: 0.01 })],
  ['adamw', adamw({ learningRate: 0.01, weightDecay: 0.1 })],
  ['nadam', nadam({ learningRate: 0.01, weightDecay: 0.01 })],
]

describe('straight-line code gives the same bits as the stages', () => {
  const data = randomData(24, 3, 3, 1)
  for (const [name, optimizer] of optimizers) {
    it(name, () =>
      expectSameBits(randomNetwork([3, 4, 3], 'tanh', 'softmax', 2), data, { optimizer, loss: 'crossEntropy' }),
    )
  }
  for (const [loss, output] of lossPairs) {
    it(`${loss} on ${output}`, () =>
      expectSameBits(randomNetwork([3, 3, 3], 'sigmoid', output, 3), data, {
        optimizer: sgd({ learningRate: 0.2 }),
        loss,
      }))
  }
  for (const hidden of hiddenNames) {
    it(`hidden ${hidden}`, () =>
      expectSameBits(randomNetwork([3, 5, 2, 3], hidden, 'sigmoid', 4), data, {
        optimizer: sgd({ learningRate: 0.2 }),
      }))
  }
  for (const output of ['tanh', 'sigmoid'] as const) {
    it(`one ${output} output, no hidden layer`, () =>
      expectSameBits(randomNetwork([1, 1], output, output, 5), randomData(9, 1, 1, 6), { optimizer: adam() }))
  }
})

describe('straight-line code', () => {
  it('is generated for networks of at most 120 parameters', () => {
    expect(straightPass(randomNetwork([7, 8, 6], 'tanh', 'tanh', 1).layers, 'quadratic')).toBeDefined() // 118
    expect(straightPass(randomNetwork([10, 10, 1], 'tanh', 'tanh', 1).layers, 'quadratic')).toBeUndefined() // 121
  })

  it('is not tried again where it is forbidden, since browsers report each attempt', () => {
    let attempts = 0
    vi.stubGlobal('Function', function () {
      attempts++
      throw new EvalError('Refused to evaluate a string as JavaScript')
    })
    const { layers } = randomNetwork([2, 3, 2], 'tanh', 'tanh', 1)
    expect([straightPass(layers, 'quadratic'), straightPass(layers, 'huber')]).toEqual([undefined, undefined])
    expect(attempts).toBe(1)
  })

  it('suppresses no error except that of a policy', () => {
    vi.stubGlobal('Function', function () {
      throw new SyntaxError('unexpected token')
    })
    expect(() => straightPass(randomNetwork([2, 3, 2], 'tanh', 'tanh', 1).layers, 'quadratic')).toThrow(
      'unexpected token',
    )
  })
})
