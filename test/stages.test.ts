import { describe, expect, it } from 'vitest'
import { webgpu } from '../src/backend/webgpu/backend.ts'
import type { Backend } from '../src/backend/backend.ts'
import { adagrad, adam, adamw, nadam, type Optimizer, rmsprop, sgd } from '../src/optimizer/optimizer.ts'
import type { LossName } from '../src/loss/loss.ts'
import { verify } from '../src/training/verify.ts'
import type { Network } from '../src/model/network.ts'
import type { Dataset } from '../src/data/dataset.ts'
import { float32Backends, hiddenNames, hiddenPairs, lossPairs, randomData, randomNetwork } from './backends.ts'
import { someLossPairs } from './covering.ts'
import { withDevice } from './device.ts'

/** Fails with the first stage that exceeds its bound, the error and the bound. */
async function expectVerified(
  network: Network,
  data: Dataset,
  options: { backend: Backend; loss?: LossName; optimizer?: Optimizer; batchSize: number },
): Promise<void> {
  const { layers, samples } = await verify(network, data, options)
  expect(samples).toBe(Math.min(options.batchSize, data.length))
  for (const { layer, ...stages } of layers) {
    for (const [stage, { error, bound }] of Object.entries(stages)) {
      if (!(error <= bound)) throw new Error(`layer ${layer}, ${stage}: relative error ${error} above ${bound}`)
    }
  }
}

const optimizers: [string, Optimizer][] = [
  ['sgd', sgd({ learningRate: 0.3 })],
  ['sgd with weight decay', sgd({ learningRate: 0.3, weightDecay: 0.1 })],
  ['sgd with momentum', sgd({ learningRate: 0.3, momentum: 0.9 })],
  ['sgd with nesterov momentum', sgd({ learningRate: 0.3, momentum: 0.9, nesterov: true })],
  ['rmsprop', rmsprop()],
  ['rmsprop, centered, with momentum', rmsprop({ momentum: 0.9, centered: true, weightDecay: 0.01 })],
  ['rmsprop, centered', rmsprop({ centered: true })],
  ['adagrad', adagrad({ initialAccumulator: 0.1, learningRateDecay: 0.1 })],
  ['adam', adam({ weightDecay: 0.01 })],
  ['adamw', adamw({ weightDecay: 0.1 })],
  ['nadam', nadam({ weightDecay: 0.01 })],
  ['nadam, decoupled weight decay', nadam({ weightDecay: 0.1, decoupledWeightDecay: true })],
]

/** Sizes around the size of a tile: 1, tile − 1, tile, tile + 1, odd ones, and several tiles. */
const shapes: [sizes: number[], batch: number][] = [
  [[1, 1], 1],
  [[2, 3, 2], 10],
  [[3, 15, 16, 17], 15],
  [[16, 17, 1], 16],
  [[63, 64, 65, 3], 17],
  [[5, 130, 7, 33, 2], 1],
  [[31, 4, 2], 65],
  [[784, 30, 10], 10],
  [[6, 9, 70], 7],
]

type Runner = [string, (body: (backend: Backend) => Promise<void>) => (name: string) => void]
const backends: Runner[] = [
  ['webgpu', (body) => (name) => withDevice(name, (device) => body(webgpu({ device: device.gpu, plan: 'layered' })))],
  ...float32Backends.map(([backend, make]): Runner => [backend, (body) => (name) => it(name, () => body(make()))]),
]

describe.each(backends)('each stage of %s agrees with float64 on the same inputs', (backendName, run) => {
  for (const [loss, output] of backendName === 'webgpu' ? someLossPairs : lossPairs) {
    run(async (backend) => {
      const network = randomNetwork([9, 18, 5], 'tanh', output, 1)
      await expectVerified(network, randomData(19, 9, 5, 2), { backend, loss, batchSize: 19 })
    })(`${loss} on ${output} outputs`)
  }
  for (const hidden of hiddenPairs) {
    run(async (backend) => {
      const network = randomNetwork([6, 20, 13, 3], hidden, 'sigmoid', 3)
      await expectVerified(network, randomData(33, 6, 3, 4), { backend, batchSize: 33 })
    })(`hidden layers of ${hidden.join(', ')}`)
  }
  for (const [name, optimizer] of optimizers) {
    run(async (backend) => {
      const network = randomNetwork([7, 12, 3], 'sigmoid', 'linear', 5)
      await expectVerified(network, randomData(21, 7, 3, 6), { backend, optimizer, batchSize: 21 })
    })(`one step of ${name}`)
  }
  for (const [sizes, batch] of shapes) {
    run(async (backend) => {
      const network = randomNetwork(sizes, 'tanh', 'sigmoid', 7)
      const data = randomData(batch, sizes[0]!, sizes.at(-1)!, 8)
      await expectVerified(network, data, { backend, batchSize: batch })
    })(`sizes ${sizes.join('-')}, batch ${batch}`)
  }
  run(async (backend) => {
    // Large values in both tails, where exp, tanh and the logarithms overflow without guards.
    for (const hidden of hiddenNames) {
      const network = randomNetwork([4, 9, 3], hidden, 'softmax', 9)
      for (let i = 0; i < network.parameters.length; i++) network.parameters[i] = network.parameters[i]! * 40
      await expectVerified(network, randomData(16, 4, 3, 10), { backend, loss: 'crossEntropy', batchSize: 16 })
    }
  })('large weights, every hidden activation: nothing overflows')
})
