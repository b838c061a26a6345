import { describe, expect, it } from 'vitest'
import { webgpu } from '../src/backend/webgpu/backend.ts'
import { Buffers } from '../src/backend/webgpu/device/buffers.ts'
import { findAdapter, isSoftware } from '../src/backend/webgpu/device/adapter.ts'
import { checkCompilation, Kernels } from '../src/backend/webgpu/kernels/kernels.ts'
import { GPUValidationError, InputError } from '../src/core/errors.ts'
import { Trainer } from '../src/training/trainer.ts'
import { verify } from '../src/training/verify.ts'
import { randomData, randomNetwork } from './backends.ts'
import { withDevice } from './device.ts'

describe('errors of WebGPU are thrown', () => {
  withDevice('a shader: file, line, column, source', async ({ gpu }) => {
    const code = 'fn good() {}\nfn bad() -> f32 { return 1u; }\n'
    gpu.pushErrorScope('validation')
    const module = gpu.createShaderModule({ label: 'bad', code })
    const error: unknown = await checkCompilation(module, 'bad.wgsl', code).catch((reason: unknown) => reason)
    await gpu.popErrorScope()
    expect(error).toBeInstanceOf(GPUValidationError)
    const [first, source, caret] = (error as Error).message.split('\n').filter((line) => line !== '')
    expect(first).toMatch(/^bad\.wgsl:2:\d+: .*(return|'bad')/)
    expect((error as Error).message).toContain('fn bad() -> f32 { return 1u; }')
    expect([source, caret].join('\n')).toMatch(/\^|return/)
  })

  withDevice('a kernel with a constant that it does not have', async (device) => {
    const kernels = new Kernels(device)
    await expect(kernels.compile('softmax', { OUTPUTS: 2, WIDTH: 4, NOPE: 1 })).rejects.toThrow(GPUValidationError)
    await expect(kernels.compile('softmax', { OUTPUTS: 2, WIDTH: 4, NOPE: 1 })).rejects.toThrow('softmax.wgsl')
  })

  withDevice('a validation error names the operation', async (device) => {
    const work = device.checked('making a buffer', () => device.gpu.createBuffer({ size: 16, usage: 0x1 | 0x80 }))
    await expect(work).rejects.toThrow(/^making a buffer: /)
  })

  withDevice('a buffer larger than the binding limit is refused before the call to WebGPU', (device) => {
    const { maxStorageBufferBindingSize, maxBufferSize } = device.gpu.limits
    const tooMany = Math.min(maxStorageBufferBindingSize, maxBufferSize) / 4 + 1
    const buffers = new Buffers(device)
    expect(() => buffers.storage('inputs', tooMany)).toThrow(InputError)
    expect(() => buffers.storage('inputs', tooMany)).toThrow(
      /^inputs: \d+ bytes are more than the \d+ that .*\(max\w+Size\)/,
    )
    expect(buffers.bytes).toBe(0)
  })
})

describe("WebGPU's default limits", () => {
  it('are enough: every check passes on a device that was requested without features or limits', async () => {
    const adapter = await findAdapter()
    if (!adapter) throw new Error('no adapter')
    const device = await adapter.requestDevice()
    expect(device.limits.maxStorageBuffersPerShaderStage).toBeLessThanOrEqual(10)
    const network = randomNetwork([300, 70, 40, 3], 'gelu', 'softmax', 1)
    const data = randomData(50, 300, 3, 2)
    const { ok } = await verify(network, data, { backend: webgpu({ device }), loss: 'crossEntropy', batchSize: 50 })
    expect(ok).toBe(true)
    device.destroy()
  })
})

describe("'auto' and names", () => {
  it('chooses hardware, and WebAssembly if there is only a software adapter or none, with the reason', async () => {
    const adapter = await findAdapter()
    const trainer = await Trainer.create(randomNetwork([2, 90, 90, 2], 'tanh', 'sigmoid', 1))
    const { name, description } = trainer.backend
    if (adapter && !isSoftware(adapter.info)) expect(name).toBe('webgpu')
    else {
      expect(name).toBe('wasm')
      expect(description).toMatch(/the only WebGPU adapter is software|no WebGPU adapter was found/)
    }
    trainer.dispose()
  })

  it('recognises a software adapter', async () => {
    const trainer = await Trainer.create(randomNetwork([2, 2], 'tanh', 'sigmoid', 1), { backend: 'webgpu' })
    const adapter = await findAdapter()
    expect(trainer.backend.software).toBe(isSoftware(adapter!.info))
    expect(trainer.backend.description.includes('(software adapter)')).toBe(trainer.backend.software)
    trainer.dispose()
  })
})
