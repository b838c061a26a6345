import { afterEach, describe, expect, it, vi } from 'vitest'
import { usualDataMemory } from '../src/backend/webgpu/device/navigator.ts'
import { webgpu } from '../src/backend/webgpu/backend.ts'
import { webgpuWith } from '../src/backend/webgpu/opened-backend.ts'
import { Device } from '../src/backend/webgpu/device/device.ts'
import { AdapterProfile } from '../src/backend/webgpu/device/profile.ts'
import { findAdapter } from '../src/backend/webgpu/device/adapter.ts'
import { deviceLayers } from '../src/backend/webgpu/kernels/packs.ts'
import { checkFits } from '../src/backend/webgpu/limits.ts'
import { InputError, OutOfMemoryError } from '../src/core/errors.ts'
import { cpu } from '../src/backend/host/backend.ts'
import { machineMemory } from '../src/backend/host/limits.ts'
import { wasm } from '../src/backend/host/wasm/backend.ts'
import type { Backend } from '../src/backend/backend.ts'
import { adam, type Optimizer, sgd } from '../src/optimizer/optimizer.ts'
import { runCases } from '../src/training/check/runs.ts'
import { stageCases } from '../src/training/check/stages.ts'
import { trainingCases } from '../src/training/check/trainings.ts'
import { Trainer } from '../src/training/trainer.ts'
import { randomData, randomNetwork } from './backends.ts'
import { withNewDevice } from './device.ts'

/** An adapter that has no optional feature and only the limits that WebGPU guarantees. */
async function poorAdapter(): Promise<GPUAdapter> {
  const adapter = await findAdapter()
  if (!adapter) throw new Error('no adapter')
  const device = await adapter.requestDevice()
  const { limits } = device
  device.destroy()
  const fresh = (await findAdapter())!
  return {
    info: fresh.info,
    limits,
    features: new Set(),
    requestDevice: (descriptor: GPUDeviceDescriptor) => fresh.requestDevice(descriptor),
  } as unknown as GPUAdapter
}

describe('an adapter without optional features, with the smallest limits', () => {
  const wanted = [
    'crossEntropy on softmax outputs',
    'straight: adam',
    'loop: rmsprop, centered, with momentum',
    'clipped gradients',
    'networks side by side, in loops',
  ]
  const cases = [...stageCases(), ...trainingCases(), ...runCases()].filter(({ name }) => wanted.includes(name))

  it('passes the checks of all plans', async () => {
    const device = await Device.fromAdapter(await poorAdapter())
    try {
      expect(device.gpu.features.has('subgroups')).toBe(false)
      expect(device.gpu.features.has('timestamp-query')).toBe(false)
      expect(device.gpu.limits).toMatchObject({
        maxStorageBufferBindingSize: 2 ** 27,
        maxComputeWorkgroupStorageSize: 2 ** 14,
      })
      expect(cases).toHaveLength(wanted.length)
      for (const { name, run } of cases) {
        const { ok, detail } = await run(device.gpu)
        expect(ok, `${name}: ${detail}`).toBe(true)
      }
    } finally {
      device.dispose()
    }
  })

  it('measures a profile without timestamps', async () => {
    const device = await Device.fromAdapter(await poorAdapter())
    const network = randomNetwork([5, 40, 3], 'tanh', 'sigmoid', 1)
    const backend = webgpu({ device: device.gpu, plan: 'layered' })
    const trainer = await Trainer.create(network, { backend, profile: true, batchSize: 16 })
    await trainer.fit(randomData(64, 5, 3, 2), { epochs: 2 })
    const kernels = trainer.profile().entries.filter(({ part }) => part === 'kernel')
    expect(kernels.map(({ name }) => name)).toEqual(['all'])
    trainer.dispose()
    device.dispose()
  })
})

describe('a run that cannot fit is refused before it starts', () => {
  /** A layer list without its parameters, which would take gigabytes. */
  const layersOf = (sizes: readonly number[]) => {
    let place = 0
    return deviceLayers(
      sizes.slice(1).map((outputs, l) => {
        const inputs = sizes[l]!
        const weightOffset = place
        place += inputs * outputs + outputs
        return {
          inputs,
          outputs,
          activation: 'relu' as const,
          weightOffset,
          biasOffset: weightOffset + inputs * outputs,
        }
      }),
    )
  }
  const check = (device: Device, sizes: readonly number[], optimizer: Optimizer, batchSize = 32, networks = 1) => {
    checkFits(device, layersOf(sizes), { loss: 'quadratic', optimizer, batchSize }, networks)
  }

  it('names bytes, limit and remedy', async () => {
    const device = await Device.fromAdapter(await poorAdapter())
    // The binding limit is 128 MiB: 2²⁵ values.
    expect(() => check(device, [4096, 8000], sgd())).not.toThrow()
    expect(() => check(device, [4096, 8192], sgd())).toThrow(
      /^parameters: 134250496 bytes are more than the 134217728 that '.*' can bind at once \(maxStorageBufferBindingSize\); use smaller layers, or backend: 'cpu'$/,
    )
    expect(() => check(device, [4096, 4096], sgd())).not.toThrow()
    expect(() => check(device, [4096, 4096], adam())).toThrow(
      /^optimizer state \(2 values for each parameter, by adam\): 134250496 bytes are more than .*; use an optimizer that keeps less/,
    )
    expect(() => check(device, [16, 1024, 4], sgd(), 40_000)).toThrow(
      /^activations of layer 1 for batchSize 40000: 156\.3 MiB are more than .*; use a smaller batchSize or smaller layers/,
    )
    expect(() => check(device, [100, 100], sgd(), 32, 4000)).toThrow(
      /^parameters: .*; use smaller layers or fewer networks$/,
    )
    const software = device.withProfile(new AdapterProfile({ software: true, quads: false }))
    expect(() => check(software, [3_000_000, 2], sgd())).toThrow(
      /^layer 1: 3000000 × 2 weights take \d+ workgroups side by side, more than the 65535 of '.*'; use smaller layers/,
    )
    device.dispose()
  })

  it('by the trainer, with nothing allocated', async () => {
    const device = await Device.fromAdapter(await poorAdapter())
    const make = vi.spyOn(device.gpu, 'createBuffer')
    try {
      const network = randomNetwork([2, 2000, 2], 'tanh', 'sigmoid', 1)
      // Without the self-test, which makes small buffers.
      const backend = webgpuWith(device)
      const trainer = Trainer.create(network, { backend, batchSize: 250_000 })
      await expect(trainer).rejects.toThrow(InputError)
      await expect(trainer).rejects.toThrow('activations of layer 1 for batchSize 250000')
      expect(make).not.toHaveBeenCalled()
    } finally {
      make.mockRestore()
      device.dispose()
    }
  })
})

describe('the memory of the host', () => {
  const setting = { loss: 'quadratic', optimizer: sgd(), batchSize: 2 ** 31 - 1 } as const
  const network = () => randomNetwork([2, 100, 2], 'tanh', 'sigmoid', 1)
  const refusal = async (backend: Backend, batchSize: number = setting.batchSize): Promise<unknown> =>
    Trainer.create(network(), { backend, batchSize }).then(
      (trainer) => trainer.dispose(),
      (error: unknown) => error,
    )

  it('a network that needs more than the machine has is refused, and the advice helps', async () => {
    for (const [backend, bytes] of [
      [cpu(), '2.4'],
      [cpu({ precision: 'float64' }), '4.9'],
    ] as const) {
      const error = await refusal(backend)
      expect(error).toBeInstanceOf(InputError)
      expect((error as Error).message).toMatch(
        new RegExp(
          `^backend 'cpu': this network needs at least ${bytes.replace('.', '\\.')} TiB, more than the [\\d.]+ [GT]iB that ` +
            'the memory of this machine has; use a smaller batchSize than 2147483647, or smaller layers$',
        ),
      )
      expect(await refusal(backend, 1000)).toBe(undefined)
    }
  })

  it('WebAssembly addresses 4 GiB; the CPU backend takes more', async () => {
    const batchSize = 4_000_000
    const error = await refusal(wasm({ threads: 1 }), batchSize)
    expect(error).toBeInstanceOf(InputError)
    expect((error as Error).message).toMatch(
      /^backend 'wasm': this network needs at least 4\.6 GiB, more than the 4\.0 GiB that WebAssembly can address; use a smaller batchSize than 4000000, or smaller layers$/,
    )
    expect(await refusal(wasm({ threads: 1 }), 4000)).toBe(undefined)
  })

  it('is less than the machine has where its system says so, and unknown where nothing says it', () => {
    const getBuiltinModule = (() => ({ totalmem: () => 2 ** 34 })) as never
    expect(machineMemory({ process: { getBuiltinModule } }).bytes).toBe(2 ** 34)
    expect(machineMemory({ process: { getBuiltinModule, constrainedMemory: () => 2 ** 30 } }).bytes).toBe(2 ** 30)
    expect(machineMemory({ process: { getBuiltinModule, constrainedMemory: () => 0 } }).bytes).toBe(2 ** 34)
    expect(machineMemory({}).bytes).toBe(Infinity)
  })

  it('an array that the engine refuses is one error that names bytes and remedy', async () => {
    const real = Float32Array
    const trainer = await Trainer.create(randomNetwork([3, 2], 'tanh', 'sigmoid', 1), { backend: cpu() })
    const { inputs } = randomData(500, 3, 2, 1)
    class Refusing extends real {
      constructor(...given: [number]) {
        if (given[0] === 1000) throw new RangeError('Array buffer allocation failed')
        super(...given)
      }
    }
    vi.stubGlobal('Float32Array', Refusing)
    const failure = await trainer.predict(inputs).catch((error: unknown) => error)
    vi.unstubAllGlobals()
    expect(failure).toBeInstanceOf(OutOfMemoryError)
    expect((failure as Error).message).toBe(
      'predictions: this process has no memory left for 3.9 KiB; predict fewer rows at a time',
    )
    // The trainer goes on, and the advice helps.
    expect((await trainer.predict(inputs)).rows).toBe(500)
    trainer.dispose()
  })

  withNewDevice('dataMemory that holds no two minibatches is refused, and the advice helps', async ({ gpu }) => {
    const data = randomData(300, 100, 3, 1)
    const fit = async (dataMemory: number, batchSize: number) => {
      const backend = webgpu({ device: gpu, plan: 'layered' })
      const trainer = await Trainer.create(randomNetwork([100, 4, 3], 'tanh', 'sigmoid', 1), { backend, dataMemory, batchSize }) // prettier-ignore
      try {
        return (await trainer.fit(data, { epochs: 1 })).epochs.length
      } finally {
        trainer.dispose()
      }
    }
    await expect(fit(40_000, 100)).rejects.toThrow(
      /^dataMemory: two windows of one minibatch \(batchSize 100\) take 82\.0 KiB, more than 39\.1 KiB; use a larger dataMemory or a smaller batchSize$/,
    )
    expect(await fit(90_000, 100)).toBe(1)
    expect(await fit(40_000, 40)).toBe(1)
  })
})

describe('a device without memory', () => {
  /** Reports that memory is exhausted for every buffer above a size, as a device does. */
  function exhaust(gpu: GPUDevice, most: number): void {
    const scopes: { filter: GPUErrorFilter; failed: boolean }[] = []
    const [create, push, pop] = [gpu.createBuffer.bind(gpu), gpu.pushErrorScope.bind(gpu), gpu.popErrorScope.bind(gpu)]
    gpu.createBuffer = (descriptor) => {
      const scope = scopes.findLast(({ filter }) => filter === 'out-of-memory')
      if (descriptor.size > most && scope) scope.failed = true
      return create(descriptor)
    }
    gpu.pushErrorScope = (filter) => {
      scopes.push({ filter, failed: false })
      push(filter)
    }
    gpu.popErrorScope = async () => {
      const failed = scopes.pop()?.failed ?? false
      const error = await pop()
      return failed ? { message: 'Out of memory' } : error
    }
  }

  withNewDevice('says what needed how much, and what helps; what was made is freed', async ({ gpu }) => {
    const network = randomNetwork([100, 20, 3], 'tanh', 'sigmoid', 1)
    const trainer = await Trainer.create(network, { backend: webgpu({ device: gpu }), batchSize: 10 })
    const small = randomData(50, 100, 3, 2)
    await trainer.fit(small, { epochs: 1 })
    const held = trainer.memory
    exhaust(gpu, 2 ** 20)
    const large = randomData(5000, 100, 3, 2)
    const failing = trainer.fit(large, { epochs: 1 })
    await expect(failing).rejects.toThrow(OutOfMemoryError)
    await expect(failing).rejects.toThrow(
      /^data set: '.*' has no memory left for 2\.\d MiB more; set dataMemory to fewer bytes, so that .*backend: 'cpu'$/,
    )
    expect(trainer.memory).toBe(held)
    // Work that fits goes on, and the advice helps.
    const { epochs } = await trainer.fit(small, { epochs: 1 })
    expect(epochs).toHaveLength(1)
    const windowed = await Trainer.create(network, {
      backend: webgpu({ device: gpu }),
      batchSize: 10,
      dataMemory: 2 ** 20,
    })
    await windowed.fit(large, { epochs: 1 })
    windowed.dispose()
    trainer.dispose()
  })

  withNewDevice('fails to place a network, and to make a workspace for scores, and goes on', async ({ gpu }) => {
    const network = randomNetwork([8, 400, 3], 'tanh', 'sigmoid', 1)
    const trainer = await Trainer.create(network, { backend: webgpu({ device: gpu }), batchSize: 10 })
    const before = trainer.memory
    exhaust(gpu, 2 ** 20)
    await expect(trainer.evaluate(randomData(3000, 8, 3, 2))).rejects.toThrow(/^evaluation: .* smaller batchSize/)
    expect(trainer.memory).toBe(before)
    expect((await trainer.evaluate(randomData(30, 8, 3, 2))).loss).toBeGreaterThan(0)
    const wide = randomNetwork([600, 500, 3], 'tanh', 'sigmoid', 1)
    await expect(Trainer.create(wide, { backend: webgpu({ device: gpu }) })).rejects.toThrow(
      /^parameters: '.*' has no memory left for \d\.\d MiB more; use smaller layers or a smaller batchSize/,
    )
    trainer.dispose()
  })
})

describe('the default of dataMemory in browsers', () => {
  afterEach(() => vi.unstubAllGlobals())

  it.each<[string, object, number]>([
    ['an iPhone', { userAgent: 'Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X)' }, 2 ** 28],
    ['an iPad', { userAgent: 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)', maxTouchPoints: 5 }, 2 ** 28],
    ['a Mac', { userAgent: 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)', maxTouchPoints: 0 }, Infinity],
    ['a telephone with 4 GiB', { userAgent: 'Mozilla/5.0 (Linux; Android 10; K)', deviceMemory: 4 }, 2 ** 29],
    ['a PC', { userAgent: 'Mozilla/5.0 (X11; Linux x86_64)', deviceMemory: 8 }, Infinity],
    ['Firefox', { userAgent: 'Mozilla/5.0 (X11; Linux x86_64; rv:153.0)' }, Infinity],
    ['no navigator', {}, Infinity],
  ])('%s', (_, navigator, bytes) => {
    vi.stubGlobal('navigator', navigator)
    expect(usualDataMemory()).toBe(bytes)
  })
})
