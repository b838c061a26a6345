import { describe, expect, it, vi } from 'vitest'
import { wasm } from '../src/backend/host/wasm/backend.ts'
import { Device } from '../src/backend/webgpu/device/device.ts'
import { webgpuWith } from '../src/backend/webgpu/opened-backend.ts'
import type { Backend } from '../src/backend/backend.ts'
import { Kernels } from '../src/backend/webgpu/kernels/kernels.ts'
import { Trainer } from '../src/index.ts'
import { randomData, randomNetwork } from './backends.ts'
import { withNewDevice } from './device.ts'
import { countGPU } from './memory/counted-gpu.ts'

/** What `npm run test:memory` measures in bytes, counted: nothing of a trainer is left after it. */

const data = randomData(400, 5, 3, 1)

/** One trainer, with everything that it may leave behind. @returns the listeners that are left on the signal */
async function useTrainer(backend: Backend): Promise<number> {
  const { signal } = new AbortController()
  const [add, remove] = [vi.spyOn(signal, 'addEventListener'), vi.spyOn(signal, 'removeEventListener')]
  const network = randomNetwork([5, 64, 3], 'tanh', 'sigmoid', 1)
  const trainer = await Trainer.create(network, { backend, batchSize: 200, seed: 1 })
  await trainer.fit(data, { epochs: 1, signal, validation: data })
  await trainer.resume(await trainer.checkpoint())
  await trainer.predict(data.inputs)
  trainer.dispose()
  await new Promise((resolve) => setTimeout(resolve))
  return add.mock.calls.length - remove.mock.calls.length
}

const activePorts = () => process.getActiveResourcesInfo().filter((name) => name === 'MessagePort').length

describe('what several trainers leave behind', () => {
  it('wasm: one pool of threads, no listener', async () => {
    const backend = wasm({ threads: 2 })
    await useTrainer(backend)
    const ports = activePorts()
    for (let i = 0; i < 3; i++) expect(await useTrainer(backend)).toBe(0)
    expect(activePorts()).toBe(ports)
  })

  withNewDevice('webgpu: no buffer, no listener, and the same kernels', async ({ gpu }) => {
    const device = Device.from(gpu)
    const kernels = new Kernels(device)
    const backend = webgpuWith(device, 'layered', kernels)
    const counted = countGPU(gpu)
    await useTrainer(backend)
    const { kept } = kernels
    const spies = [
      vi.spyOn(gpu, 'createComputePipelineAsync'),
      vi.spyOn(gpu, 'createShaderModule'),
      vi.spyOn(gpu, 'addEventListener'),
    ]
    for (let i = 0; i < 3; i++) expect(await useTrainer(backend)).toBe(0)
    expect(kernels.kept).toEqual(kept)
    for (const spy of spies) expect(spy).not.toHaveBeenCalled()
    expect([...counted.alive.values()]).toEqual([])
    for (const spy of spies) spy.mockRestore()
    counted.restore()
  })
})
