import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { expect, it } from 'vitest'
import type { Sums } from '../src/backend/backend.ts'
import { cpu, hostBackend } from '../src/backend/host/backend.ts'
import { openReference } from '../src/backend/host/reference/set.ts'
import type { Stages, StageSet, StageSetting } from '../src/backend/host/stage-set.ts'
import { DivergedError, sgd, Trainer } from '../src/index.ts'
import { randomData, randomNetwork } from './backends.ts'

/** A record of what the set did. */
const counts = { opened: 0, epochs: 0, disposed: 0 }

/**
 * A set that owns its memory (a shared WebAssembly.Memory), opens asynchronously (a thread that has to start) and takes
 * whole epochs of plain sgd; other stages are those of the reference, on the set's memory.
 */
const threaded: StageSet = {
  async open(setting: StageSetting): Promise<Stages> {
    const memory = new WebAssembly.Memory({ initial: 4, maximum: 4, shared: true })
    let used = 0
    const make = (length: number) => {
      const values = new Float64Array(memory.buffer, used, length)
      used += values.byteLength
      return values
    }
    const stages = openReference(setting, make)
    const { layers, settings } = setting
    const sizes = [layers[0]!.inputs, ...layers.map(({ outputs }) => outputs)]
    const parameters = stages.parameters.byteOffset
    const worker = new Worker(new URL('./stage-set/worker.js', import.meta.url), {
      workerData: { memory, sizes, parameters },
    })
    await once(worker, 'online')
    counts.opened++
    const isPlain = settings.optimizer.name === 'sgd' && settings.optimizer.momentum === 0
    return {
      ...stages,
      bytes: memory.buffer.byteLength,
      async epoch({ inputs, targets, weights }, { order, batchSize, learningRate }) {
        if (!isPlain || weights) return undefined
        counts.epochs++
        const answer = once(worker, 'message') as Promise<[Sums]>
        worker.postMessage({ x: inputs.data, y: targets!.data, order, batchSize, learningRate })
        return (await answer)[0]
      },
      dispose() {
        counts.disposed++
        void worker.terminate()
      },
    }
  },
}

const network = randomNetwork([3, 5, 2], 'sigmoid', 'sigmoid', 1)
const data = randomData(33, 3, 2, 2)

async function run(backend: ReturnType<typeof cpu>, options: Partial<Parameters<typeof Trainer.create>[1]> = {}) {
  const trainer = await Trainer.create(network.clone(), { batchSize: 8, seed: 4, backend, optimizer: sgd({ learningRate: 0.7 }), ...options }) // prettier-ignore
  const { epochs } = await trainer.fit(data, { epochs: 5, validation: data })
  const losses = epochs.map(({ loss, accuracy, validation }) => [loss, accuracy, validation])
  const outputs = (await trainer.predict(data.inputs)).toArray()
  const result = { losses, outputs, parameters: [...(await trainer.read()).parameters] }
  trainer.dispose()
  return result
}

const backend = () => hostBackend('threads', 'float64, one thread', threaded)

it('a set of stages may open asynchronously, own its memory and take whole epochs', async () => {
  const before = { ...counts }
  expect(await run(backend())).toEqual(await run(cpu({ precision: 'float64' })))
  expect(counts).toEqual({ opened: before.opened + 1, epochs: before.epochs + 5, disposed: before.disposed + 1 })
})

it('the engine uses the stages for epochs that a set does not support', async () => {
  const epochs = counts.epochs
  const options = { optimizer: sgd({ learningRate: 0.1, momentum: 0.9 }), l2: 0.01, dropout: 0.2 }
  expect(await run(backend(), options)).toEqual(await run(cpu({ precision: 'float64' }), options))
  expect(counts.epochs).toBe(epochs)
})

it('the engine returns to the beginning of an epoch that ended with an infinite parameter in a set', async () => {
  const breaking: StageSet = {
    async open(setting) {
      const stages = await threaded.open(setting)
      const epoch: Stages['epoch'] = async (source, order) => {
        const sums = await stages.epoch!(source, order)
        if (order.stepsBefore > 0) stages.parameters[3] = Infinity
        return sums
      }
      return { ...stages, epoch }
    },
  }
  const options = { batchSize: 8, seed: 4, optimizer: sgd({ learningRate: 0.7 }) }
  const trainer = await Trainer.create(network.clone(), { ...options, backend: hostBackend('t', 'broken', breaking) })
  const error = await trainer.fit(data, { epochs: 3 }).catch((failure: unknown) => failure)
  expect(error).toBeInstanceOf(DivergedError)
  expect((error as DivergedError).epoch).toBe(2)
  const whole = await Trainer.create(network.clone(), { ...options, backend: cpu({ precision: 'float64' }) })
  await whole.fit(data, { epochs: 1 })
  expect([...(await trainer.read()).parameters]).toEqual([...(await whole.read()).parameters])
  trainer.dispose()
  whole.dispose()
})
