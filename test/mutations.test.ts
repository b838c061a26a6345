import { describe, expect, vi } from 'vitest'
import { withNewDevice } from './device.ts'
import { mutations, plain } from './networks/mutations.ts'
import { checkCase } from './networks/run.ts'

// Adds noise to the values that the CPU's stages store; it is enabled only in runs with noise.
vi.mock('../src/backend/host/reference/stages.ts', async (importOriginal) => {
  const { withNoise } = await import('./networks/noise.ts')
  return withNoise(await importOriginal())
})

describe('a kernel with a relative error of 0.001 is found:', () => {
  for (const [name, { from, to, options }] of Object.entries(mutations)) {
    withNewDevice(name, async ({ gpu }) => {
      const createShaderModule = gpu.createShaderModule.bind(gpu)
      let changed = 0
      gpu.createShaderModule = (descriptor) => {
        const code = descriptor.code.replaceAll(from, to)
        changed += Number(code !== descriptor.code)
        return createShaderModule({ ...descriptor, code })
      }
      await expect(checkCase({ ...plain, ...options }, gpu)).rejects.toThrow(/^(layered|resident): .*> /)
      expect(changed).toBeGreaterThan(0)
    })
  }
})
