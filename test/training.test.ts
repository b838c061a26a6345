import { describe, expect, it } from 'vitest'
import type { Backend } from '../src/backend/backend.ts'
import { cpu } from '../src/backend/host/backend.ts'
import { webgpu as webgpuOf } from '../src/backend/webgpu/backend.ts'
import type { Dataset } from '../src/data/dataset.ts'
import type { Network } from '../src/model/network.ts'
import { adagrad, adam, adamw, nadam, type Optimizer, rmsprop, sgd } from '../src/optimizer/optimizer.ts'
import { Trainer, type TrainerOptions } from '../src/index.ts'
import { float32Backends, hiddenPairs, randomData, randomNetwork } from './backends.ts'
import { expectClose } from './close.ts'
import { someLossPairs } from './covering.ts'
import { withDevice } from './device.ts'

/** Ten losses in a row, then the parameters. A full batch per epoch, so that each epoch's loss is that of one step. */
async function tenLosses(network: Network, data: Dataset, options: TrainerOptions) {
  const trainer = await Trainer.create(network.clone(), { batchSize: data.length, seed: 5, ...options })
  try {
    const { epochs } = await trainer.fit(data, { epochs: 10 })
    return { losses: epochs.map(({ loss }) => loss), parameters: [...(await trainer.read()).parameters] }
  } finally {
    trainer.dispose()
  }
}

async function expectSameTraining(network: Network, data: Dataset, backend: Backend, options: TrainerOptions) {
  const reference = await tenLosses(network, data, { ...options, backend: cpu({ precision: 'float64' }) })
  const got = await tenLosses(network, data, { ...options, backend })
  // Ten steps, each with about 100 roundings in the longest dependency chain of a value.
  expectClose(got.losses, reference.losses, { name: 'losses', rtol: 1000 * 2 ** -24, atol: 1e-7 })
  expect(reference.losses[9]).not.toBe(reference.losses[0])
  expectClose(got.parameters, reference.parameters, { name: 'parameters', rtol: 1e-4, atol: 2e-5 })
}

/** Both plans are compared with the reference; the other tests run on the layered plan unless their names say otherwise. */
const webgpu = ({ device }: { device: GPUDevice }) => webgpuOf({ device, plan: 'layered' })
const resident = ({ device }: { device: GPUDevice }) => webgpuOf({ device, plan: 'resident' })

const optimizers: [string, Optimizer][] = [
  ['sgd', sgd({ learningRate: 0.5 })],
  ['sgd, momentum, weight decay', sgd({ learningRate: 0.1, momentum: 0.9, weightDecay: 0.01 })],
  ['sgd, nesterov', sgd({ learningRate: 0.1, momentum: 0.9, nesterov: true })],
  ['rmsprop', rmsprop({ learningRate: 0.01 })],
  ['rmsprop, centered, momentum', rmsprop({ learningRate: 0.003, momentum: 0.5, centered: true })],
  ['adagrad', adagrad({ learningRate: 0.05, learningRateDecay: 0.1 })],
  ['adam', adam({ learningRate: 0.01 })],
  ['adamw', adamw({ learningRate: 0.01, weightDecay: 0.1 })],
  ['nadam', nadam({ learningRate: 0.01, weightDecay: 0.1, decoupledWeightDecay: true })],
]

describe('ten training losses in a row agree with float64', () => {
  const data = randomData(24, 6, 4, 1)
  for (const [name, optimizer] of optimizers) {
    const network = randomNetwork([6, 9, 4], 'tanh', 'softmax', 2)
    const options: TrainerOptions = { optimizer, loss: 'crossEntropy' }
    withDevice(`webgpu, ${name}`, (device) =>
      expectSameTraining(network, data, webgpu({ device: device.gpu }), options),
    )
    it.each(float32Backends)(`%s, ${name}`, (_, make) => expectSameTraining(network, data, make(), options))
  }
  for (const [loss, output] of someLossPairs) {
    withDevice(`webgpu, ${loss} on ${output}`, async (device) => {
      const network = randomNetwork([6, 8, 4], 'sigmoid', output, 3)
      await expectSameTraining(network, data, webgpu({ device: device.gpu }), {
        optimizer: sgd({ learningRate: 0.2 }),
        loss,
      })
    })
  }
  // Here a separate pass propagates δ; in small networks the output pass does so.
  withDevice('webgpu, a wide hidden layer', async (device) => {
    const network = randomNetwork([6, 250, 6], 'tanh', 'sigmoid', 4)
    const wide = randomData(24, 6, 6, 1)
    await expectSameTraining(network, wide, webgpu({ device: device.gpu }), { optimizer: sgd({ learningRate: 0.2 }) })
  })
  for (const hidden of hiddenPairs) {
    withDevice(`webgpu, hidden ${hidden.join(', ')}`, async (device) => {
      const network = randomNetwork([6, 8, 8, 4], hidden, 'sigmoid', 4)
      await expectSameTraining(network, data, webgpu({ device: device.gpu }), { optimizer: sgd({ learningRate: 0.2 }) })
    })
  }
})

describe('the resident plan: ten training losses in a row agree with float64', () => {
  const data = randomData(24, 3, 3, 1)
  const compare = (device: GPUDevice, network: Network, options: TrainerOptions) =>
    expectSameTraining(network, data, resident({ device }), options)
  for (const [name, optimizer] of optimizers) {
    withDevice(name, async ({ gpu }) => {
      const network = randomNetwork([3, 4, 3], 'tanh', 'softmax', 2)
      await compare(gpu, network, { optimizer, loss: 'crossEntropy' })
    })
  }
  for (const [loss, output] of someLossPairs) {
    withDevice(`${loss} on ${output}`, async ({ gpu }) => {
      const network = randomNetwork([3, 3, 3], 'sigmoid', output, 3)
      await compare(gpu, network, { optimizer: sgd({ learningRate: 0.2 }), loss })
    })
  }
  for (const hidden of hiddenPairs) {
    withDevice(`hidden ${hidden.join(', ')}`, async ({ gpu }) => {
      const network = randomNetwork([3, 3, 2, 3], hidden, 'sigmoid', 4)
      await compare(gpu, network, { optimizer: sgd({ learningRate: 0.2 }) })
    })
  }
  withDevice('one output, one input, no hidden layer', async ({ gpu }) => {
    const network = randomNetwork([1, 1], 'tanh', 'tanh', 5)
    await expectSameTraining(network, randomData(9, 1, 1, 6), resident({ device: gpu }), { optimizer: sgd() })
  })
})

/** Three epochs in shuffled minibatches that do not divide the data. */
async function threeEpochs(network: Network, data: Dataset, options: TrainerOptions) {
  const trainer = await Trainer.create(network.clone(), { batchSize: 7, seed: 9, ...options })
  const { epochs } = await trainer.fit(data, { epochs: 3, validation: data })
  const { parameters } = await trainer.read()
  const evaluation = await trainer.evaluate(data)
  trainer.dispose()
  return { epochs, parameters, evaluation }
}

describe('minibatches in a shuffled order', () => {
  const data = randomData(45, 5, 3, 11)
  const network = randomNetwork([5, 6, 3], 'relu', 'sigmoid', 12)
  const optimizer = sgd({ learningRate: 0.5 })

  withDevice('visit the same samples in the same order on both backends', async (device) => {
    const got = await threeEpochs(network, data, { backend: webgpu({ device: device.gpu }), optimizer })
    const want = await threeEpochs(network, data, { backend: cpu({ precision: 'float64' }), optimizer })
    const other = await threeEpochs(network, data, { backend: cpu({ precision: 'float64' }), optimizer, seed: 10 })
    expectClose(got.parameters, want.parameters, { name: 'parameters', rtol: 1e-4, atol: 1e-5 })
    expect(got.epochs.map(({ steps }) => steps)).toEqual([7, 7, 7])
    for (const [e, epoch] of got.epochs.entries()) {
      expectClose(epoch.loss, want.epochs[e]!.loss, { name: 'loss', rtol: 1e-4 })
      expect(epoch.accuracy).toBe(want.epochs[e]!.accuracy)
      expectClose(epoch.validation.loss, want.epochs[e]!.validation.loss, { name: 'validation', rtol: 1e-4 })
    }
    // The order has an effect beyond rounding: another seed gives other parameters.
    expect(() => expectClose(other.parameters, want.parameters, { name: 'p', rtol: 1e-4, atol: 1e-5 })).toThrow()
  })

  withDevice('have the same order when many epochs are submitted at once', async ({ gpu }) => {
    // fit() without validation groups epochs, epochs() does not: the same steps, so the same bits.
    const small = randomNetwork([5, 4, 3], 'tanh', 'sigmoid', 12)
    const options: TrainerOptions = { backend: resident({ device: gpu }), batchSize: 7, seed: 9, optimizer: adam() }
    const together = await Trainer.create(small.clone(), options)
    const { epochs } = await together.fit(data, { epochs: 200 })
    const apart = await Trainer.create(small.clone(), options)
    const losses: number[] = []
    for await (const { loss } of apart.epochs(data, { epochs: 200 })) losses.push(loss)
    expect(epochs.map(({ epoch }) => epoch)).toEqual(Array.from({ length: 200 }, (_, i) => i + 1))
    expectClose(
      epochs.map(({ loss }) => loss),
      losses,
      { name: 'losses', rtol: 1e-6 },
    )
    expect([...(await together.read()).parameters]).toEqual([...(await apart.read()).parameters])
    together.dispose()
    apart.dispose()
  })

  withDevice('give the same bits twice on webgpu', async (device) => {
    const run = () => threeEpochs(network, data, { backend: webgpu({ device: device.gpu }), optimizer: adam() })
    const [first, second] = [await run(), await run()]
    expect([...second.parameters]).toEqual([...first.parameters])
    expect(second.epochs.map(({ loss }) => loss)).toEqual(first.epochs.map(({ loss }) => loss))
  })

  it('give the same bits twice on the CPU', async () => {
    const run = () => threeEpochs(network, data, { backend: 'cpu', optimizer: adam() })
    expect([...(await run()).parameters]).toEqual([...(await run()).parameters])
  })

  it('average over their own size: the last one has 3 samples and divides by 3', async () => {
    // One epoch of a linear neuron without shuffling, calculated step by step.
    const { Network } = await import('../src/model/network.ts')
    const { Dataset } = await import('../src/data/dataset.ts')
    const neuron = Network.from({ sizes: [1, 1], activations: ['linear'], weights: [[0]], biases: [[0]] })
    const trainer = await Trainer.create(neuron, { backend: 'cpu', batchSize: 2, optimizer: sgd({ learningRate: 1 }) })
    await trainer.fit(Dataset.from([[1], [1], [1]], [[1], [2], [4]]), { epochs: 1, shuffle: false })
    // Step 1: z = 0, δ = −1, −2, mean −1.5 → w = b = 1.5. Step 2: z = 3, δ = −1 → w = b = 2.5.
    expect([...(await trainer.read()).parameters]).toEqual([2.5, 2.5])
    trainer.dispose()
  })
})

describe('data sets larger than a tile, a workspace or a submit', () => {
  withDevice('are trained on and scored in pieces', async (device) => {
    const data = randomData(3000, 400, 2, 21)
    const network = randomNetwork([400, 3, 2], 'sigmoid', 'softmax', 22)
    const options: TrainerOptions = { loss: 'crossEntropy', optimizer: sgd({ learningRate: 0.1 }), batchSize: 2 }
    const got = await threeEpochs(network, data, { ...options, backend: webgpu({ device: device.gpu }) })
    const want = await threeEpochs(network, data, { ...options, backend: 'cpu' })
    expectClose(got.parameters, want.parameters, { name: 'parameters', rtol: 1e-3, atol: 1e-4 })
    expectClose(got.evaluation.loss, want.evaluation.loss, { name: 'loss', rtol: 1e-4 })
    expect(got.evaluation.accuracy).toBeCloseTo(want.evaluation.accuracy!, 2)
  })

  withDevice('may have more samples than WebGPU has workgroups for', async ({ gpu }) => {
    const data = randomData(300_000, 2, 2, 25)
    const network = randomNetwork([2, 3, 2], 'sigmoid', 'sigmoid', 26)
    const trainer = await Trainer.create(network, { backend: webgpu({ device: gpu }), batchSize: 10 })
    const reference = await Trainer.create(network, { backend: 'cpu', batchSize: 10 })
    const [got, want] = [await trainer.evaluate(data), await reference.evaluate(data)]
    expectClose(got.loss, want.loss, { name: 'loss', rtol: 1e-5 })
    expectClose(got.accuracy!, want.accuracy!, { name: 'accuracy', atol: 1e-5 })
    trainer.dispose()
    const tooLarge = Trainer.create(network, { backend: webgpu({ device: gpu }), batchSize: 300_000 })
    await expect(tooLarge).rejects.toThrow('batchSize: webgpu takes at most 262140 samples at once, got 300000')
  })

  withDevice('have the same predictions as single rows', async (device) => {
    const data = randomData(2500, 600, 3, 23)
    const network = randomNetwork([600, 5, 3], 'gelu', 'softmax', 24)
    const trainer = await Trainer.create(network, { backend: webgpu({ device: device.gpu }), loss: 'crossEntropy' })
    const all = await trainer.predict(data.inputs)
    const reference = await Trainer.create(network, { backend: 'cpu', loss: 'crossEntropy' })
    expectClose(all.data, (await reference.predict(data.inputs)).data, { name: 'predictions', atol: 1e-5 })
    const last = await trainer.predict(data.inputs.take([2499]))
    expectClose(last.row(0), all.row(2499), { name: 'last row', atol: 1e-6 })
    trainer.dispose()
  })
})
