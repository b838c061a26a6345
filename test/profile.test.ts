import { describe, expect, it } from 'vitest'
import { webgpu } from '../src/backend/webgpu/backend.ts'
import type { Profile } from '../src/backend/profiler.ts'
import { adam } from '../src/optimizer/optimizer.ts'
import { fit } from '../src/training/fit.ts'
import { Trainer } from '../src/training/trainer.ts'
import { randomData, randomNetwork } from './backends.ts'
import { withDevice } from './device.ts'

describe('profile', () => {
  const data = randomData(600, 50, 10, 1)
  const sum = (profile: Profile) => profile.entries.reduce((sum, { seconds }) => sum + seconds, 0)
  const parts = (profile: Profile, wanted: string) =>
    profile.entries.flatMap(({ part, name }) => (part === wanted ? [name] : []))

  withDevice('reports the time of each kernel by name', async (device) => {
    const network = randomNetwork([50, 200, 10], 'tanh', 'softmax', 1)
    const backend = webgpu({ device: device.gpu })
    const began = performance.now()
    const trainer = await Trainer.create(network, {
      backend,
      loss: 'crossEntropy',
      batchSize: 20,
      seed: 1,
      profile: true,
    })
    await trainer.fit(data, { epochs: 5, validation: data })
    const wall = (performance.now() - began) / 1000
    const profile = trainer.profile()
    trainer.dispose()
    expect(parts(profile, 'kernel').sort()).toEqual([
      'finite',
      'forward[0]',
      'gradient[0]',
      'gradient[1]',
      'hiddenDelta[0]',
      'output',
    ])
    expect(profile.entries.find(({ name }) => name === 'hiddenDelta[0]')!.count).toBe(150)
    for (const part of ['compile', 'upload', 'encode', 'submit', 'read-back', 'host']) {
      expect(parts(profile, part).length, part).toBeGreaterThan(0)
    }
    // The measured time, without the rest, is nearly all of the time that the caller waited.
    const rest = profile.entries.find(({ part }) => part === 'other')!.seconds
    expect(sum(profile)).toBeCloseTo(profile.seconds, 6)
    expect(profile.seconds).toBeLessThanOrEqual(wall)
    expect(profile.seconds - rest).toBeGreaterThan(0.9 * wall)
  })

  withDevice('of the resident plan is one kernel', async (device) => {
    const trainer = await Trainer.create(randomNetwork([2, 3, 2], 'sigmoid', 'sigmoid', 1), {
      backend: webgpu({ device: device.gpu }),
      profile: true,
    })
    await trainer.fit(randomData(100, 2, 2, 1), { epochs: 20 })
    const profile = trainer.profile()
    trainer.dispose()
    expect(parts(profile, 'kernel')).toEqual(['resident'])
  })

  it('of the CPU has every stage too', async () => {
    const options = { backend: 'cpu', loss: 'crossEntropy', optimizer: adam(), seed: 1, profile: true } as const
    const trainer = await Trainer.create(randomNetwork([50, 120, 10], 'tanh', 'softmax', 1), options)
    await trainer.fit(data, { epochs: 30 })
    const stages = ['forward[0]', 'forward[1]', 'gather', 'gradient[0]', 'gradient[1]', 'hiddenDelta[0]', 'outputDelta']
    const profile = trainer.profile()
    expect(parts(profile, 'kernel').sort()).toEqual([...stages, 'update'])
    expect(sum(profile)).toBeCloseTo(profile.seconds, 6)
    expect(profile.entries.find(({ part }) => part === 'other')!.share).toBeLessThan(0.1)
  })

  it('is measured only on request', async () => {
    const trainer = await Trainer.create(randomNetwork([2, 3, 2], 'tanh', 'tanh', 1), { backend: 'cpu' })
    expect(() => trainer.profile()).toThrow('create the trainer with { profile: true }')
    // @ts-expect-error a wrong type
    await expect(Trainer.create(trainer.network, { profile: 1 })).rejects.toThrow(
      'profile: expected true or false, got 1',
    )
  })

  withDevice('does not change the result', async (device) => {
    const trained = []
    for (const profile of [true, false]) {
      const network = randomNetwork([50, 40, 10], 'tanh', 'sigmoid', 1)
      await fit(network, data, { backend: webgpu({ device: device.gpu }), seed: 1, epochs: 2, profile })
      trained.push(network.parameters)
    }
    expect(trained[0]).toEqual(trained[1])
  })
})
