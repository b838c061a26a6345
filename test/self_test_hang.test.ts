import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Backend, Placement } from '../src/backend/backend.ts'
import { cpu } from '../src/backend/host/backend.ts'
import { webgpuWith } from '../src/backend/webgpu/opened-backend.ts'
import { Device } from '../src/backend/webgpu/device/device.ts'
import { AdapterProfile } from '../src/backend/webgpu/device/profile.ts'
import { AdapterRecord } from '../src/backend/webgpu/device/record.ts'
import { BackendUnavailableError } from '../src/core/errors.ts'
import { sgd } from '../src/optimizer/optimizer.ts'
import { BackendWithFallback } from '../src/training/fallback.ts'
import { randomNetwork } from './backends.ts'
import { RecordingGPU } from './recording-gpu.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const never = () => new Promise<never>(() => undefined)

/** What does not answer, and when the device is lost. */
interface Trouble {
  readonly silent: 'reading' | 'compiling'
  readonly software?: boolean
  readonly lost?: Promise<GPUDeviceLostInfo>
}

/** A device that is in trouble, and a backend on it that begins with a self-test. */
function backendIn({ silent, software = false, lost }: Trouble) {
  const { device: gpu } = new RecordingGPU({ software, subgroups: false })
  const createBuffer = gpu.createBuffer.bind(gpu)
  if (silent === 'reading')
    gpu.createBuffer = (descriptor) => Object.assign(createBuffer(descriptor), { mapAsync: never })
  else gpu.createComputePipelineAsync = never
  if (lost) Object.assign(gpu, { lost })
  const record = new AdapterRecord()
  const device = Device.from(gpu, new AdapterProfile({ name: 'Some GPU', software, quads: false }))
  return { backend: new BackendWithFallback([webgpuWith(device, 'auto', undefined, record), cpu()]), device, record }
}

function place(backend: Backend): Promise<Placement> {
  const network = randomNetwork([5, 18, 3], 'tanh', 'softmax', 1)
  return backend.place(network, { loss: 'crossEntropy', optimizer: sgd(), batchSize: 10 })
}

/** Whether a promise has ended, after some seconds. */
async function endsWithin(seconds: number, promise: Promise<unknown>): Promise<boolean> {
  let isOver = false
  const end = () => void (isOver = true)
  promise.then(end, end)
  await vi.advanceTimersByTimeAsync(1000 * seconds)
  return isOver
}

describe('a self-test without an answer ends', () => {
  it('after 30 s on hardware, and the CPU trains', async () => {
    const { backend, record } = backendIn({ silent: 'reading' })
    const placing = place(backend)
    expect(await endsWithin(29, placing)).toBe(false)
    expect(await endsWithin(3, placing)).toBe(true)
    expect(backend.name).toBe('cpu')
    expect(backend.description).toMatch(
      /^CPU, float32: 'Some GPU' fails the self-test: no result within 30 s of .*gradient.*; backend: 'cpu'/,
    )
    // The device may answer another time.
    expect(record.tests.size).toBe(0)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('with the same error at once for later networks', async () => {
    const { device } = backendIn({ silent: 'reading' })
    const backend = webgpuWith(device, 'auto', undefined, new AdapterRecord())
    const [first, second] = [place(backend), place(backend)]
    second.catch(() => undefined)
    expect(await endsWithin(32, first)).toBe(true)
    await expect(first).rejects.toThrow(BackendUnavailableError)
    await expect(first).rejects.toThrow(/no result within 30 s/)
    expect(await endsWithin(0, second)).toBe(true)
    await expect(second).rejects.toThrow(/no result within 30 s/)
  })

  it.each<Trouble>([{ silent: 'compiling' }, { silent: 'reading', software: true }])(
    'only after five minutes where a compiler may be at work: %o',
    async (trouble) => {
      const { backend } = backendIn(trouble)
      const placing = place(backend)
      expect(await endsWithin(290, placing)).toBe(false)
      expect(await endsWithin(20, placing)).toBe(true)
      expect(backend.description).toMatch(/^CPU, .*no result within 300 s/)
    },
  )

  it('where the device is lost and nothing else is said', async () => {
    const info = { reason: 'unknown', message: 'the watchdog' } as GPUDeviceLostInfo
    const lost = new Promise<GPUDeviceLostInfo>((resolve) => setTimeout(() => resolve(info), 5000))
    const { backend, record } = backendIn({ silent: 'reading', lost })
    const placing = place(backend)
    expect(await endsWithin(4, placing)).toBe(false)
    expect(await endsWithin(3, placing)).toBe(true)
    expect(backend.name).toBe('cpu')
    expect(backend.description).toMatch(
      /^CPU, .*during the self-test, the GPU device 'Some GPU' was lost: the watchdog/,
    )
    expect(record.tests.size).toBe(0)
  })
})
