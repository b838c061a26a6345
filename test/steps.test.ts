import { describe, expect, it } from 'vitest'
import type { Backend } from '../src/backend/backend.ts'
import { cpu } from '../src/backend/host/backend.ts'
import { webgpu } from '../src/backend/webgpu/backend.ts'
import { adam } from '../src/optimizer/optimizer.ts'
import { type Step, Trainer } from '../src/index.ts'
import { hostBackends, randomData, randomNetwork } from './backends.ts'
import { expectClose } from './close.ts'
import { withDevice } from './device.ts'

const data = randomData(23, 3, 2, 1)
const make = (backend: Backend, hidden = 4) =>
  Trainer.create(randomNetwork([3, hidden, 2], 'tanh', 'sigmoid', 1), {
    backend,
    batchSize: 5,
    seed: 1,
    optimizer: adam({ learningRate: 0.05 }),
  })

/** Makes `count` steps one by one. */
async function makeSteps(trainer: Trainer, count: number): Promise<Step[]> {
  const steps: Step[] = []
  for await (const step of trainer.steps(data)) {
    steps.push(step)
    if (steps.length === count) break
  }
  return steps
}

async function expectSameAsEpochs(backend: Backend, hidden: number): Promise<void> {
  const [stepped, whole] = [await make(backend, hidden), await make(backend, hidden)]
  const { epochs } = await whole.fit(data, { epochs: 3 })
  const steps = await makeSteps(stepped, 7) // One epoch is five steps, the last of them on three samples.
  expect(steps.map(({ step, epoch, samples }) => [step, epoch, samples])).toEqual([
    [1, 1, 5],
    [2, 1, 5],
    [3, 1, 5],
    [4, 1, 5],
    [5, 1, 3],
    [6, 2, 5],
    [7, 2, 5],
  ])
  const first = steps.slice(0, 5).reduce((sum, { loss, samples }) => sum + loss * samples, 0) / 23
  expectClose([first], [epochs[0]!.loss], { name: 'loss of the first epoch', rtol: 1e-6, atol: 0 })
  const rest = await stepped.fit(data, { epochs: 2 })
  expect(rest.epochs.map(({ epoch, steps }) => [epoch, steps])).toEqual([[2, 5], [3, 5]]) // prettier-ignore
  const losses = (of: typeof epochs) => of.map(({ loss, accuracy }) => [loss, accuracy!]).flat()
  expectClose(losses(rest.epochs), losses(epochs.slice(1)), { name: 'losses', rtol: 1e-6, atol: 0 })
  expect((await stepped.read()).parameters).toEqual((await whole.read()).parameters)
  stepped.dispose()
  whole.dispose()
}

describe('steps', () => {
  for (const [name, make] of hostBackends) {
    for (const hidden of [4, 90]) {
      it(`are the steps of the epochs, one at a time: ${name}, ${hidden} hidden neurons`, () =>
        expectSameAsEpochs(make(), hidden))
    }
  }
  withDevice('webgpu, resident', ({ gpu }) => expectSameAsEpochs(webgpu({ device: gpu }), 4))
  withDevice('webgpu, layered', ({ gpu }) => expectSameAsEpochs(webgpu({ device: gpu, plan: 'layered' }), 40))

  it('are one loop at a time, like epochs', async () => {
    const trainer = await make(cpu())
    const steps = trainer.steps(data)
    await steps.next()
    await expect(trainer.fit(data)).rejects.toThrow('already training')
    await steps.return?.()
    expect((await trainer.fit(data, { epochs: 1 })).epochs[0]!.epoch).toBe(1)
    expect(trainer.epoch).toBe(1)
  })

  it('end when the signal is aborted, and start a new epoch on other data', async () => {
    const trainer = await make(cpu())
    await makeSteps(trainer, 2)
    const other = randomData(11, 3, 2, 2)
    const { epochs } = await trainer.fit(other, { epochs: 1 })
    expect(epochs[0]).toMatchObject({ epoch: 1, steps: 3 })
    await expect(trainer.steps(data, { signal: AbortSignal.abort(new Error('enough')) }).next()).rejects.toThrow(
      'enough',
    )
  })
})
