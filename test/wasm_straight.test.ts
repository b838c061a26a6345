import { describe, expect, it } from 'vitest'
import { cpu } from '../src/backend/host/backend.ts'
import { isStraight } from '../src/backend/host/wasm/straight.ts'
import type { Dataset } from '../src/data/dataset.ts'
import { adam, sgd, Trainer, type TrainerOptions, wasm } from '../src/index.ts'
import type { Network } from '../src/model/network.ts'
import { hiddenNames, lossPairs, randomData, randomNetwork } from './backends.ts'
import { expectClose } from './close.ts'

const backend = wasm({ threads: 1 })
const float64 = cpu({ precision: 'float64' })

async function train(network: Network, data: Dataset, options: TrainerOptions) {
  const trainer = await Trainer.create(network.clone(), { seed: 3, ...options })
  const { epochs } = await trainer.fit(data, { epochs: 5 })
  const parameters = [...(await trainer.read()).parameters]
  trainer.dispose()
  return { losses: epochs.map(({ loss }) => loss), accuracies: epochs.map(({ accuracy }) => accuracy), parameters }
}

/** Five epochs in WebAssembly and in float64; the bounds are those of test/training.test.ts, for more steps. */
async function expectAlike(network: Network, data: Dataset, options: TrainerOptions): Promise<void> {
  const got = await train(network, data, { ...options, backend })
  const want = await train(network, data, { ...options, backend: float64 })
  expectClose(got.losses, want.losses, { name: 'losses', rtol: 1e-4, atol: 1e-7 })
  expectClose(got.parameters, want.parameters, { name: 'parameters', rtol: 1e-3, atol: 1e-4 })
  expect(got.accuracies).toEqual(want.accuracies)
  expect(want.losses[4]).not.toBe(want.losses[0])
}

const isSmall = ({ layers }: Network) => isStraight(layers, { loss: 'quadratic', optimizer: sgd(), batchSize: 1 })

describe('small networks on wasm are trained as in float64', () => {
  // Samples are computed four at a time; of seven samples, the last minibatch is smaller.
  it.each([1, 2, 3, 4, 5, 7, 8, 9, 12, 13])(
    'minibatches of %d, with and without weights of samples',
    async (batchSize) => {
      const network = randomNetwork([3, 4, 2], 'tanh', 'sigmoid', 1)
      expect(isSmall(network)).toBe(true)
      const data = randomData(31, 3, 2, batchSize)
      await expectAlike(network, data, { batchSize, optimizer: sgd({ learningRate: 0.3, weightDecay: 0.01 }) })
      const weighted = data.withWeights(data.inputs.data.subarray(0, 31).map(Math.abs))
      await expectAlike(network, weighted, { batchSize, optimizer: adam() })
    },
  )

  // The sums of the gradients are variables for up to 40 parameters, and the code is straight for up to 400.
  it.each([
    [[39, 1], true],
    [[40, 1], true],
    [[7, 5], true],
    [[4, 6, 2], true],
    [[399, 1], true],
    [[400, 1], false],
    [[19, 20], true],
    [[66, 6], false],
    [[8, 17, 13, 1], false],
    [[1, 1], true],
    [[1, 1, 1, 1], true],
  ])('sizes %j', async (sizes, small) => {
    const network = randomNetwork(sizes, 'sigmoid', 'tanh', 2)
    expect(isSmall(network)).toBe(small)
    const data = randomData(18, sizes[0]!, sizes.at(-1)!, 3)
    await expectAlike(network, data, { batchSize: 7, optimizer: sgd({ learningRate: 0.02 }), l1: 1e-3 })
  })

  it.each(lossPairs)('%s on %s outputs', async (loss, output) => {
    for (const outputs of [1, 2, 5]) {
      if (outputs === 1 && output === 'softmax') continue
      const network = randomNetwork([3, 4, outputs], 'tanh', output, 4)
      const options: TrainerOptions = { loss, batchSize: 6, optimizer: sgd({ learningRate: 0.05, clipNorm: 0.5 }) }
      await expectAlike(network, randomData(20, 3, outputs, 5), options)
    }
  })

  it.each(hiddenNames)('hidden layers of %s', async (hidden) => {
    const options: TrainerOptions = { loss: 'crossEntropy', batchSize: 5, optimizer: sgd({ learningRate: 0.1 }) }
    await expectAlike(randomNetwork([3, 5, 4, 3], hidden, 'softmax', 6), randomData(23, 3, 3, 7), options)
  })
})
