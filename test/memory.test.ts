import { describe, expect } from 'vitest'
import { webgpu } from '../src/backend/webgpu/backend.ts'
import { MOST_CHECKS } from '../src/backend/webgpu/kernels/stage-kernels.ts'
import { Dataset } from '../src/data/dataset.ts'
import { Matrix } from '../src/core/matrix.ts'
import { Network } from '../src/model/network.ts'
import { sgd } from '../src/optimizer/optimizer.ts'
import { Trainer } from '../src/training/trainer.ts'
import { randomData, randomNetwork } from './backends.ts'
import { withDevice } from './device.ts'

describe('memory', () => {
  withDevice('is known before the first step, flat over epochs, and freed', async (device) => {
    const data = randomData(64, 8, 3, 1)
    const network = randomNetwork([8, 16, 3], 'tanh', 'sigmoid', 1)
    const backend = webgpu({ device: device.gpu, plan: 'layered' })
    const trainer = await Trainer.create(network, { backend, batchSize: 16, seed: 1 })
    const planned = trainer.memory
    const held: number[] = []
    for await (const epoch of trainer.epochs(data, { epochs: 40, validation: data })) {
      if (epoch.epoch > 1) held.push(trainer.memory)
    }
    expect(new Set(held).size).toBe(1)
    // Afterwards the data set is freed; the workspace for scoring remains.
    // Rows are stored in packs of four values.
    const layers = 16 + 4
    const scoring = 2 * 64 * layers * 4 + (64 + MOST_CHECKS) * 2 * 4
    expect(trainer.memory).toBe(planned + scoring)
    const dataBytes = 64 * (8 + 4 + 1) * 4
    expect(held[0]).toBe(planned + scoring + dataBytes)
    trainer.dispose()
    expect(trainer.memory).toBe(0)
    // The device belongs to the user, and is not destroyed.
    await expect(device.settled()).resolves.toBeUndefined()
  })
})

describe('memory before a run', () => {
  const pixels = (samples: number) => {
    const data = randomData(samples, 20, 3, 4)
    return Dataset.from(
      new Matrix(
        samples,
        20,
        data.inputs.data.map((value) => Math.round(255 * Math.abs(Math.sin(value))) / 255),
      ),
      data.targets,
    )
  }
  for (const [what, sizes, train] of [
    ['floats', [8, 16, 3], randomData(500, 8, 3, 1)],
    ['pixels', [20, 9, 3], pixels(300)],
    ['a small network', [2, 3, 3], randomData(64, 2, 3, 1)],
  ] as const) {
    withDevice(`is exact: ${what}`, async (device) => {
      const backend = webgpu({ device: device.gpu })
      {
        for (const validation of [undefined, train, train.take(Uint32Array.from({ length: 40 }, (_, i) => i))]) {
          const network = randomNetwork([...sizes], 'tanh', 'sigmoid', 1)
          const trainer = await Trainer.create(network, { backend, batchSize: 16, seed: 1 })
          const options = validation ? { validation } : {}
          // Again, because the second run reuses buffers of the first.
          for (let run = 0; run < 2; run++) {
            const expected = trainer.memoryFor(train, options)
            const held: number[] = []
            for await (const { epoch } of trainer.epochs(train, { epochs: 3, ...options })) {
              if (epoch > 0) held.push(trainer.memory)
            }
            expect(held).toEqual([expected, expected, expected])
          }
          trainer.dispose()
        }
      }
    })
  }
})

describe('memory of a large network', () => {
  withDevice('consists of its parameters, values and data, and little else', async (device) => {
    const sizes = [512, 512, 512]
    const batchSize = 128
    const data = randomData(256, 512, 512, 1)
    const network = Network.create({ sizes, hidden: 'relu', output: 'linear', seed: 1 })
    const backend = webgpu({ device: device.gpu })
    const optimizer = sgd({ learningRate: 0.01, momentum: 0.9 })
    const trainer = await Trainer.create(network, { backend, batchSize, optimizer, seed: 1 })
    const parameters = 2 * (512 * 512 + 512)
    const needed = 4 * (2 * parameters + 2 * batchSize * 1024 + 256 * 1024)
    expect(trainer.memoryFor(data, { validation: data })).toBeLessThan(1.1 * needed)
    expect(trainer.memoryFor(data, { validation: data })).toBeGreaterThan(needed)
    // It is never more, not even while tiles are measured.
    let most = 0
    const watch = setInterval(() => (most = Math.max(most, trainer.memory)), 5)
    await trainer.fit(data, { epochs: 6, validation: data })
    clearInterval(watch)
    expect(most).toBe(trainer.memoryFor(data, { validation: data }))
    trainer.dispose()
  })
})
