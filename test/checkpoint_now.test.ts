import { describe, expect, it } from 'vitest'
import type { Backend } from '../src/backend/backend.ts'
import { webgpu } from '../src/backend/webgpu/backend.ts'
import { adam, decodeCheckpoint, encodeCheckpoint, InputError, Trainer } from '../src/index.ts'
import { hostBackends, randomData, randomNetwork } from './backends.ts'
import { withDevice } from './device.ts'

const network = randomNetwork([4, 6, 3], 'tanh', 'sigmoid', 1)
const data = randomData(40, 4, 3, 2)

const create = (backend: Backend) =>
  Trainer.create(network.clone(), { backend, optimizer: adam({ learningRate: 0.02 }), batchSize: 7, seed: 6, dropout: 0.25 }) // prettier-ignore

const trainSteps = async (trainer: Trainer, count: number) => {
  const losses: number[] = []
  for await (const { loss } of trainer.steps(data)) if (losses.push(loss) === count) break
  return losses
}

/** One more step, the rest of the epoch, and another epoch: their losses, and the parameters after them. */
async function goOn(trainer: Trainer): Promise<unknown> {
  const losses = await trainSteps(trainer, 1)
  const { epochs } = await trainer.fit(data, { epochs: 2 })
  const { parameters } = await trainer.read()
  return [losses, epochs.map(({ epoch, loss, accuracy }) => [epoch, loss, accuracy]), trainer.step, [...parameters]]
}

/** Two of six steps of the third epoch, then a checkpoint, from which this trainer and another one go on. */
async function expectSame(backend: () => Backend): Promise<void> {
  using trainer = await create(backend())
  const start = await trainer.checkpoint()
  await trainer.fit(data, { epochs: 2 })
  await trainSteps(trainer, 2)
  const checkpoint = decodeCheckpoint(encodeCheckpoint(await trainer.checkpoint()))
  expect(checkpoint).toMatchObject({ epoch: 2, step: 14, begun: { shuffle: true, samples: 40, visited: 14 } })
  const expected = await goOn(trainer)
  expect(trainer.epoch).toBe(4)

  await trainer.resume(checkpoint)
  expect([trainer.epoch, trainer.step]).toEqual([2, 14])
  expect(await goOn(trainer)).toEqual(expected)
  using other = await create(backend())
  await other.resume(checkpoint)
  expect(await goOn(other)).toEqual(expected)
  // Between two epochs, and before the first.
  await other.resume(start)
  await other.fit(data, { epochs: 2 })
  const afterTwo = await other.checkpoint()
  expect(afterTwo.begun).toBeUndefined()
  await trainSteps(other, 2)
  expect((await other.checkpoint()).snapshot).toEqual(checkpoint.snapshot)
  await other.resume(afterTwo)
  await trainSteps(other, 2)
  expect(await goOn(other)).toEqual(expected)
}

describe('a checkpoint of the current state', () => {
  for (const [name, make] of hostBackends) {
    it(`restores it to the bit, also within an epoch: ${name}`, () => expectSame(make))
  }
  withDevice('restores it to the bit, also within an epoch: webgpu', ({ gpu }) =>
    expectSame(() => webgpu({ device: gpu })),
  )

  withDevice('is refused while epochs are under way', async ({ gpu }) => {
    const options = { backend: webgpu({ device: gpu }), batchSize: 7, seed: 6 }
    using trainer = await Trainer.create(network.clone(), options)
    const calls: Promise<unknown>[] = []
    const onEpoch = () => void calls.push(trainer.checkpoint().catch((error: unknown) => error))
    await trainer.fit(data, { epochs: 50, onEpoch })
    const results = await Promise.all(calls)
    // The others were answered when no epoch was under way: after the last of those that were handed over together.
    const refused = results.filter((result) => result instanceof InputError)
    expect(refused.length).toBeGreaterThan(0)
    for (const { message } of refused) expect(message).toContain("epochs are under way; use fit's option checkpoint")
    results.forEach((result, i) => {
      if (!(result instanceof InputError)) expect((result as { epoch: number }).epoch).toBeGreaterThan(i)
    })
    expect((await trainer.checkpoint()).epoch).toBe(50)
  })

  it('with a damaged begun epoch is refused with the name of the field', async () => {
    using trainer = await create(hostBackends[0]![1]())
    await trainSteps(trainer, 2)
    const text = encodeCheckpoint(await trainer.checkpoint())
    for (const [before, after, message] of [
      ['"visited":14', '"visited":40', '"begun.visited" is 40, expected a whole number up to 39'],
      ['"samples":40', '"samples":-1', '"begun.samples" is -1'],
      ['"shuffle":true', '"shuffle":1', '"begun.shuffle" is 1, expected true or false'],
      ['"samples":14', '"samples":41', '"begun.sums.samples" is 41'],
      ['"sums":{', '"sum":{', '"begun.sums" is undefined, expected an object'],
    ] as const) {
      expect(text).toContain(before)
      expect(() => decodeCheckpoint(text.replace(before, after))).toThrow(`checkpoint: ${message}`)
    }
  })
})
