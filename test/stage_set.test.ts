import { setTimeout } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { cpu, hostBackend } from '../src/backend/host/backend.ts'
import { openReference } from '../src/backend/host/reference/set.ts'
import type { Stages, StageSet, StageSetting } from '../src/backend/host/stage-set.ts'
import { stepScalars } from '../src/optimizer/optimizer.ts'
import { DivergedError, sgd, Trainer } from '../src/index.ts'
import { randomData, randomNetwork } from './backends.ts'

/** A record of what the set did. */
const counts = { opened: 0, steps: 0, released: 0, disposed: 0 }

/**
 * A set that opens asynchronously, owns its memory (a shared WebAssembly.Memory), and makes several steps of plain sgd in one
 * call: by the stages of the reference, on the set's memory.
 */
const stepping: StageSet = {
  async open(setting: StageSetting): Promise<Stages> {
    await setTimeout(1)
    const memory = new WebAssembly.Memory({ initial: 4, maximum: 4, shared: true })
    let used = 0
    const make = (length: number) => {
      const values = new Float64Array(memory.buffer, used, length)
      used += values.byteLength
      return values
    }
    const stages = openReference(setting, make)
    const { layers, settings } = setting
    const space = stages.makeWorkspace(settings.batchSize, false)
    counts.opened++
    return {
      ...stages,
      bytes: memory.buffer.byteLength,
      steps(data, { order, batchSize, learningRate, stepsBefore }, first, count) {
        const sums = { loss: 0, right: 0 }
        for (let step = first; step < first + count; step++) {
          const start = step * batchSize
          const rows = Math.min(batchSize, order.length - start)
          space.take(data, start, rows, order)
          for (let l = 0; l < layers.length; l++) stages.forward(l, space, rows)
          const { loss, right } = stages.outputDelta(space, rows)
          sums.loss += loss
          sums.right += right
          for (let l = layers.length - 1; l >= 0; l--) {
            if (l > 0) stages.hiddenDelta(l - 1, space, rows)
            stages.gradient(l, space, rows)
          }
          stages.update(stepScalars(settings.optimizer, stepsBefore + step + 1, learningRate))
          counts.steps++
        }
        return sums
      },
      release() {
        counts.released++
      },
      dispose() {
        counts.disposed++
      },
    }
  },
}

const network = randomNetwork([3, 5, 2], 'sigmoid', 'sigmoid', 1)
const data = randomData(33, 3, 2, 2)
const options = { batchSize: 8, seed: 4, optimizer: sgd({ learningRate: 0.7 }) }

async function run(backend: ReturnType<typeof cpu>) {
  const trainer = await Trainer.create(network.clone(), { backend, ...options })
  const { epochs } = await trainer.fit(data, { epochs: 5, validation: data })
  // The losses of several steps are added before they are added to the epoch's.
  const losses = epochs.map(({ loss }) => loss)
  const scores = epochs.map(({ accuracy, validation }) => [accuracy, validation])
  const outputs = (await trainer.predict(data.inputs)).toArray()
  const result = { scores, outputs, parameters: [...(await trainer.read()).parameters] }
  trainer.dispose()
  return { losses, result }
}

it('a set of stages may open asynchronously, own its memory and make several steps in one call', async () => {
  const before = { ...counts }
  const own = await run(hostBackend('steps', 'float64, several steps', stepping))
  const reference = await run(cpu({ precision: 'float64' }))
  expect(own.result).toEqual(reference.result)
  own.losses.forEach((loss, epoch) => expect(loss).toBeCloseTo(reference.losses[epoch]!, 14))
  expect(counts.opened).toBe(before.opened + 1)
  expect(counts.steps).toBe(before.steps + 25)
  expect(counts.released).toBeGreaterThan(before.released)
  expect(counts.disposed).toBe(before.disposed + 1)
})

it('the engine returns to the beginning of an epoch that ended with an infinite parameter in a set', async () => {
  const breaking: StageSet = {
    async open(setting) {
      const stages = await stepping.open(setting)
      const steps: Stages['steps'] = (source, order, first, count) => {
        const sums = stages.steps!(source, order, first, count)
        if (order.stepsBefore > 0) stages.parameters[3] = Infinity
        return sums
      }
      return { ...stages, steps }
    },
  }
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
