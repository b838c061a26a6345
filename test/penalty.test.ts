import { describe, expect, it } from 'vitest'
import { cpu } from '../src/backend/host/backend.ts'
import { webgpu } from '../src/backend/webgpu/backend.ts'
import { Dataset } from '../src/data/dataset.ts'
import { Network } from '../src/model/network.ts'
import { adam, type Optimizer, sgd } from '../src/optimizer/optimizer.ts'
import { Trainer, type TrainerOptions } from '../src/index.ts'
import { randomData, randomNetwork, wasmOnTwoThreads } from './backends.ts'
import { expectClose } from './close.ts'
import { covering } from './covering.ts'
import { withDevice } from './device.ts'

async function train(network: Network, data: Dataset, options: TrainerOptions, epochs = 10) {
  const trainer = await Trainer.create(network.clone(), { batchSize: 8, seed: 2, ...options })
  const { epochs: done } = await trainer.fit(data, { epochs })
  const { parameters } = await trainer.read()
  trainer.dispose()
  return { losses: done.map(({ loss }) => loss), parameters }
}

describe('l1 and l2', () => {
  it('change a step as calculated by hand, and do not affect biases', async () => {
    // One linear neuron at w = (2, −3), b = 1; x = (0, 0), y = 1: the loss is 0 and so is its gradient.
    const network = Network.from({ sizes: [2, 1], activations: ['linear'], weights: [[2, -3]], biases: [[1]] })
    const still = Dataset.from([[0, 0]], [[1]])
    const options = { backend: cpu({ precision: 'float64' }), optimizer: sgd({ learningRate: 0.5 }) }
    const { losses, parameters } = await train(network, still, { ...options, l1: 0.1, l2: 0.01 }, 1)
    // w − 0.5 (0.1 sign w + 2 · 0.01 w)
    expectClose([...parameters], [2 - 0.5 * (0.1 + 0.04), -3 + 0.5 * (0.1 + 0.06), 1], {
      name: 'w',
      rtol: 1e-6,
      atol: 0,
    })
    expect(losses).toEqual([0])
  })

  const optimizers: Record<string, Optimizer> = { sgd: sgd({ learningRate: 0.2 }), adam: adam({ learningRate: 0.02 }) }
  const forms = [
    { plan: 'resident, straight', sizes: [3, 4, 3] },
    { plan: 'resident, in loops', sizes: [6, 20, 6] },
    { plan: 'layered', sizes: [6, 40, 6] },
  ]
  const runs = forms.flatMap((form) => Object.keys(optimizers).map((name) => ({ ...form, name })))
  for (const { plan, sizes, name } of covering(runs, (one) => [one.plan, one.name])) {
    const optimizer = optimizers[name]!
    withDevice(`give the same training everywhere: ${name}, ${plan}`, async ({ gpu }) => {
      const network = randomNetwork(sizes, 'tanh', 'sigmoid', 1)
      const data = randomData(30, sizes[0]!, sizes.at(-1)!, 3)
      const options: TrainerOptions = { optimizer, l1: 0.003, l2: 0.02 }
      const reference = await train(network, data, { ...options, backend: cpu({ precision: 'float64' }) })
      const backend = webgpu({ device: gpu, plan: plan === 'layered' ? 'layered' : 'resident' })
      for (const one of [backend, cpu(), wasmOnTwoThreads]) {
        const got = await train(network, data, { ...options, backend: one })
        expectClose(got.losses, reference.losses, { name: 'losses', rtol: 1e-4, atol: 1e-7 })
        expectClose([...got.parameters], [...reference.parameters], { name: 'parameters', rtol: 1e-3, atol: 1e-4 })
      }
      const without = await train(network, data, { optimizer, backend })
      expect(reference.losses[9]).not.toBeCloseTo(without.losses[9]!, 4)
    })
  }

  it('must not be negative', async () => {
    const network = randomNetwork([2, 2], 'tanh', 'tanh', 1)
    await expect(Trainer.create(network, { l1: -1 })).rejects.toThrow(
      'l1: expected a finite number of at least 0, got -1',
    )
    await expect(Trainer.create(network, { l2: NaN })).rejects.toThrow('l2: expected a finite number')
  })
})
