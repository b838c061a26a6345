import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Device } from '../src/backend/webgpu/device/device.ts'
import { AdapterProfile } from '../src/backend/webgpu/device/profile.ts'
import { DeviceLostError } from '../src/core/errors.ts'

/** What a device does with buffers to be mapped, and when it reports its loss. */
interface Behaviour {
  readonly mapAsync: () => Promise<void>
  readonly lost?: Promise<GPUDeviceLostInfo>
}

const never = new Promise<never>(() => undefined)
const abort = () => Promise.reject(new DOMException('the buffer was unmapped', 'AbortError'))

/** A device that has only what errors of its calls need. */
function deviceThat({ mapAsync, lost = never }: Behaviour) {
  const scopes: unknown[] = []
  const destroy = vi.fn()
  const gpu = {
    lost,
    queue: {},
    createBuffer: () => ({ mapAsync, destroy }),
    pushErrorScope: (filter: string) => scopes.push(filter),
    popErrorScope: () => Promise.resolve(void scopes.pop()),
    destroy: () => undefined,
  }
  const device = Device.from(gpu as unknown as GPUDevice, new AdapterProfile({ software: true, quads: false }))
  return { device, scopes, destroy }
}

/** Time passes only where a test says so, except for tasks that are due at once. */
beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const errorOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'no error',
    (error: unknown) => error,
  )

describe('a call of a device that failed', () => {
  it('is a loss where the loss is reported later', async () => {
    let report: (info: GPUDeviceLostInfo) => void
    const lost = new Promise<GPUDeviceLostInfo>((resolve) => (report = resolve))
    const { device } = deviceThat({ mapAsync: abort, lost })
    const found = errorOf(device.orLost(abort()))
    await vi.advanceTimersByTimeAsync(100)
    report!({ reason: 'unknown', message: 'the driver was reset' } as GPUDeviceLostInfo)
    expect(await found).toBeInstanceOf(DeviceLostError)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('keeps its error, at once, where the device still responds', async () => {
    const { device, scopes, destroy } = deviceThat({ mapAsync: () => Promise.resolve() })
    const found = errorOf(device.orLost(abort()))
    await vi.advanceTimersByTimeAsync(1)
    expect(await found).toMatchObject({ name: 'AbortError' })
    expect(vi.getTimerCount()).toBe(0)
    expect(scopes).toEqual([])
    expect(destroy).toHaveBeenCalledOnce()
  })

  it.each([
    ['does not respond', () => never],
    ['has no memory for the question', abort],
  ])('keeps its error after half a second where the device %s', async (_, mapAsync) => {
    const { device } = deviceThat({ mapAsync })
    const found = errorOf(device.orLost(abort()))
    let isKnown = false
    void found.then(() => (isKnown = true))
    await vi.advanceTimersByTimeAsync(490)
    expect(isKnown).toBe(false)
    await vi.advanceTimersByTimeAsync(20)
    expect(await found).toMatchObject({ name: 'AbortError' })
  })
})
