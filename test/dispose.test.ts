import { describe, expect, it } from 'vitest'
import type { Backend, EpochOrder } from '../src/backend/backend.ts'
import { webgpu } from '../src/backend/webgpu/backend.ts'
import { DeviceLostError, InputError } from '../src/core/errors.ts'
import { DataStream } from '../src/index.ts'
import { sgd } from '../src/optimizer/optimizer.ts'
import { Trainer, type TrainerOptions } from '../src/index.ts'
import { hostBackends, randomData, randomNetwork } from './backends.ts'
import { withDevice } from './device.ts'

const data = randomData(60, 3, 2, 1)
const networkOf = () => randomNetwork([3, 5, 2], 'tanh', 'sigmoid', 1)
const options: TrainerOptions = { optimizer: sgd({ learningRate: 0.01 }), batchSize: 20, seed: 1 }

/** Waits for this many turns of the event loop. */
async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve))
}

/** The reason with which a promise is rejected; undefined if it resolves. */
const failureOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  )

async function consume(iterator: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of iterator);
}

/** Calls that never end: dispose() always comes first. */
const endless: Record<string, (trainer: Trainer) => Promise<unknown>> = {
  fit: (trainer) => trainer.fit(data, { epochs: 1e6 }),
  'fit with validation': (trainer) => trainer.fit(data, { epochs: 1e6, validation: data }),
  'fit of a stream': (trainer) =>
    trainer.fit(DataStream.from({ samples: data.length, chunks: () => [data], example: data }), { epochs: 1e6 }),
  epochs: (trainer) => consume(trainer.epochs(data, { epochs: 1e6 })),
  steps: (trainer) => consume(trainer.steps(data)),
}

/** Calls that may end before dispose(); their results must then be correct. */
const short: Record<string, (trainer: Trainer) => Promise<unknown>> = {
  evaluate: (trainer) => trainer.evaluate(data),
  predict: (trainer) => trainer.predict(data.inputs),
  gradients: (trainer) => trainer.gradients(data.inputs, data.targets),
  read: (trainer) => trainer.read(),
}

const moments = [0, 1, 4, 20]

/** Disposes of trainers during each call, after various delays. */
async function expectClearEnds(backend: Backend): Promise<void> {
  for (const [name, call] of Object.entries({ ...endless, ...short })) {
    for (const moment of moments) {
      const trainer = await Trainer.create(networkOf(), { ...options, backend })
      const failure = failureOf(call(trainer))
      // At once, or after some turns of the event loop.
      if (moment > 0) await turns(moment)
      trainer.dispose()
      const error = await failure
      const method = name.split(' ')[0]!
      if (name in endless || moment === 0) expect(error, `${name} at ${moment}`).toBeInstanceOf(InputError)
      if (error !== undefined) {
        expect((error as Error).message, `${name} at ${moment}`).toContain(
          `trainer: ${method}() was ended by dispose()`,
        )
      }
      await expect(trainer.predict(data.inputs)).rejects.toThrow('trainer: predict() was called after dispose()')
      await expect(trainer.fit(data)).rejects.toThrow('trainer: fit() was called after dispose()')
    }
  }
  // Other trainers can still use the backend.
  const trainer = await Trainer.create(networkOf(), { ...options, backend })
  expect((await trainer.fit(data, { epochs: 2 })).epochs.length).toBe(2)
  trainer.dispose()
}

/** The work itself ends, not only the call that waits for it. */
async function expectWorkEnds(backend: Backend): Promise<void> {
  const settings = { loss: 'quadratic', optimizer: sgd({ learningRate: 0.01 }), batchSize: 20 } as const
  const placed = await backend.place(networkOf(), settings)
  const loaded = await placed.upload(data)
  const order = Uint32Array.from({ length: data.length }, (_, i) => i)
  const epoch: EpochOrder = { order, batchSize: 20, learningRate: 0.01, stepsBefore: 0 }
  const epochs = new Array<EpochOrder>(backend.name === 'webgpu' ? 1000 : 1e7).fill(epoch)
  const failure = failureOf(placed.train(loaded, epochs).result)
  await turns(5)
  placed.dispose()
  expect(await failure).toBeInstanceOf(Error)
}

describe('dispose() ends running calls with one clear error', () => {
  for (const [name, make] of hostBackends) {
    it(`on ${name}`, async () => {
      await expectClearEnds(make())
      await expectWorkEnds(make())
    })
  }

  for (const plan of ['layered', 'resident'] as const) {
    withDevice(`on WebGPU, ${plan}`, async ({ gpu }) => {
      const uncaptured: string[] = []
      const listener = ({ error }: GPUUncapturedErrorEvent) => uncaptured.push(error.message)
      gpu.addEventListener('uncapturederror', listener)
      await expectClearEnds(webgpu({ device: gpu, plan }))
      await expectWorkEnds(webgpu({ device: gpu, plan: 'layered' }))
      await turns(20)
      gpu.removeEventListener('uncapturederror', listener)
      expect(uncaptured).toEqual([])
    })
  }

  it('on a device that the trainer has opened', async () => {
    for (const [name, moment] of [
      ['fit', 0],
      ['fit', 3],
      ['steps', 40],
      ['evaluate', 0],
    ] as const) {
      const trainer = await Trainer.create(networkOf(), { ...options, backend: 'webgpu' })
      const failure = failureOf({ ...endless, ...short }[name]!(trainer))
      await turns(moment)
      trainer.dispose()
      expect(String(await failure)).toContain(`InputError: trainer: ${name}() was ended by dispose()`)
    }
  })

  for (const backend of ['cpu', 'wasm', 'webgpu'] as const) {
    it(`from inside onEpoch and from inside a loop: ${backend}`, async () => {
      const fitting = await Trainer.create(networkOf(), { ...options, backend })
      let epochs = 0
      const onEpoch = () => {
        if (++epochs === 2) fitting.dispose()
      }
      await expect(fitting.fit(data, { epochs: 2, onEpoch })).rejects.toThrow('trainer: fit() was ended by dispose()')
      expect(epochs).toBe(2)

      const looping = await Trainer.create(networkOf(), { ...options, backend })
      const loop = async () => {
        for await (const _ of looping.steps(data)) looping.dispose()
      }
      await expect(loop()).rejects.toThrow('trainer: steps() was ended by dispose()')
    })
  }
})

describe("a backend's dispose()", () => {
  it('ends the calls of its trainers with an error that states the reason', async () => {
    for (const moment of [0, 3, 40]) {
      const backend = webgpu()
      const trainer = await Trainer.create(networkOf(), { ...options, backend })
      const failure = failureOf(trainer.fit(data, { epochs: 1e6 }))
      await turns(moment)
      backend.dispose()
      const error = await failure
      expect(error).toBeInstanceOf(DeviceLostError)
      expect((error as Error).message).toMatch(/^the GPU device '.*' was disposed of with its backend/)
      trainer.dispose()
    }
  })

  it('ends the placement of a network', async () => {
    const backend = webgpu()
    const first = await Trainer.create(networkOf(), { ...options, backend })
    const failure = failureOf(Trainer.create(randomNetwork([3, 6, 2], 'tanh', 'sigmoid', 1), { ...options, backend }))
    await turns(1)
    backend.dispose()
    expect(await failure).toBeInstanceOf(DeviceLostError)
    first.dispose()
  })
})
