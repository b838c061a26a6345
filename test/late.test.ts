import { describe, expect, it } from 'vitest'
import { webgpu } from '../src/backend/webgpu/backend.ts'
import type { WebGPUOptions } from '../src/backend/webgpu/options.ts'
import { Device } from '../src/backend/webgpu/device/device.ts'
import { DivergedError } from '../src/core/errors.ts'
import type { Checkpoint } from '../src/training/checkpoint.ts'
import { adam, sgd } from '../src/optimizer/optimizer.ts'
import { type Epoch, type FitOptions, Trainer, type TrainerOptions } from '../src/index.ts'
import { randomData, randomNetwork } from './backends.ts'
import { createTrainer, openDevice } from './late-trainers.ts'

describe('a device whose results arrive late', () => {
  const cases: Record<string, { sizes: number[] } & TrainerOptions & WebGPUOptions> = {
    'straight-line code': { sizes: [2, 3, 2] },
    loops: { sizes: [4, 12, 9, 3], batchSize: 16 },
    layered: { sizes: [4, 12, 3], plan: 'layered', optimizer: adam() },
    'with dropout': { sizes: [4, 12, 3], dropout: 0.2 },
  }
  for (const [name, { sizes, ...options }] of Object.entries(cases)) {
    it(`trains to the same bits: ${name}`, async () => {
      const data = randomData(60, sizes[0]!, sizes.at(-1)!, 1)
      const results = await Promise.all(
        (['plain', 'late'] as const).map(async (kind) => {
          const trainer = await createTrainer(kind, sizes, options)
          const reported: unknown[] = []
          const onEpoch = ({ epoch, loss, validation, steps }: Epoch) =>
            void reported.push([epoch, loss, validation, steps])
          const checkpoints: unknown[] = []
          await trainer.fit(data, { epochs: 30, onEpoch })
          await trainer.fit(data, { epochs: 9, validation: randomData(25, sizes[0]!, sizes.at(-1)!, 2), onEpoch })
          const write = (checkpoint: unknown) => void checkpoints.push(checkpoint)
          await trainer.fit(data, { epochs: 7, checkpoint: { every: 3, write }, onEpoch })
          for await (const step of trainer.steps(data)) if (step.step % 3 === 1) break
          let count = 0
          for await (const epoch of trainer.epochs(data, { epochs: 7, atOnce: 3 })) {
            onEpoch(epoch)
            // After each third epoch: how many epochs were submitted before that depends on the speed of the device.
            if (++count % 3 === 0) reported.push([...(await trainer.read()).parameters])
          }
          const { parameters } = await trainer.read()
          const score = await trainer.evaluate(data)
          trainer.dispose()
          return { reported, checkpoints, parameters: [...parameters], score, epoch: trainer.epoch, step: trainer.step }
        }),
      )
      expect(results[0]).toEqual(results[1])
      expect(results[0]!.reported.length).toBeGreaterThan(50)
    })
  }

  for (const plan of ['layered', 'auto'] as const) {
    it(`has the state after the last of several epochs that were requested at once: ${plan}`, async () => {
      const data = randomData(40, 2, 2, 1)
      const validation = randomData(15, 2, 2, 2)
      const sizes = [5, 1, 7, 2, 2, 9]
      const ends = sizes.map((_, i) => sizes.slice(0, i + 1).reduce((sum, size) => sum + size))
      const [one, many] = [
        await createTrainer('plain', [2, 3, 2], { plan }),
        await createTrainer('late', [2, 3, 2], { plan }),
      ]
      const expected: unknown[] = []
      for await (const { epoch, loss, validation: score } of one.epochs(data, { epochs: ends.at(-1)!, validation })) {
        if (ends.includes(epoch)) expected.push([epoch, loss, score, ...(await one.read()).parameters])
      }
      const left = [...sizes]
      const got: unknown[] = []
      const options = { epochs: ends.at(-1)!, validation, atOnce: () => left.shift()! }
      for await (const { epoch, loss, validation: score } of many.epochs(data, options)) {
        if (!ends.includes(epoch)) continue
        expect(many.epoch).toBe(epoch)
        got.push([epoch, loss, score, ...(await many.read()).parameters])
      }
      expect(got).toEqual(expected)
      for (const trainer of [one, many]) trainer.dispose()
    })
  }

  for (const plan of ['layered', 'resident'] as const) {
    it(`diverges in the same epoch, with the same parameters: ${plan}`, async () => {
      const errors = await Promise.all(
        (['plain', 'late'] as const).map(async (kind) => {
          const network = randomNetwork([4, 12, 9, 2], 'relu', 'linear', 1)
          const backend = webgpu({ device: await openDevice(kind), plan })
          const optimizer = sgd({ learningRate: 12 })
          const trainer = await Trainer.create(network, {
            backend,
            loss: 'meanSquaredError',
            optimizer,
            batchSize: 8,
            seed: 1,
          })
          const data = randomData(64, 4, 2, 1)
          const error: unknown = await trainer.fit(data, { epochs: 50 }).catch((error: unknown) => error)
          expect([...(await trainer.read()).parameters].every(Number.isFinite)).toBe(true)
          trainer.dispose()
          return error
        }),
      )
      expect(errors[0]).toBeInstanceOf(DivergedError)
      expect(errors[0]).toEqual(errors[1])
    })
  }

  for (const plan of ['layered', 'auto'] as const) {
    it(`responds to an abort, and can train afterwards: ${plan}`, async () => {
      const trainer = await createTrainer('late', [2, 3, 2], { plan })
      const data = randomData(500, 2, 2, 1)
      const controller = new AbortController()
      let aborted = 0
      const abort = () => {
        aborted = performance.now()
        controller.abort(new Error('enough'))
      }
      let timer: ReturnType<typeof setTimeout> | undefined
      const onEpoch = () => void (timer ??= setTimeout(abort, 500))
      await expect(trainer.fit(data, { epochs: 1e9, signal: controller.signal, onEpoch })).rejects.toThrow('enough')
      // Submitted work takes a few tenths of a second; much more would mean that it was not bounded.
      expect(performance.now() - aborted).toBeLessThan(10_000)
      const { epoch } = trainer
      expect(epoch).toBeGreaterThan(0)
      const { epochs } = await trainer.fit(data, { epochs: 3 })
      expect(epochs.map((each) => each.epoch)).toEqual([epoch + 1, epoch + 2, epoch + 3])
      trainer.dispose()
    })
  }

  it('stops early in the same epoch', async () => {
    const stop = async (kind: 'plain' | 'late') => {
      const trainer = await createTrainer(kind, [2, 3, 2])
      const options: FitOptions = { epochs: 12, earlyStopping: { patience: 3, minDelta: 0.05 } }
      const { epochs, bestEpoch } = await trainer.fit(randomData(60, 2, 2, 1), options)
      trainer.dispose()
      return { losses: epochs.map(({ loss }) => loss), bestEpoch }
    }
    expect(await stop('late')).toEqual(await stop('plain'))
  })
})

/** Refuses writes of zero bytes, as Deno does. */
function refuseEmptyWrites({ queue }: GPUDevice): void {
  const write = queue.writeBuffer.bind(queue) as (...args: unknown[]) => void
  queue.writeBuffer = (...args: unknown[]) => {
    const [, , data, , size = (data as ArrayLike<unknown> & ArrayBuffer).length ?? (data as ArrayBuffer).byteLength] =
      args
    if (size === 0) throw new Error('an empty write')
    write(...args)
  }
}

it('writes of zero bytes are skipped', async () => {
  const device = await Device.open()
  refuseEmptyWrites(device.gpu)
  for (const plan of ['layered', 'resident'] as const) {
    const network = randomNetwork([2, 3, 2], 'tanh', 'sigmoid', 1)
    const backend = webgpu({ device: device.gpu, plan })
    const trainer = await Trainer.create(network, { backend, loss: 'quadratic', optimizer: sgd(), seed: 1 })
    const data = randomData(20, 2, 2, 1)
    let kept: Checkpoint | undefined
    await trainer.fit(data, {
      epochs: 2,
      validation: data,
      checkpoint: { write: (checkpoint) => void (kept = checkpoint) },
    })
    await trainer.resume(kept!)
    await trainer.evaluate(data)
    expect(await trainer.gradients([[1, 2]], [[0, 1]])).toHaveProperty('loss')
    trainer.dispose()
  }
  device.dispose()
})
