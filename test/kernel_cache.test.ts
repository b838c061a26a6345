import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import type { Backend } from '../src/backend/backend.ts'
import { cpu } from '../src/backend/host/backend.ts'
import { webgpu } from '../src/backend/webgpu/backend.ts'
import { webgpuWith } from '../src/backend/webgpu/opened-backend.ts'
import { Device } from '../src/backend/webgpu/device/device.ts'
import { Compiler } from '../src/backend/webgpu/kernels/compiler.ts'
import { Kernels } from '../src/backend/webgpu/kernels/kernels.ts'
import { RecentMap } from '../src/backend/webgpu/kernels/recent.ts'
import { Trainer } from '../src/training/trainer.ts'
import { randomData, randomNetwork } from './backends.ts'
import { expectClose } from './close.ts'
import { withDevice } from './device.ts'
import { RecordingGPU } from './recording-gpu.ts'

/** Collects unreachable objects, including those that only a promise settled just now referred to. */
async function collectGarbage(): Promise<void> {
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as () => void
  await new Promise((resolve) => setTimeout(resolve))
  gc()
}

/** The backend, with kernels that the test can inspect. */
const backendOver = (device: Device, kernels: Kernels): Backend => webgpuWith(device, 'layered', kernels)

const data = randomData(8, 3, 2, 1)
const networkOf = (hidden: number) => randomNetwork([3, hidden, 2], 'tanh', 'sigmoid', 1)
const options = { batchSize: 8, seed: 1 }

async function train(backend: Backend, hidden: number): Promise<void> {
  const trainer = await Trainer.create(networkOf(hidden), { ...options, backend })
  await trainer.fit(data, { epochs: 1 })
  trainer.dispose()
}

describe('the kernels of a shared backend', () => {
  it('are compiled once for all backends on one GPUDevice', async () => {
    const gpu = await RecordingGPU.trusted({ software: true, subgroups: true })
    await train(webgpu({ device: gpu.device, plan: 'layered' }), 4)
    const asked = gpu.pipelines.length
    expect(asked).toBeGreaterThan(3)
    await train(webgpu({ device: gpu.device, plan: 'layered' }), 4)
    expect(gpu.pipelines.length).toBe(asked)
    await train(webgpuWith(Device.from(gpu.device), 'layered'), 4)
    expect(gpu.pipelines.length).toBe(2 * asked)
  })

  it('outlive a backend that was disposed of', async () => {
    const gpu = await RecordingGPU.trusted({ software: true, subgroups: true })
    const first = webgpu({ device: gpu.device, plan: 'layered' })
    await train(first, 4)
    first.dispose()
    await expect(train(first, 4)).rejects.toThrow('was disposed of with its backend')
    const asked = gpu.pipelines.length
    await train(webgpu({ device: gpu.device, plan: 'layered' }), 4)
    expect(gpu.pipelines.length).toBe(asked)
  })

  it('are released, the least recently used first', async () => {
    const gpu = await RecordingGPU.trusted({ software: true, subgroups: true })
    const backend = webgpu({ device: gpu.device, plan: 'layered' })
    for (let hidden = 1; hidden <= 60; hidden++) {
      await train(backend, hidden)
      await train(backend, 1)
    }
    const asked = gpu.pipelines.length
    expect(asked).toBeGreaterThan(150)
    await collectGarbage()
    expect(gpu.alive).toBeLessThanOrEqual(64)
    expect(gpu.alive).toBeGreaterThan(0)
    await train(backend, 1) // Used all along.
    await train(backend, 60)
    expect(gpu.pipelines.length).toBe(asked)
    await train(backend, 2)
    expect(gpu.pipelines.length).toBeGreaterThan(asked)
  })

  it('are counted', async () => {
    const device = Device.from(new RecordingGPU({ software: true, subgroups: true }).device)
    const kernels = new Kernels(device, new Compiler(device.gpu, { kernels: 5, modules: 2 }))
    for (let hidden = 1; hidden <= 4; hidden++) {
      await train(backendOver(device, kernels), hidden)
      expect(kernels.kept).toEqual({ kernels: 5, modules: 2 })
    }
  })

  it('that could not be compiled are not kept', async () => {
    const gpu = await RecordingGPU.trusted({ software: true, subgroups: true })
    const kernels = new Kernels(Device.from(gpu.device))
    const { createComputePipelineAsync } = gpu.device
    gpu.device.createComputePipelineAsync = () => Promise.reject(new Error('out of memory'))
    await expect(kernels.compile('norm', { PACKS: 1 })).rejects.toThrow('norm.wgsl with {"PACKS":1}: out of memory')
    expect(kernels.kept.kernels).toBe(0)
    gpu.device.createComputePipelineAsync = createComputePipelineAsync
    await kernels.compile('norm', { PACKS: 1 })
    expect(kernels.kept.kernels).toBe(1)
  })

  withDevice('that a network still uses keep working when they are released', async (device) => {
    const kernels = new Kernels(device, new Compiler(device.gpu, { kernels: 1, modules: 1 }))
    const losses = []
    for (const backend of [backendOver(device, kernels), cpu()]) {
      const trainer = await Trainer.create(randomNetwork([3, 2], 'tanh', 'sigmoid', 1), { ...options, backend })
      await trainer.fit(data, { epochs: 2 })
      await kernels.compile('norm', { PACKS: 1, PARTS: 64, WIDTH: 64 })
      await collectGarbage()
      expect(kernels.kept).toEqual({ kernels: 1, modules: 1 })
      const { epochs } = await trainer.fit(data, { epochs: 2 })
      losses.push([...epochs, await trainer.evaluate(data)].map(({ loss }) => loss))
      trainer.dispose()
    }
    expectClose(losses[0]!, losses[1]!, { name: 'losses', rtol: 1e-5 })
  })
})

describe('RecentMap', () => {
  it('makes each entry once and drops the least recently used', () => {
    const map = new RecentMap<string>(2)
    const made: string[] = []
    const get = (key: string) =>
      map.getOrMake(key, () => {
        made.push(key)
        return key.toUpperCase()
      })
    expect([get('a'), get('b'), get('a'), get('c'), get('a'), get('b')]).toEqual(['A', 'B', 'A', 'C', 'A', 'B'])
    expect(made).toEqual(['a', 'b', 'c', 'b'])
    expect(map.size).toBe(2)
    map.remove('b', 'another')
    expect(map.size).toBe(2)
    map.remove('b', 'B')
    expect(map.size).toBe(1)
  })
})
