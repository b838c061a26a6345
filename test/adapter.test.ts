import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { describe, expect, test } from 'vitest'
import { nameAdapter } from '../src/backend/webgpu/device/adapter.ts'
import { loadFailure, openGPU } from '../src/node/dawn.ts'
import { withDevice } from './device.ts'

test('Dawn finds an adapter, and it is not the null backend', async () => {
  const gpu = await openGPU()
  expect(loadFailure()).toBeUndefined()
  const adapter = await gpu?.requestAdapter({ powerPreference: 'high-performance' })
  expect(adapter, 'no WebGPU adapter: the test set-up should have provided SwiftShader').toBeTruthy()
  const { vendor, architecture, description } = adapter!.info
  console.log(`WebGPU adapter: ${vendor} ${architecture}, ${description}`)
  expect(nameAdapter(adapter!.info)).not.toMatch(/null/i)
})

describe('the name of an adapter', () => {
  const none = { vendor: '', architecture: '', device: '', description: '' }
  const name = (info: Partial<typeof none>, userAgent?: string) => {
    const before = Object.getOwnPropertyDescriptor(globalThis, 'navigator')
    Object.defineProperty(globalThis, 'navigator', { value: { userAgent }, configurable: true })
    try {
      return nameAdapter({ ...none, ...info } as GPUAdapterInfo)
    } finally {
      if (before) Object.defineProperty(globalThis, 'navigator', before)
      else delete (globalThis as { navigator?: unknown }).navigator
    }
  }

  test('is its description, its device, or its vendor and architecture', () => {
    expect(name({ vendor: 'nvidia', architecture: 'hopper', device: '0x2335', description: 'NVIDIA H200' })).toBe(
      'NVIDIA H200',
    )
    expect(name({ vendor: 'nvidia', device: 'H200' })).toBe('H200')
    // NVIDIA's driver for Vulkan describes itself.
    const driver = 'NVIDIA: 580.159.04 580.159.4.0'
    expect(name({ vendor: 'nvidia', device: 'nvidia-h200', description: driver })).toBe(
      'nvidia-h200 (driver 580.159.04)',
    )
    expect(name({ vendor: 'nvidia', device: '0x2335', description: driver })).toBe(driver)
    const mesa = 'llvmpipe: Mesa 25.0.7-2~bpo12+1 (LLVM 15.0.6) 0.0.1'
    expect(name({ vendor: 'mesa', device: 'llvmpipe', description: mesa })).toBe(mesa)
    expect(name({ vendor: 'apple', architecture: 'metal-3', device: '0' })).toBe('apple metal-3')
  })

  test('is what else is known where WebGPU does not name it', () => {
    const firefox = 'Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0'
    const edge =
      'Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/147.0.0.0 Safari/537.36 Edg/147.0'
    const safari = 'Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15'
    expect(name({}, firefox)).toBe('unnamed adapter of Firefox 153')
    expect(name({}, edge)).toBe('unnamed adapter of Edge 147')
    expect(name({}, safari)).toBe('unnamed adapter of Safari 26')
    expect(name({ vendor: '4318', device: '9013' }, 'Deno/2.9.6')).toBe(
      'unnamed adapter of Deno 2 (vendor 4318, device 9013)',
    )
    expect(name({})).toBe('unnamed WebGPU adapter')
  })
})

withDevice('the adapter computes', async ({ gpu }) => {
  // Dawn's null backend accepts everything and computes nothing.
  const code = `@group(0) @binding(0) var<storage, read_write> value: u32;
    @compute @workgroup_size(1) fn main() { value = value * 6u; }`
  const pipeline = await gpu.createComputePipelineAsync({
    layout: 'auto',
    compute: { module: gpu.createShaderModule({ code }) },
  })
  const value = gpu.createBuffer({ size: 4, usage: 0x80 | 0x8 | 0x4 })
  const result = gpu.createBuffer({ size: 4, usage: 0x1 | 0x8 })
  gpu.queue.writeBuffer(value, 0, new Uint32Array([7]))
  const encoder = gpu.createCommandEncoder()
  const pass = encoder.beginComputePass()
  pass.setPipeline(pipeline)
  const entries = [{ binding: 0, resource: { buffer: value } }]
  pass.setBindGroup(0, gpu.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }))
  pass.dispatchWorkgroups(1)
  pass.end()
  encoder.copyBufferToBuffer(value, 0, result, 0, 4)
  gpu.queue.submit([encoder.finish()])
  await result.mapAsync(1)
  expect(new Uint32Array(result.getMappedRange())[0]).toBe(42)
})

/** Runs `program` after the code of src/node/dawn.ts, in a separate Node process. */
async function runWithDawn(program: string, environment: Record<string, string> = {}) {
  const file = fileURLToPath(new URL('../src/node/dawn.ts', import.meta.url))
  const { outputFiles } = await build({
    entryPoints: [file],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'esm',
  })
  const code = outputFiles[0]!.text
  return spawnSync(process.execPath, ['--input-type=module', '--eval', `${code}\n${program}`], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    encoding: 'utf8',
    env: { ...process.env, ...environment },
    timeout: 5000,
  })
}

test('a process that opened and destroyed a device exits without a call of process.exit, within 5 seconds and with code 0', async () => {
  const ended = await runWithDawn(`
    const adapter = await (await openGPU()).requestAdapter()
    const device = await adapter.requestDevice()
    device.createBuffer({ size: 4, usage: 0x80 })
    device.destroy()
    console.log('destroyed', 'gpu' in (globalThis.navigator ?? {}))`)
  // What Dawn remarks about a driver, such as lavapipe's limits, does not concern the end of the process.
  const { stderr } = await runWithDawn('await (await openGPU()).requestAdapter(); process.exit()')
  expect(ended).toMatchObject({ status: 0, signal: null, stderr, stdout: 'destroyed false\n' })
})

test('a process that never requests an adapter exits, too', async () => {
  const ended = await runWithDawn('await openGPU()')
  expect(ended).toMatchObject({ status: 0, signal: null, stderr: '' })
})

test('without a driver Dawn finds no adapter, instead of the null backend', async () => {
  const nowhere = { VK_ICD_FILENAMES: '/nowhere.json', VK_DRIVER_FILES: '/nowhere.json', VK_LOADER_DEBUG: 'none' }
  const ended = await runWithDawn('console.log(await (await openGPU()).requestAdapter())', nowhere)
  expect(ended).toMatchObject({ status: 0, stdout: process.platform === 'linux' ? 'null\n' : expect.anything() })
})
