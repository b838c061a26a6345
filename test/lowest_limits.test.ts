import { describe, expect, it, vi } from 'vitest'
import { webgpu } from '../src/backend/webgpu/backend.ts'
import { webgpuWith } from '../src/backend/webgpu/opened-backend.ts'
import { Device } from '../src/backend/webgpu/device/device.ts'
import { MOST_INVOCATIONS, neededLimits } from '../src/backend/webgpu/device/needed-limits.ts'
import { AdapterProfile } from '../src/backend/webgpu/device/profile.ts'
import { candidateTilings, tilingFor } from '../src/backend/webgpu/kernels/tuning.ts'
import type { PlanChoice } from '../src/backend/webgpu/options.ts'
import { BackendUnavailableError, cpu, fit, InputError, Trainer } from '../src/index.ts'
import { openGPU } from '../src/node/dawn.ts'
import { BackendWithFallback } from '../src/training/fallback.ts'
import { randomData, randomNetwork } from './backends.ts'
import { expectClose } from './close.ts'
import { isExhaustive } from './covering.ts'
import { withNewDevice } from './device.ts'

/** The limits of WebGPU's compatibility mode: no device has lower ones. */
const lowest = {
  maxStorageBuffersPerShaderStage: 8,
  maxUniformBufferBindingSize: 2 ** 14,
  maxStorageBufferBindingSize: 2 ** 27,
  maxBufferSize: 2 ** 28,
  maxComputeWorkgroupStorageSize: 2 ** 14,
  maxComputeInvocationsPerWorkgroup: 128,
  maxComputeWorkgroupSizeX: 128,
  maxComputeWorkgroupsPerDimension: 65535,
}

/** A device of the compatibility mode, which refuses what exceeds its limits. */
async function openLowest(): Promise<GPUDevice> {
  const gpu = await openGPU()
  const adapter = await gpu!.requestAdapter({ featureLevel: 'compatibility' })
  return adapter!.requestDevice()
}

/** A device that states other limits than it has. */
function withLimits(gpu: GPUDevice, changed: Partial<Record<keyof GPUSupportedLimits, number>>): GPUDevice {
  const limits: Record<string, number> = {}
  for (const name in gpu.limits) limits[name] = gpu.limits[name as keyof GPUSupportedLimits] as number
  Object.assign(limits, changed)
  return new Proxy(gpu, {
    get(target, name) {
      if (name === 'limits') return limits
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
}

/** How networks are trained on hardware: in workgroups as large as the device has. */
const trainings: readonly (readonly [string, PlanChoice, number[], number])[] = [
  ['layers, with shared sums', 'layered', [70, 40, 3], 16],
  ['layers, with blocks', 'layered', [40, 520, 520, 3], 520],
  ['a sample on each invocation', 'resident', [3, 8, 8, 2], 20],
  ['loops', 'resident', [8, 16, 3], 16],
]

describe('a device with the lowest limits of WebGPU', () => {
  for (const [name, plan, sizes, batchSize] of isExhaustive ? trainings : []) {
    it(`trains as the CPU does: ${name}`, async () => {
      const gpu = await openLowest()
      expect(gpu.limits).toMatchObject(lowest)
      const hardware = new AdapterProfile({
        software: false,
        quads: false,
        invocations: AdapterProfile.of(gpu).invocations,
      })
      expect(hardware.invocations).toBe(128)
      const data = randomData(2 * batchSize, sizes[0]!, sizes.at(-1)!, 1)
      const train = async (backend: ReturnType<typeof cpu>) => {
        const network = randomNetwork(sizes, 'tanh', 'sigmoid', 1)
        await fit(network, data, { backend, batchSize, epochs: 1, seed: 1 })
        return network.weights[0]!
      }
      const trained = await train(webgpuWith(Device.from(gpu, hardware), plan))
      expectClose(trained, await train(cpu()), { name: 'weights of layer 1', atol: 1e-5, rtol: 1e-4 })
      gpu.destroy()
    }, 300_000)
  }

  it('divides no product among more invocations than a workgroup has', () => {
    const counts = [1, 20, 64, 130, 520, 8200]
    for (const software of [false, true]) {
      const profile = new AdapterProfile({ software, quads: false, invocations: 128 })
      for (const rows of counts) {
        for (const columns of counts) {
          for (const terms of counts) {
            for (const stage of ['forward', 'hiddenDelta', 'gradient']) {
              for (const { width, slices } of candidateTilings(profile, stage, { rows, columns, terms })) {
                expect(width * slices, `${stage} ${rows} ${columns} ${terms}`).toBeLessThanOrEqual(128)
              }
            }
            if (columns > 64) continue
            const { width, slices } = tilingFor(profile, 'output', { rows, columns, terms })
            expect(width * slices, `output ${rows} ${columns} ${terms}`).toBeLessThanOrEqual(128)
          }
        }
      }
    }
  })

  it('a device with higher limits than usual has workgroups of the usual size, for the same bits', () => {
    const limits = { maxComputeInvocationsPerWorkgroup: 1024, maxComputeWorkgroupSizeX: 1024 }
    const gpu = { adapterInfo: {}, features: new Set(), limits } as unknown as GPUDevice
    expect(AdapterProfile.of(gpu).invocations).toBe(MOST_INVOCATIONS)
  })
})

describe('a device with lower limits than WebGPU allows', () => {
  const data = randomData(20, 2, 2, 1)
  const network = () => randomNetwork([2, 3, 2], 'tanh', 'sigmoid', 1)
  const names = Object.keys(neededLimits) as (keyof typeof neededLimits)[]

  withNewDevice('is refused before anything is compiled, with the limit and what helps', async ({ gpu }) => {
    for (const name of names) {
      const device = withLimits(gpu, { [name]: neededLimits[name] - 1 })
      const compile = vi.spyOn(gpu, 'createShaderModule')
      const failure = await Trainer.create(network(), { backend: webgpu({ device }) }).catch((error: unknown) => error)
      expect(failure, name).toBeInstanceOf(BackendUnavailableError)
      expect((failure as Error).message).toMatch(
        new RegExp(
          `^backend 'webgpu': '.+' has a ${name} of [\\d.]+( KiB| bytes)?, less than the [\\d.]+( KiB| bytes)? that WebGPU ` +
            "guarantees and kernels need; update the driver or the browser, or use backend: 'cpu'$",
        ),
      )
      expect(compile).not.toHaveBeenCalled()
      compile.mockRestore()
    }
  })

  withNewDevice('is not used where another backend may be', async ({ gpu }) => {
    const device = withLimits(gpu, { maxStorageBuffersPerShaderStage: 4 })
    const backend = new BackendWithFallback([webgpu({ device }), cpu()])
    const trainer = await Trainer.create(network(), { backend })
    expect((await trainer.fit(data, { epochs: 1 })).epochs).toHaveLength(1)
    expect(backend.name).toBe('cpu')
    expect(backend.description).toContain('maxStorageBuffersPerShaderStage of 4')
    trainer.dispose()
  })
})

describe('maxComputeWorkgroupStorageSize', () => {
  withNewDevice('resident networks are refused that exceed it, and the advice helps', async ({ gpu }) => {
    const network = randomNetwork([6, 40, 3], 'tanh', 'sigmoid', 1)
    const place = async (plan: PlanChoice, batchSize: number) => {
      const trainer = await Trainer.create(network, { backend: webgpuWith(Device.from(gpu), plan), batchSize })
      trainer.dispose()
    }
    const { maxComputeWorkgroupStorageSize } = gpu.limits
    // Z and activations of both layers, in packs of four.
    const bytes = (batch: number) => 4 * batch * 2 * (40 + 4)
    const most = Math.floor(maxComputeWorkgroupStorageSize / bytes(4)) * 4
    const refusal = await place('resident', most + 4).catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(InputError)
    expect((refusal as Error).message).toMatch(
      new RegExp(
        `^plan: 'resident' keeps ${bytes(most + 4)} bytes of this network's values for a minibatch of ${most + 4}, more than the ` +
          `${maxComputeWorkgroupStorageSize} of a workgroup on '.+'; take smaller batches, or plan: 'auto'$`,
      ),
    )
    if (!isExhaustive) return
    await place('resident', most)
    await place('auto', most + 4)
  })
})

describe.runIf(isExhaustive)('maxStorageBufferBindingSize', () => {
  withNewDevice('data larger than a binding pass in windows; nothing larger is bound', async ({ gpu }) => {
    const most = 2 ** 16
    const device = withLimits(gpu, { maxStorageBufferBindingSize: most })
    let largest = 0
    const create = gpu.createBindGroup.bind(gpu)
    gpu.createBindGroup = (descriptor) => {
      for (const { resource } of descriptor.entries) {
        const { buffer, size } = resource as GPUBufferBinding
        // Uniform buffers are bound in parts.
        largest = Math.max(largest, size ?? buffer.size)
      }
      return create(descriptor)
    }
    const data = randomData(300, 100, 3, 1)
    const trainer = await Trainer.create(randomNetwork([100, 4, 3], 'tanh', 'sigmoid', 1), {
      backend: webgpu({ device, plan: 'layered' }),
      batchSize: 20,
    })
    const { epochs } = await trainer.fit(data, { epochs: 1, validation: data })
    expect(epochs).toHaveLength(1)
    expect((await trainer.predict(data.inputs)).rows).toBe(300)
    expect(largest).toBeGreaterThan(most / 2)
    expect(largest).toBeLessThanOrEqual(most)
    trainer.dispose()
    gpu.createBindGroup = create
    // Without the self-test, whose networks are larger than such a binding.
    const backend = webgpuWith(Device.from(device), 'layered')
    const wide = Trainer.create(randomNetwork([100, 200, 3], 'tanh', 'sigmoid', 1), { backend })
    await expect(wide).rejects.toThrow(
      /^parameters: 8\d\.\d KiB are more than the 64\.0 KiB .*maxStorageBufferBindingSize/,
    )
  })
})
