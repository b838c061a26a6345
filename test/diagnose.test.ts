import { describe, expect, test } from 'vitest'
import { advise, diagnose, type AdapterDiagnosis, type Surroundings } from '../src/node/diagnose.ts'

describe('diagnose', () => {
  test('finds the adapter that the tests run on, and says what auto takes and why', async () => {
    const { node, platform, dawn, adapters, auto, advice } = await diagnose()
    expect(node).toBe(process.version)
    expect(platform).toBe(`${process.platform}-${process.arch}`)
    expect(dawn).toEqual({ loads: true, version: expect.stringMatching(/^\d+\.\d+\.\d+/) as string })
    expect(adapters.length).toBeGreaterThan(0)
    const [first] = adapters
    expect(first?.name).not.toBe('')
    expect(first?.problem).toBeUndefined()
    expect(Object.keys(first?.features ?? {})).toEqual(['shader-f16', 'subgroups', 'timestamp-query'])
    for (const [name, value] of Object.entries(first?.limits ?? {})) expect(value, name).toBeGreaterThan(0)
    expect(new Set(adapters.map(({ name }) => name)).size).toBe(adapters.length)
    expect(auto.backend).toBe(first?.software ? 'cpu' : 'webgpu')
    expect(auto.reason).toContain(first?.name)
    if (first?.software) expect(advice).not.toEqual([])
    else expect(advice).toEqual([])
  })
})

const bare: Surroundings = {
  platform: 'linux',
  arch: 'x64',
  glibc: true,
  container: false,
  distribution: 'id=debian',
  vulkanLoader: true,
  vulkanDrivers: [],
  nvidia: false,
  dri: false,
}
const nvidiaDriver = ['/usr/share/vulkan/icd.d/nvidia_icd.json']
const mesaDriver = ['/usr/share/vulkan/icd.d/intel_icd.x86_64.json']
const adapter = (software: boolean, problem?: string): AdapterDiagnosis => ({
  name: 'Some adapter',
  vendor: '',
  architecture: '',
  description: '',
  software,
  features: { 'shader-f16': false, subgroups: false, 'timestamp-query': false },
  limits: {} as AdapterDiagnosis['limits'],
  ...(problem !== undefined && { problem }),
})

describe('advise', () => {
  test('has none where a hardware adapter opens', () => {
    expect(advise(bare, [adapter(false)])).toEqual([])
    expect(advise(bare, [adapter(true), adapter(false)])).toEqual([])
  })

  test.each<[string, Partial<Surroundings>, RegExp[]]>([
    ['no loader on Debian', { vulkanLoader: false, dri: true }, [/apt install libvulkan1/, /apt install mesa-vulkan/]],
    [
      'no loader on Fedora',
      { vulkanLoader: false, distribution: 'id=fedora' },
      [/dnf install vulkan-loader/, /no GPU/],
    ],
    ['no loader anywhere known', { vulkanLoader: false, distribution: '' }, [/libvulkan1 or vulkan-loader/, /no GPU/]],
    ['NVIDIA without its manifest', { nvidia: true }, [/nvidia_icd\.json.*proprietary driver/]],
    ['NVIDIA in a container', { nvidia: true, container: true }, [/NVIDIA_DRIVER_CAPABILITIES=\S*graphics/]],
    ['NVIDIA with its manifest', { nvidia: true, vulkanDrivers: nvidiaDriver }, [/offers no GPU.*nvidia-smi/]],
    ['drivers that Dawn refuses', { dri: true, vulkanDrivers: mesaDriver }, [/Mesa older than 24.*render/]],
    ['no GPU in a container', { container: true }, [/--device \/dev\/dri.*graphics/]],
    ['no GPU at all', {}, [/no GPU.*'cpu'/]],
    ['musl', { glibc: false }, [/musl.*Debian/]],
    ['Windows', { platform: 'win32' }, [/driver.*Direct3D 12/, /Remote Desktop/]],
    ['macOS', { platform: 'darwin' }, [/Metal/]],
    ['another system', { platform: 'freebsd' }, [/not built for freebsd/]],
  ])('%s', (_, change, patterns) => {
    for (const adapters of [[], [adapter(true)]]) {
      const advice = advise({ ...bare, ...change }, adapters)
      expect(advice).toHaveLength(patterns.length)
      patterns.forEach((pattern, i) => expect(advice[i]).toMatch(pattern))
    }
  })

  test("passes on why Dawn does not load, and why a hardware adapter's device does not open", () => {
    expect(advise(bare, [], 'run `npm install webgpu`')).toEqual(['Dawn does not load: run `npm install webgpu`.'])
    expect(advise(bare, [adapter(false, 'out of memory')])).toEqual([expect.stringMatching(/driver.*out of memory/)])
  })
})
