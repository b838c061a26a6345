import { describe, expect, it } from 'vitest'
import { DeviceLostError, fit, type Recovery, sweep, Trainer, webgpu } from '../src/index.ts'
import { randomData, randomNetwork } from './backends.ts'
import { expectClose } from './close.ts'
import { BreakingGPU } from './recovery/breaking-gpu.ts'

const network = randomNetwork([2, 3, 2], 'tanh', 'sigmoid', 1)
const data = randomData(40, 2, 2, 2)
const options = { batchSize: 5, seed: 3, epochs: 60 }

/** Loses each device a few calls after its first submit. */
function breakAlways(most = Infinity): BreakingGPU {
  const gpu = new BreakingGPU([{ name: 'submit', call: 1, when: 'after' }], most)
  gpu.onLoss = () => gpu.loseIn(1, 'after')
  return gpu
}

/** Loses the device once, after the first epoch. */
function breakAfterEpoch(most: number) {
  const gpu = new BreakingGPU([], most)
  let isOver = false
  const onEpoch = () => {
    if (!isOver) gpu.loseIn(1, 'after')
    isOver = true
  }
  return { gpu, onEpoch, backend: webgpu({ requestDevice: gpu.requestDevice }) }
}

const losesOnce = (most: number) => new BreakingGPU([{ name: 'submit', call: 12, when: 'after' }], most)

describe('a training whose device is lost', () => {
  it('goes on on the CPU where there is no other device, and says so', async () => {
    const whole = await fit(network.clone(), data, { ...options, backend: 'cpu' })
    const recoveries: Recovery[] = []
    const { backend, onEpoch } = breakAfterEpoch(1)
    const onRecovery = (recovery: Recovery) => void recoveries.push(recovery)
    const broken = await fit(network.clone(), data, { ...options, backend, onEpoch, onRecovery })
    expect(recoveries).toMatchObject([{ isSlower: true, backend: { name: 'wasm' } }])
    expect(broken.recoveries).toBe(1)
    expect(broken.backend.description).toContain('the driver does not come back')
    const losses = (of: typeof whole) => of.epochs.map(({ loss }) => loss)
    expectClose(losses(broken), losses(whole), { name: 'losses', rtol: 1e-4 })
  })

  it('goes on on the CPU after three losses without progress, with less work at a time after the second', async () => {
    const gpu = breakAlways()
    const recoveries: Recovery[] = []
    const onRecovery = (recovery: Recovery) => void recoveries.push(recovery)
    const history = await fit(network.clone(), data, {
      ...options,
      backend: webgpu({ requestDevice: gpu.requestDevice }),
      onRecovery,
    })
    expect(gpu.devices).toBe(3)
    expect(history.backend.name).toBe('wasm')
    expect(recoveries.at(-1)).toMatchObject({ isSlower: true })
    expect(history.epochs).toHaveLength(60)
  })

  it("rejects with onLoss: 'throw'", async () => {
    const { gpu, onEpoch, backend } = breakAfterEpoch(2)
    const trainer = await Trainer.create(network.clone(), { backend, onLoss: 'throw', batchSize: 5 })
    await expect(trainer.fit(data, { epochs: 400, onEpoch })).rejects.toThrow(DeviceLostError)
    expect(gpu.devices).toBe(1)
    trainer.dispose()
  })
})

it('a sweep goes on on the CPU where there is no other device', async () => {
  const sweeping = { sizes: [2, 3, 2], seeds: 3, epochs: 24, batchSize: 5, halving: { rounds: 2 } }
  const whole = await sweep(data, { ...sweeping, backend: 'cpu' })
  // The first sweep on an adapter tests its kernels, too.
  await sweep(data, { ...sweeping, backend: webgpu() })
  const gpu = losesOnce(1)
  const slower: boolean[] = []
  const run = sweep(data, {
    ...sweeping,
    backend: webgpu({ requestDevice: gpu.requestDevice }),
    onRecovery: ({ isSlower }) => void slower.push(isSlower),
  })
  let recoveries = 0
  for await (const round of run) recoveries = round.recoveries
  const results = await run
  expect({ recoveries, slower, losses: gpu.losses.length }).toEqual({ recoveries: 1, slower: [true], losses: 1 })
  expect(results.map(({ seed }) => seed)).toEqual(whole.map(({ seed }) => seed))
  expectClose(results.map(({ loss }) => loss), whole.map(({ loss }) => loss), { name: 'losses', rtol: 1e-4 }) // prettier-ignore
  const strict = webgpu({ requestDevice: losesOnce(2).requestDevice })
  const failed = await sweep(data, { ...sweeping, backend: strict, onLoss: 'throw' }).then(
    undefined,
    (error: unknown) => error,
  )
  expect(failed).toBeInstanceOf(DeviceLostError)
})
