import { afterAll, test } from 'vitest'
import { Device } from '../src/backend/webgpu/device/device.ts'

let opening: Promise<Device> | undefined
const opened: Device[] = []

/** One device per test file, opened when first needed, and opened again after a test has lost or destroyed it. */
async function open(): Promise<Device> {
  const device = await Device.open()
  opened.push(device)
  void device.gpu.lost.then(() => (opening = undefined))
  return device
}

afterAll(() => {
  for (const device of opened) device.dispose()
})

const scopes: GPUErrorFilter[] = ['out-of-memory', 'internal', 'validation']

/**
 * A test that runs on a GPU device (hardware, else the software adapter that the test set-up provides). It fails if no
 * adapter is found, or if WebGPU reports any error while it runs. The tests of a file share the device; do not dispose of it.
 * @example withDevice('adds one', async (device) => { … device.gpu.createBuffer(…) … })
 */
export function withDevice(name: string, body: (device: Device) => Promise<void> | void, timeout?: number): void {
  test(name, async () => run(await (opening ??= open()), body), timeout)
}

/** The same on a new device: for tests that change the device, and whose compiled kernels no other test uses. */
export function withNewDevice(name: string, body: (device: Device) => Promise<void> | void, timeout?: number): void {
  test(
    name,
    async () => {
      const device = await Device.open()
      try {
        await run(device, body)
      } finally {
        device.dispose()
      }
    },
    timeout,
  )
}

async function run(device: Device, body: (device: Device) => Promise<void> | void): Promise<void> {
  for (const scope of scopes) device.gpu.pushErrorScope(scope)
  let errors: (GPUError | null)[]
  try {
    await body(device)
  } finally {
    errors = await Promise.all(scopes.map(() => device.gpu.popErrorScope()))
  }
  const messages = errors.flatMap((error) => (error ? [error.message] : []))
  if (messages.length > 0) throw new Error(`WebGPU reported: ${messages.join('\n')}`)
}
