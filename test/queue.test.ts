import { describe, expect, it } from 'vitest'
import type { Backend } from '../src/backend/backend.ts'
import { webgpu } from '../src/backend/webgpu/backend.ts'
import { InputError, sgd, Trainer } from '../src/index.ts'
import { hostBackends, randomData, randomNetwork } from './backends.ts'
import { withDevice } from './device.ts'

const network = randomNetwork([3, 4, 2], 'tanh', 'sigmoid', 1)
const data = randomData(24, 3, 2, 2)
const rows = data.inputs.toArray().slice(0, 5)
const options = { optimizer: sgd({ learningRate: 0.5 }), batchSize: 8, seed: 3 }

const create = (backend: Backend) => Trainer.create(network.clone(), { ...options, backend })

/** The outputs after each of the first epochs. */
async function outputsByEpoch(backend: Backend, epochs: number): Promise<number[][][]> {
  const trainer = await create(backend)
  const outputs: number[][][] = [(await trainer.predict(rows)).toArray()]
  for await (const _ of trainer.epochs(data, { epochs })) outputs.push((await trainer.predict(rows)).toArray())
  trainer.dispose()
  return outputs
}

/** The tests of concurrent calls, on one backend. */
function testQueue(test: (name: string, body: (backend: Backend) => Promise<void>) => void): void {
  test('answers concurrent calls in their order', async (backend) => {
    const trainer = await create(backend)
    const wanted = (await trainer.predict(rows)).toArray()
    const many = await Promise.all(Array.from({ length: 5 }, () => trainer.predict(rows)))
    for (const one of many) expect(one.toArray()).toEqual(wanted)
    const [outputs, score, gradients, read] = await Promise.all([
      trainer.predict(rows),
      trainer.evaluate(data),
      trainer.gradients(rows, data.targets.toArray().slice(0, 5)),
      trainer.read(),
    ])
    expect(outputs.toArray()).toEqual(wanted)
    expect(score.samples).toBe(24)
    expect(gradients.loss).toBeGreaterThan(0)
    expect([...read.parameters]).toEqual([...network.parameters])
    trainer.dispose()
  })

  test('answers between the epochs of fit, with the parameters at the end of an epoch', async (backend) => {
    const wanted = await outputsByEpoch(backend, 6)
    const trainer = await create(backend)
    // With early stopping the trainer does not submit epochs ahead of those that it reports.
    const training = trainer.fit(data, { epochs: 6, earlyStopping: { patience: 100, restoreBest: false } })
    const answers = []
    for (let i = 0; i < 12; i++) answers.push((await trainer.predict(rows)).toArray())
    await training
    for (const answer of answers) expect(wanted).toContainEqual(answer)
    expect((await trainer.predict(rows)).toArray()).toEqual(wanted[6])
    trainer.dispose()
  })

  test('answers from inside onEpoch and while checkpoints are written', async (backend) => {
    const wanted = await outputsByEpoch(backend, 3)
    const trainer = await create(backend)
    const [reported, written]: number[][][][] = [[], []]
    await trainer.fit(data, {
      epochs: 3,
      onEpoch: async () => {
        const [first, second] = await Promise.all([trainer.predict(rows), trainer.predict(rows)])
        expect(second.toArray()).toEqual(first.toArray())
        reported!.push(first.toArray())
      },
      checkpoint: { write: async () => void written!.push((await trainer.predict(rows)).toArray()) },
    })
    expect(reported).toEqual(wanted.slice(1))
    expect(written).toEqual(wanted.slice(1))
    trainer.dispose()
  })

  test('answers from inside the loops over epochs and steps', async (backend) => {
    const wanted = await outputsByEpoch(backend, 2)
    const trainer = await create(backend)
    for await (const { step } of trainer.steps(data)) {
      const [outputs] = await Promise.all([trainer.predict(rows), trainer.evaluate(data), trainer.read()])
      if (step % 3 === 0) expect(outputs.toArray()).toEqual(wanted[step / 3])
      if (step === 6) break
    }
    trainer.dispose()
  })

  test('refuses only a second training', async (backend) => {
    const trainer = await create(backend)
    const training = trainer.fit(data, { epochs: 3 })
    const refused = [trainer.fit(data, { epochs: 1 }), trainer.epochs(data).next(), trainer.steps(data).next()]
    for (const one of refused) await expect(one).rejects.toThrow('trainer: already training in fit(); await that call')
    await training
    const loop = trainer.epochs(data, { epochs: 2 })
    await loop.next()
    await expect(trainer.fit(data)).rejects.toThrow(
      'trainer: already training in epochs(); leave that loop before fit()',
    )
    await loop.return?.()
    expect((await trainer.fit(data, { epochs: 1 })).epochs.length).toBe(1)
    trainer.dispose()
  })

  test('ends waiting calls when the trainer is disposed of', async (backend) => {
    const trainer = await create(backend)
    const calls = [trainer.fit(data, { epochs: 1000 }), trainer.predict(rows), trainer.evaluate(data)]
    trainer.dispose()
    for (const [i, name] of ['fit', 'predict', 'evaluate'].entries()) {
      const error = await calls[i]!.catch((failure: unknown) => failure)
      expect(error).toBeInstanceOf(InputError)
      expect((error as Error).message).toContain(`trainer: ${name}() was`)
    }
    await expect(trainer.predict(rows)).rejects.toThrow('trainer: predict() was called after dispose()')
  })
}

describe.each(hostBackends)('the calls of a trainer queue on %s', (_, make) => {
  testQueue((name, body) => it(name, () => body(make())))
})

describe.each(['layered', 'resident'] as const)('the calls of a trainer queue on a GPU, %s', (plan) => {
  testQueue((name, body) => {
    withDevice(name, ({ gpu }) => body(webgpu({ device: gpu, plan })))
  })
})
