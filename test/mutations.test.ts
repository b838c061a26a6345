import { describe, expect, vi } from 'vitest'
import { Device } from '../src/backend/webgpu/device/device.ts'
import { withNewDevice } from './device.ts'
import type { Case } from './networks/cases.ts'
import { mutations, plain } from './networks/mutations.ts'
import { checkCase } from './networks/run.ts'

// Adds noise to the values that the CPU's stages store; it is enabled only in runs with noise.
vi.mock('../src/backend/host/reference/stages.ts', async (importOriginal) => {
  const { withNoise } = await import('./networks/noise.ts')
  return withNoise(await importOriginal())
})

/**
 * The same case with the kernels as they are, on another device: it passes, and the results of its self-test are kept, which
 * would otherwise find the changed kernels before the comparison with the CPU does.
 */
async function checkUnchanged(one: Case): Promise<void> {
  const device = await Device.open()
  try {
    await checkCase(one, device.gpu)
  } finally {
    device.dispose()
  }
}

describe('a kernel with a relative error of 0.001 is found:', () => {
  for (const [name, { from, to, options }] of Object.entries(mutations)) {
    withNewDevice(name, async ({ gpu }) => {
      const one = { ...plain, ...options }
      await checkUnchanged(one)
      const createShaderModule = gpu.createShaderModule.bind(gpu)
      let changed = 0
      gpu.createShaderModule = (descriptor) => {
        const code = descriptor.code.replaceAll(from, to)
        changed += Number(code !== descriptor.code)
        return createShaderModule({ ...descriptor, code })
      }
      await expect(checkCase(one, gpu)).rejects.toThrow(/^(layered|straight): .*> /)
      expect(changed).toBeGreaterThan(0)
    })
  }
})
