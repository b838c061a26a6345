import { availableParallelism } from 'node:os'
import { describe, expect, it } from 'vitest'
import { advise, diagnose, type Surroundings } from '../src/node/diagnose.ts'

describe('diagnose', () => {
  it('finds the adapter that the tests run on, and reports what auto chooses and why', async () => {
    const { node, adapters, chosen, wasm, dawn, advice } = await diagnose()
    expect(node).toBe(process.version)
    expect(dawn).toBe('loads')
    const [first] = adapters
    if (!first) throw new Error('no adapter')
    expect(first.limits.maxStorageBufferBindingSize).toBeGreaterThanOrEqual(128 * 2 ** 20)
    expect(new Set(adapters.map(({ name }) => name)).size).toBe(adapters.length)
    const hardware = adapters.some(({ software }) => !software)
    expect(chosen.backend).toBe(hardware ? 'webgpu' : 'wasm')
    expect(chosen.reason).toContain(first.name)
    expect(wasm).toMatchObject({ obstacle: null, simd: true, sharedMemory: true, threads: availableParallelism() })
    expect(advice.length > 0).toBe(!hardware)
  })

  it('runs the self-test if it is asked to', async () => {
    expect((await diagnose()).selfTest).toBeUndefined()
    expect((await diagnose({ selfTest: true })).selfTest).toEqual({ ok: true, usable: true, findings: '' })
  })
})

const fine: Surroundings = {
  platform: 'linux',
  failure: undefined,
  vulkanLoader: true,
  vulkanDrivers: ['/usr/share/vulkan/icd.d/intel_icd.x86_64.json'],
  nvidia: false,
  dri: true,
}

describe('advise', () => {
  it.each<[string, Partial<Surroundings>, RegExp[]]>([
    ['an old Mesa', {}, [/drivers found: .*intel_icd.*version 24/]],
    ['no loader', { vulkanLoader: false, vulkanDrivers: [] }, [/libvulkan1.*vulkan-loader/, /mesa-vulkan-drivers/]],
    ['NVIDIA without graphics', { nvidia: true, vulkanDrivers: [] }, [/nvidia_icd\.json/, /mesa-vulkan-drivers/]],
    ['NVIDIA alone', { nvidia: true, dri: false, vulkanDrivers: [] }, [/NVIDIA_DRIVER_CAPABILITIES/]],
    ['no GPU', { dri: false, vulkanDrivers: [] }, [/shows no GPU/]],
    ['Windows', { platform: 'win32' }, [/driver of your card/]],
    ['a Mac', { platform: 'darwin' }, [/Metal/]],
    ['no Dawn', { failure: "the optional package 'webgpu' (Dawn) is not installed: …" }, [/is not installed/]],
  ])('%s', (_, around, wanted) => {
    const advice = advise({ ...fine, ...around })
    expect(advice).toHaveLength(wanted.length)
    wanted.forEach((pattern, i) => expect(advice[i]).toMatch(pattern))
  })
})
