import { describe, expect } from 'vitest'
import { cpu } from '../src/backend/host/backend.ts'
import { webgpuWith } from '../src/backend/webgpu/opened-backend.ts'
import { Device } from '../src/backend/webgpu/device/device.ts'
import { AdapterProfile } from '../src/backend/webgpu/device/profile.ts'
import { type Backend, Dataset, sgd, Trainer, verify } from '../src/index.ts'
import { randomData, randomNetwork, wasmOnTwoThreads } from './backends.ts'
import { expectClose } from './close.ts'
import { someLossPairs } from './covering.ts'
import { withDevice } from './device.ts'

/** The invocations of a workgroup share each row, as on a hardware adapter. */
function asHardware({ gpu, profile: { quads } }: Device): Backend {
  return webgpuWith(Device.from(gpu, new AdapterProfile({ software: false, quads })), 'layered')
}

describe('output layers that are too wide for one workgroup, with shared rows', () => {
  for (const [loss, output] of someLossPairs) {
    withDevice(`hold for ${loss} with ${output}`, async (device) => {
      // More packs than invocations share a row, and the last pack is not full.
      const network = randomNetwork([3, 5, 263], 'tanh', output, 1)
      const data = randomData(6, 3, 263, 2)
      const { ok, layers } = await verify(network, data, { backend: asHardware(device), loss, batchSize: 6 })
      expect(ok, JSON.stringify(layers)).toBe(true)
    })
  }

  withDevice('count correct predictions, the first of equal outputs, and weigh the samples', async (device) => {
    // Weights of zero: all outputs are equal, so the prediction is class 0.
    const network = randomNetwork([2, 259], 'tanh', 'sigmoid', 1)
    network.weights[0]!.fill(0)
    network.biases[0]!.fill(0)
    const classes = [0, 258, 0, 33, 0, 1, 256]
    const targets = classes.map((label) => Array.from({ length: 259 }, (_, i) => Number(i === label)))
    const data = Dataset.from(
      classes.map((_, i) => [i, -i]),
      targets,
    )
    for (const backend of [asHardware(device), cpu(), wasmOnTwoThreads]) {
      const trainer = await Trainer.create(network.clone(), { backend, batchSize: 3 })
      expect((await trainer.evaluate(data)).accuracy).toBeCloseTo(3 / 7)
      trainer.dispose()
    }
  })

  withDevice('train as float64 does, with class weights', async (device) => {
    const data = randomData(40, 4, 259, 3)
    const trained = []
    for (const backend of [asHardware(device), wasmOnTwoThreads, cpu({ precision: 'float64' })]) {
      const network = randomNetwork([4, 8, 259], 'tanh', 'softmax', 1)
      const trainer = await Trainer.create(network, {
        backend,
        loss: 'crossEntropy',
        optimizer: sgd({ learningRate: 0.5 }),
        batchSize: 7,
        seed: 1,
      })
      const { epochs } = await trainer.fit(data, {
        epochs: 3,
        classWeights: Array.from({ length: 259 }, (_, i) => 1 + (i % 3)),
      })
      trained.push({ losses: epochs.map(({ loss }) => loss), parameters: [...(await trainer.read()).parameters] })
      trainer.dispose()
    }
    const want = trained.pop()!
    for (const got of trained) {
      expectClose(got.losses, want.losses, { name: 'losses', rtol: 1e-5, atol: 1e-6 })
      expectClose(got.parameters, want.parameters, { name: 'parameters', rtol: 1e-4, atol: 1e-5 })
    }
  })
})
