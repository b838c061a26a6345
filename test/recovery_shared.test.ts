import { afterEach, describe, expect, it, vi } from 'vitest'
import { submitMilliseconds } from '#gpu'
import { type Backend, cpu, type Epoch, type Recovery, Trainer, webgpu } from '../src/index.ts'
import { randomData, randomNetwork } from './backends.ts'
import { expectClose } from './close.ts'
import { isExhaustive } from './covering.ts'
import { BreakingGPU } from './recovery/breaking-gpu.ts'

const network = randomNetwork([2, 3, 2], 'tanh', 'sigmoid', 1)
const data = randomData(40, 2, 2, 2)

const lossesOf = (epochs: readonly Epoch[]) => epochs.map(({ loss }) => loss)

/** Two trainers train at the same time, while a third one has trained before, and predicts afterwards. */
async function trainThree(gpu: BreakingGPU, isLost: boolean) {
  const backend = webgpu({ requestDevice: gpu.requestDevice })
  const open = (seed: number) => Trainer.create(network.clone(), { backend, batchSize: 5, seed })
  const [one, other, idle] = [await open(1), await open(2), await open(3)]
  await idle.fit(data, { epochs: 2 })
  const onEpoch = ({ epoch }: Epoch) => {
    if (isLost && epoch === 3) gpu.loseIn(1, 'after')
  }
  const histories = await Promise.all([one.fit(data, { epochs: 12, onEpoch }), other.fit(data, { epochs: 12 })])
  const outputs = (await idle.predict(data.inputs)).data
  const again = await idle.fit(data, { epochs: 2 })
  const ends = [one, other, idle].map(async (trainer) => (await trainer.read()).parameters.slice())
  const parameters = await Promise.all(ends)
  const recoveries = [one, other, idle].map((trainer) => trainer.recoveries)
  for (const trainer of [one, other, idle]) trainer.dispose()
  backend.dispose()
  return {
    results: [histories.map(({ epochs }) => lossesOf(epochs)), outputs, lossesOf(again.epochs), parameters],
    recoveries,
  }
}

describe('trainers that share a backend whose device is lost', () => {
  it('all go on on the same new device, to the bits of a run without a loss, also one that was idle', async () => {
    const [whole, lossy] = [new BreakingGPU(), new BreakingGPU()]
    const unbroken = await trainThree(whole, false)
    const broken = await trainThree(lossy, true)
    expect(lossy.losses).toHaveLength(1)
    expect(lossy.devices).toBe(2)
    expect(broken.results).toEqual(unbroken.results)
    expect(broken.recoveries).toEqual([1, 1, 1])
    expect(unbroken.recoveries).toEqual([0, 0, 0])
  })
})

/** A clock that a device's work moves: what it has done decides the time, not how busy the machine is. */
class WorkClock {
  /** Milliseconds of each dispatch. */
  readonly #perDispatch: number
  now = 0

  constructor(perDispatch: number) {
    this.#perDispatch = perDispatch
  }

  /** Lets a device move the clock. @returns how many dispatches each of its command buffers has, as they are encoded */
  follow(gpu: GPUDevice): number[] {
    const counts: number[] = []
    const began = this.now
    const createCommandEncoder = gpu.createCommandEncoder.bind(gpu)
    gpu.createCommandEncoder = (descriptor) => {
      const encoder = createCommandEncoder(descriptor)
      const beginComputePass = encoder.beginComputePass.bind(encoder)
      const index = counts.push(0) - 1
      encoder.beginComputePass = (of) => {
        const pass = beginComputePass(of)
        const dispatch = pass.dispatchWorkgroups.bind(pass)
        pass.dispatchWorkgroups = (...size) => {
          counts[index]!++
          dispatch(...size)
        }
        return pass
      }
      return encoder
    }
    const onSubmittedWorkDone = gpu.queue.onSubmittedWorkDone.bind(gpu.queue)
    gpu.queue.onSubmittedWorkDone = async () => {
      const submitted = counts.reduce((sum, count) => sum + count, 0)
      await onSubmittedWorkDone()
      this.now = Math.max(this.now, began + submitted * this.#perDispatch)
      return undefined
    }
    return counts
  }
}

afterEach(() => {
  vi.restoreAllMocks()
})

it.runIf(isExhaustive)('submits have less work after two losses without progress', async () => {
  // A submit of the first device has time for 64 dispatches.
  const clock = new WorkClock(submitMilliseconds / 64)
  vi.spyOn(performance, 'now').mockImplementation(() => clock.now)
  const gpu = new BreakingGPU()
  const devices: number[][] = []
  const requestDevice = async () => {
    const device = await gpu.requestDevice()
    devices.push(clock.follow(device))
    // Nothing was computed on it yet.
    if (devices.length === 2) device.destroy()
    return device
  }
  const onEpoch = ({ epoch }: Epoch) => {
    if (epoch === 4 && gpu.losses.length === 0) gpu.loseIn(1, 'after')
  }
  const backend = webgpu({ requestDevice, plan: 'layered' })
  const trainer = await Trainer.create(network.clone(), { backend, batchSize: 1, seed: 1 })
  const history = await trainer.fit(randomData(60, 2, 2, 2), { epochs: 8, onEpoch })
  trainer.dispose()
  expect(devices).toHaveLength(3)
  expect(history.recoveries).toBeGreaterThan(0)
  expect(history.backend.name).toBe('webgpu')
  const longest = (counts: readonly number[]) => Math.max(...counts)
  // A submit has an eighth of the time.
  expect(longest(devices[2]!)).toBeLessThan(longest(devices[0]!) / 4)
})

describe('trainers with separate backends on one device of the program', () => {
  it('go on on the CPU after its loss, and each reports it', async () => {
    const gpu = await new BreakingGPU().requestDevice()
    const recoveries: Recovery[] = []
    const trainBoth = async (make: () => Backend, lose?: () => void) => {
      const open = (seed: number) => Trainer.create(network.clone(), { backend: make(), batchSize: 5, seed })
      const trainers = [await open(1), await open(2)]
      const onRecovery = (recovery: Recovery) => void recoveries.push(recovery)
      const train = () => Promise.all(trainers.map((trainer) => trainer.fit(data, { epochs: 6, onRecovery })))
      const before = await train()
      lose?.()
      const losses = [...before, ...(await train())].map(({ epochs }) => lossesOf(epochs))
      const names = trainers.map(({ backend }) => backend.name)
      for (const trainer of trainers) trainer.dispose()
      return { losses, names }
    }
    const broken = await trainBoth(
      () => webgpu({ device: gpu }),
      () => {
        gpu.destroy()
      },
    )
    const whole = await trainBoth(cpu)
    expect(broken.names).toEqual(['wasm', 'wasm'])
    for (const [i, losses] of broken.losses.entries()) {
      expectClose(losses, whole.losses[i]!, { name: 'losses', rtol: 1e-4 })
    }
    expect(recoveries).toMatchObject([{ isSlower: true }, { isSlower: true }])
  })

  it('open another one where they share the function that opens it', async () => {
    const gpu = new BreakingGPU()
    let shared: Promise<GPUDevice> | undefined
    const requestDevice = () => {
      shared ??= gpu.requestDevice().then((device) => {
        void device.lost.then(() => (shared = undefined))
        return device
      })
      return shared
    }
    const trainBoth = async (isLost: boolean) => {
      const open = (seed: number) =>
        Trainer.create(network.clone(), { backend: webgpu({ requestDevice }), batchSize: 5, seed })
      const trainers = [await open(1), await open(2)]
      const train = () => Promise.all(trainers.map((trainer) => trainer.fit(data, { epochs: 4 })))
      const before = await train()
      if (isLost) gpu.loseIn(1, 'after')
      const losses = [...before, ...(await train())].map(({ epochs }) => lossesOf(epochs))
      const names = trainers.map(({ backend }) => backend.name)
      const recoveries = trainers.map((trainer) => trainer.recoveries)
      for (const trainer of trainers) trainer.dispose()
      return { losses, names, recoveries }
    }
    const [whole, broken] = [await trainBoth(false), await trainBoth(true)]
    expect(broken).toEqual({ losses: whole.losses, names: ['webgpu', 'webgpu'], recoveries: [1, 1] })
    expect(whole.recoveries).toEqual([0, 0])
    expect(gpu.losses).toHaveLength(1)
    expect(gpu.devices).toBe(2)
  })
})
