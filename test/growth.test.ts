import { getEventListeners } from 'node:events'
import type { Worker } from 'node:worker_threads'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { wasm } from '../src/backend/host/wasm/backend.ts'
import { Device } from '../src/backend/webgpu/device/device.ts'
import { webgpuWith } from '../src/backend/webgpu/opened-backend.ts'
import type { Backend } from '../src/backend/backend.ts'
import { Kernels } from '../src/backend/webgpu/kernels/kernels.ts'
import { sweep, Trainer } from '../src/index.ts'
import { randomData, randomNetwork } from './backends.ts'
import { withNewDevice } from './device.ts'
import { countGPU } from './memory/counted-gpu.ts'

/** What `npm run test:memory` measures in bytes, counted: nothing of a trainer or a sweep is left after it. */

const data = randomData(400, 5, 3, 1)

/** The threads that have not ended. Node does not list those that do not keep the process alive. */
const threads = new Set<Worker>()
const addThread = (worker: Worker) => {
  threads.add(worker)
  worker.once('exit', () => threads.delete(worker))
}
beforeAll(() => void process.on('worker', addThread))
afterAll(() => void process.off('worker', addThread))

/** Calls `work` with a signal that outlives it. */
async function expectNoListener(work: (signal: AbortSignal) => Promise<unknown>): Promise<void> {
  const { signal } = new AbortController()
  await work(signal)
  expect(getEventListeners(signal, 'abort')).toEqual([])
}

/** One trainer, with everything that it may leave behind. */
const useTrainer = (backend: Backend, hidden: number) =>
  expectNoListener(async (signal) => {
    const network = randomNetwork([5, hidden, 3], 'tanh', 'sigmoid', 1)
    const trainer = await Trainer.create(network, { backend, batchSize: 200, seed: 1 })
    await trainer.fit(data, { epochs: 1, signal, validation: data })
    await trainer.resume(await trainer.checkpoint())
    await trainer.predict(data.inputs)
    trainer.dispose()
    await new Promise((resolve) => setTimeout(resolve))
  })

describe('what several trainers leave behind', () => {
  it('wasm: one pool of threads, no listener', async () => {
    const backend = wasm({ threads: 2 })
    await useTrainer(backend, 64)
    const pool = [...threads]
    expect(pool.length).toBeGreaterThan(0)
    for (let i = 0; i < 2; i++) await useTrainer(backend, 64)
    expect([...threads]).toEqual(pool)
  })

  withNewDevice('webgpu: no buffer, no listener, and the same kernels', async ({ gpu }) => {
    const device = Device.from(gpu)
    const kernels = new Kernels(device)
    const backend = webgpuWith(device, 'layered', kernels)
    const counted = countGPU(gpu)
    await useTrainer(backend, 6)
    const { kept } = kernels
    const spies = [
      vi.spyOn(gpu, 'createComputePipelineAsync'),
      vi.spyOn(gpu, 'createShaderModule'),
      vi.spyOn(gpu, 'addEventListener'),
    ]
    for (let i = 0; i < 2; i++) await useTrainer(backend, 6)
    // Each is reported, not only the first.
    expect.soft(kernels.kept).toEqual(kept)
    for (const spy of spies) expect.soft(spy).not.toHaveBeenCalled()
    expect.soft([...counted.alive.values()]).toEqual([])
    for (const spy of spies) spy.mockRestore()
    counted.restore()
  })
})

it('sweeps leave no thread and no listener behind', async () => {
  const before = [...threads]
  let started = 0
  const count = () => {
    started++
  }
  process.on('worker', count)
  const options = { sizes: [5, 3], seeds: 4, epochs: 1, batchSize: 200, backend: 'cpu', threads: 2 } as const
  await expectNoListener(async (signal) => sweep(data, { ...options, signal }))
  process.off('worker', count)
  expect(started).toBe(2)
  await vi.waitFor(() => expect([...threads]).toEqual(before), 10_000)
}, 30_000)
