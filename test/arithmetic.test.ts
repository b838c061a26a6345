import { describe, expect, it } from 'vitest'
import { cpu } from '../src/backend/host/backend.ts'
import { webgpu } from '../src/backend/webgpu/backend.ts'
import { webgpuWith } from '../src/backend/webgpu/opened-backend.ts'
import { Device } from '../src/backend/webgpu/device/device.ts'
import { compilesLate } from '../src/backend/webgpu/device/adapter.ts'
import { AdapterProfile } from '../src/backend/webgpu/device/profile.ts'
import { Kernels } from '../src/backend/webgpu/kernels/kernels.ts'
import { deviceLayers } from '../src/backend/webgpu/kernels/packs.ts'
import { needsTuning } from '../src/backend/webgpu/kernels/tuning.ts'
import type { PlanChoice } from '../src/backend/webgpu/options.ts'
import { Crossover, residentForm } from '../src/backend/webgpu/plans/choice.ts'
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint, InputError, Trainer } from '../src/index.ts'
import { adam, adamw, type Optimizer, rmsprop, sgd } from '../src/optimizer/optimizer.ts'
import { randomData, randomNetwork } from './backends.ts'
import { withDevice, withNewDevice } from './device.ts'

const small = { network: randomNetwork([3, 4, 2], 'tanh', 'sigmoid', 1), data: randomData(50, 3, 2, 2) }
const wider = { network: randomNetwork([6, 24, 9, 3], 'tanh', 'sigmoid', 1), data: randomData(50, 6, 3, 2) }
type Run = typeof small

interface Trained {
  readonly parameters: number[]
  /** The form of each epoch's checkpoint. */
  readonly forms: (string | undefined)[]
  readonly last: Checkpoint
}

/** Trains epochs, with a checkpoint after each. */
async function train(
  trainer: Trainer,
  { data }: Run,
  epochs: number,
  pause?: () => Promise<unknown>,
): Promise<Trained> {
  const checkpoints: Checkpoint[] = []
  const write = async (made: Checkpoint) => {
    checkpoints.push(decodeCheckpoint(encodeCheckpoint(made)))
    await pause?.()
  }
  await trainer.fit(data, { epochs, checkpoint: { every: 1, write } })
  const { parameters } = await trainer.read()
  trainer.dispose()
  return {
    parameters: [...parameters],
    forms: checkpoints.map((one) => one.arithmetic?.form),
    last: checkpoints.at(-1)!,
  }
}

const options = { batchSize: 8, seed: 3, optimizer: adam({ learningRate: 0.02 }) }
const create = ({ network }: Run, backend: ReturnType<typeof cpu>) =>
  Trainer.create(network.clone(), { ...options, backend })

/** Kernels of which a form is changed: compiled later, or from another text. */
function changedKernels(device: Device, change: Partial<Record<'compileLoop' | 'compileStraight', Change>>): Kernels {
  const kernels = new Kernels(device)
  for (const [name, { delay = 0, after, text = (source: string) => source }] of Object.entries(change)) {
    const compile = kernels[name as keyof typeof change].bind(kernels)
    kernels[name as keyof typeof change] = async (source, ...others) => {
      await (after ?? new Promise((resolve) => setTimeout(resolve, delay)))
      return compile(text(source), ...others)
    }
  }
  return kernels
}

interface Change {
  readonly delay?: number
  readonly after?: Promise<unknown>
  readonly text?: (source: string) => string
}

/** A profile of a device with nothing measured, and with the rules for one kind of adapter, whichever kind it is. */
function onFresh({ gpu, profile: { name, quads } }: Device, software = true): Device {
  return Device.from(gpu, new AdapterProfile({ name, quads, software }))
}

describe('a checkpoint keeps the arithmetic', () => {
  it('of the CPU, in its precision', async () => {
    const [single, double] = [cpu(), cpu({ precision: 'float64' })]
    const { last } = await train(await create(small, single), small, 2)
    expect(last.arithmetic).toEqual({ backend: 'cpu', form: 'float32', device: undefined })
    const same = await create(small, single)
    expect(await same.resume(last)).toEqual({ hasSameBits: true, difference: undefined, changes: [] })
    const other = await create(small, double)
    expect(await other.resume(last)).toEqual({
      hasSameBits: false,
      changes: [],
      difference:
        'the checkpoint was trained with cpu (float32) and goes on with cpu (float64), so the last bits of its ' +
        'parameters are not those of an unbroken run',
    })
    for (const trainer of [same, other]) trainer.dispose()
  })

  it('and one without it, or with a damaged one, is read for what it is', async () => {
    const { last } = await train(await create(small, cpu()), small, 1)
    const json = JSON.parse(encodeCheckpoint(last)) as Record<string, unknown>
    const { arithmetic, ...earlier } = json
    expect(arithmetic).toEqual({ backend: 'cpu', form: 'float32' })
    const trainer = await create(small, cpu())
    expect((await trainer.resume(decodeCheckpoint(JSON.stringify(earlier)))).hasSameBits).toBe(true)
    trainer.dispose()
    for (const damaged of [null, 'cpu', {}, { backend: 'cpu' }, { backend: 'cpu', form: 3 }]) {
      expect(() => decodeCheckpoint(JSON.stringify({ ...earlier, arithmetic: damaged }))).toThrow(InputError)
    }
    const unknown = decodeCheckpoint(JSON.stringify({ ...earlier, arithmetic: { backend: 'cpu', form: '__proto__' } }))
    const other = await create(small, cpu())
    expect((await other.resume(unknown)).hasSameBits).toBe(false)
    other.dispose()
  })

  for (const [form, run, plan, software] of [
    ['straight', small, 'auto', true],
    ['lanes', small, 'auto', false],
    ['loop', wider, 'auto', true],
    ['layered', wider, 'layered', true],
  ] as const) {
    withDevice(`of the GPU: ${form}`, async (device) => {
      const backend = (choice: PlanChoice) => webgpuWith(onFresh(device, software), choice)
      const whole = await train(await create(run, backend(plan)), run, 6)
      expect(whole.forms).toEqual(Array(6).fill(form))
      const half = await train(await create(run, backend(plan)), run, 3)
      const resumed = await create(run, backend('auto'))
      expect(await resumed.resume(half.last)).toEqual({ hasSameBits: true, difference: undefined, changes: [] })
      const rest = await train(resumed, run, 3)
      expect(rest.parameters).toEqual(whole.parameters)
      // A plan that was asked for is taken; what it cannot give is said.
      const layered = await create(run, backend('layered'))
      const { hasSameBits, difference } = await layered.resume(half.last)
      expect(hasSameBits).toBe(form === 'layered')
      if (form !== 'layered') expect(difference).toMatch(/trained with webgpu \(\w+ on '.+'\) and goes on with webgpu/)
      layered.dispose()
    })
  }

  withDevice('and deterministic backends refuse another one', async (device) => {
    const { last } = await train(await create(small, cpu()), small, 1)
    const trainer = await create(small, webgpu({ device: device.gpu, deterministic: true }))
    await expect(trainer.resume(last)).rejects.toThrow(
      /^deterministic: the checkpoint was trained with cpu \(float32\) and goes on with webgpu \((?:straight|lanes) on .*leave out/,
    )
    trainer.dispose()
  })
})

describe('straight-line code that takes too long to compile', () => {
  withNewDevice(
    'is replaced before the first step, remembered, and a checkpoint keeps what replaced it',
    async (found) => {
      const device = onFresh(found)
      const slow = changedKernels(device, { compileStraight: { delay: 2500 } })
      const began = performance.now()
      const trainer = await create(small, webgpuWith(device, 'auto', slow))
      expect(performance.now() - began).toBeLessThan(2450)
      const { forms, last } = await train(trainer, small, 3)
      expect(forms).toEqual(['loop', 'loop', 'loop'])
      const again = await create(
        small,
        webgpuWith(device, 'auto', changedKernels(device, { compileStraight: { delay: 1e9 } })),
      )
      const unbroken = await train(again, small, 6)
      expect(unbroken.forms).toEqual(Array(6).fill('loop'))
      // Elsewhere the rule is straight-line code, but not for this run.
      const resumed = await create(small, webgpuWith(onFresh(found)))
      expect(await resumed.resume(last)).toEqual({ hasSameBits: true, difference: undefined, changes: [] })
      const rest = await train(resumed, small, 3)
      expect(rest.forms).toEqual(['loop', 'loop', 'loop'])
      expect(rest.parameters).toEqual(unbroken.parameters)
    },
  )

  it('is not begun where the optimizer has too many numbers for the registers of a GPU', () => {
    const layers = deviceLayers(randomNetwork([7, 8, 3], 'tanh', 'sigmoid', 1).layers)
    const formOn = (software: boolean, optimizer: Optimizer, slow?: number, batchSize = 2) => {
      const profile = new AdapterProfile({ software, quads: false })
      if (slow !== undefined) profile.durations.set(`compilation of straight-line code, numbers: ${slow}`, 2000)
      const device = { gpu: { limits: { maxComputeWorkgroupStorageSize: 16384 } }, name: 'test', profile } as Device
      return residentForm(device, 'auto', layers, { loss: 'quadratic', optimizer, batchSize })
    }
    // 91 parameters: 182 numbers without state, 364 with two slots, 455 with three.
    const rate = { learningRate: 1 }
    expect(formOn(false, sgd(rate))).toBe('straight')
    expect(formOn(false, adam(rate))).toBe('loop')
    expect(formOn(false, rmsprop({ ...rate, centered: true, momentum: 0.5 }))).toBe('loop')
    expect(formOn(true, adamw(rate))).toBe('straight')
    expect(formOn(true, adamw(rate), 365)).toBe('straight')
    expect(formOn(true, adamw(rate), 364)).toBe('loop')
    // In lanes, each invocation has the state of a few parameters only.
    expect(formOn(false, adam(rate), undefined, 8)).toBe('lanes')
    expect(formOn(false, adam(rate), 364, 8)).toBe('loop')
  })
})

describe('a driver that compiles a kernel when it first runs', () => {
  const wide = deviceLayers(randomNetwork([2, 16, 16, 2], 'tanh', 'sigmoid', 1).layers)
  const gpu = { limits: { maxComputeWorkgroupStorageSize: 16384 } }
  const formOn = (compilesLate: boolean, choice: 'auto' | 'resident') => {
    const profile = new AdapterProfile({ software: true, quads: false, compilesLate })
    const device = { gpu, name: 'test', profile } as Device
    return residentForm(device, choice, wide, { loss: 'quadratic', optimizer: sgd({ learningRate: 1 }), batchSize: 4 })
  }

  it('does not get loops, which take it minutes, unless they are asked for', () => {
    expect(formOn(false, 'auto')).toBe('loop')
    expect(formOn(true, 'auto')).toBeUndefined()
    expect(formOn(true, 'resident')).toBe('loop')
  })

  it.each([
    ['llvmpipe (LLVM 19.1.7, 256 bits)', true],
    ['SwiftShader Device (Subzero)', false],
    ['NVIDIA H200', false],
  ])('%s: %s', (device, late) => {
    expect(compilesLate({ device, description: '' } as GPUAdapterInfo)).toBe(late)
  })
})

describe('two plans of which one is compiled later', () => {
  /** Trains 8 epochs; the loops are compiled after the third. */
  async function trainWithLateLoop(found: Device, change: Change) {
    const device = onFresh(found)
    let compileNow: ((value?: unknown) => void) | undefined
    const after = new Promise((resolve) => (compileNow = resolve))
    const kernels = changedKernels(device, { compileLoop: { ...change, after } })
    const compiled: Promise<unknown>[] = []
    const { compileLoop } = kernels
    kernels.compileLoop = (...given) => {
      const compiling = compileLoop(...given)
      compiled.push(compiling)
      return compiling
    }
    let epochs = 0
    const pause = async () => {
      if (++epochs !== 3) return
      compileNow!()
      await Promise.all(compiled)
      // Those who wait for the kernel go on first.
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    return train(await create(wider, webgpuWith(device, 'auto', kernels)), wider, 8, pause)
  }
  const trainLayered = async (device: Device) => train(await create(wider, webgpuWith(device, 'layered')), wider, 8)

  withNewDevice('begin with the other, and change if the bits are the same', async (device) => {
    const { forms, parameters } = await trainWithLateLoop(device, {})
    expect(forms).toEqual([...Array<string>(3).fill('layered'), ...Array<string>(5).fill('loop')])
    expect(parameters).toEqual((await trainLayered(device)).parameters)
  })

  withNewDevice('keep to the first if the bits differ', async (device) => {
    const text = (source: string) => source.replace('= delta; }', '= delta * 1.000001; }')
    const { forms, parameters } = await trainWithLateLoop(device, { text })
    expect(forms).toEqual(Array(8).fill('layered'))
    expect(parameters).toEqual((await trainLayered(device)).parameters)
  })
})

describe('deterministic', () => {
  it('uses nothing that is measured', () => {
    const profile = new AdapterProfile({ software: true, quads: false })
    const layers = deviceLayers(randomNetwork([20, 40, 10], 'tanh', 'sigmoid', 1).layers)
    const shape = { rows: 64, columns: 1024, terms: 1024 }
    expect(needsTuning(profile, 'forward', shape)).toBe(true)
    const measured = new Crossover(profile, layers, 16)
    const pinned = new Crossover(profile.pinned(), layers, 16)
    const { plan } = pinned
    for (const crossover of [measured, pinned]) for (let i = 0; i < 4; i++) crossover.learn(10, 3000 / (i + 1))
    expect(pinned.plan).toBe(plan)
    expect(measured.plan).not.toBe(plan)
    expect(profile.fasterPlans.size).toBe(1)
    expect(profile.pinned().fasterPlans.size).toBe(0)
    expect(needsTuning(profile.pinned(), 'forward', shape)).toBe(false)
  })

  withDevice('waits for the code that the rule chooses, however long that takes', async (found) => {
    const device = Device.from(found.gpu, onFresh(found).profile.pinned())
    const late = changedKernels(device, { compileLoop: { delay: 700 }, compileStraight: { delay: 2500 } })
    const [straight, loop] = await Promise.all(
      [small, wider].map(async (run) => train(await create(run, webgpuWith(device, 'auto', late)), run, 3)),
    )
    expect(straight!.forms).toEqual(['straight', 'straight', 'straight'])
    expect(loop!.forms).toEqual(['loop', 'loop', 'loop'])
  })

  it('is an option for backends by name only', async () => {
    const { network } = small
    const backend = cpu()
    await expect(Trainer.create(network, { backend, deterministic: true })).rejects.toThrow(
      'deterministic: goes with the name of a backend; make this one by webgpu({ deterministic: true })',
    )
    const trainer = await Trainer.create(network, { backend: 'cpu', deterministic: true })
    trainer.dispose()
  })
})
