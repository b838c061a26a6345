import { describe, expect, it } from 'vitest'
import { webgpu } from '../src/backend/webgpu/backend.ts'
import { webgpuWith } from '../src/backend/webgpu/opened-backend.ts'
import { Device } from '../src/backend/webgpu/device/device.ts'
import { AdapterProfile } from '../src/backend/webgpu/device/profile.ts'
import type { PlanChoice } from '../src/backend/webgpu/options.ts'
import { Matrix } from '../src/core/matrix.ts'
import { epochOrder } from '../src/data/minibatch.ts'
import {
  type ActivationName,
  type Backend,
  type Checkpoint,
  cpu,
  Dataset,
  DataStream,
  decodeCheckpoint,
  encodeCheckpoint,
  type FitOptions,
  Network,
  sgd,
  Trainer,
  type TrainerOptions,
} from '../src/index.ts'
import { hostBackends, randomData, randomNetwork, wasmOnTwoThreads } from './backends.ts'
import { withDevice } from './device.ts'

const SAMPLES = 34
const BATCH = 10
const EPOCHS = 3

/** A network with several labels per sample. */
interface Shape {
  readonly sizes: readonly number[]
  readonly output?: ActivationName
  /** Each sample has another weight; accuracies do not depend on them. */
  readonly weighted?: boolean
}

/** Targets of which about half are 1, so that hits of argmax and the share of labels differ. */
function labelData({ sizes, output, weighted }: Shape, seed: number, samples = SAMPLES): Dataset {
  const { inputs } = randomData(samples, sizes[0]!, 1, seed)
  const outputs = sizes.at(-1)!
  const low = output === 'tanh' ? -1 : 0
  const targets = new Matrix(samples, outputs)
  targets.data.forEach((_, i) => (targets.data[i] = (7 * i + (i % 5) * (i % 11) + seed) % 4 < 2 ? 1 : low))
  return Dataset.from(
    inputs,
    targets,
    weighted ? { weights: Array.from({ length: samples }, (_, i) => 1 + (i % 3)) } : {},
  )
}

const networkOf = ({ sizes, output = 'sigmoid' }: Shape) => randomNetwork(sizes, 'tanh', output, 1)
const trainerOptions = { batchSize: BATCH, seed: 1, loss: 'meanSquaredError', optimizer: sgd({ learningRate: 0.5 }) } as const // prettier-ignore

const create = (network: Network, options: TrainerOptions) => Trainer.create(network, { ...trainerOptions, ...options })

/** Labels that are predicted correctly, and those whose outputs are so close to the boundary that float32 may differ. */
interface Count {
  right: number
  close: number
  readonly labels: number
}

function countLabels(answers: Matrix, targets: Matrix, boundary: number): Count {
  const count = { right: 0, close: 0, labels: targets.data.length }
  answers.data.forEach((answer, i) => {
    count.right += Number(answer > boundary === targets.data[i]! > boundary)
    count.close += Number(Math.abs(answer - boundary) < 1e-5)
  })
  return count
}

interface Counts {
  readonly training: Count[]
  readonly validation: Count[]
}

/** Counts from the predictions of a float64 network before each step, and on the validation data after each epoch. */
async function countInFloat64(shape: Shape): Promise<Counts> {
  const network = networkOf(shape)
  const [data, validation] = [labelData(shape, 1), labelData(shape, 2)]
  const trainer = await create(network, { backend: cpu({ precision: 'float64' }) })
  const boundary = shape.output === 'tanh' ? 0 : 0.5
  const counts: Counts = { training: [], validation: [] }
  const steps = trainer.steps(data, { shuffle: false })
  for (let e = 0; e < EPOCHS; e++) {
    const epoch = { right: 0, close: 0, labels: data.targets.data.length }
    for (let start = 0; start < data.length; start += BATCH) {
      const minibatch = data.slice(start, Math.min(start + BATCH, data.length))
      const { right, close } = countLabels(await trainer.predict(minibatch.inputs), minibatch.targets, boundary)
      epoch.right += right
      epoch.close += close
      await steps.next()
    }
    counts.training.push(epoch)
    counts.validation.push(countLabels(await trainer.predict(validation.inputs), validation.targets, boundary))
  }
  await steps.return?.()
  trainer.dispose()
  return counts
}

function expectShares(accuracies: readonly (number | undefined)[], counts: readonly Count[]): void {
  expect(accuracies).toHaveLength(counts.length)
  counts.forEach(({ right, close, labels }, i) => {
    expect(close).toBeLessThan(labels / 100)
    expect(accuracies[i]! * labels).toBeGreaterThan(right - close - 1e-6)
    expect(accuracies[i]! * labels).toBeLessThan(right + close + 1e-6)
  })
}

/** The accuracies of the epochs are the shares of labels, of training and validation data. */
async function expectLabels(
  backend: Backend,
  shape: Shape,
  options: TrainerOptions = {},
  more: Partial<FitOptions> = {},
) {
  const trainer = await create(networkOf(shape), { backend, ...options })
  const fitOptions = { epochs: EPOCHS, shuffle: false, ...more, validation: labelData(shape, 2) }
  const { epochs } = await trainer.fit(labelData(shape, 1), fitOptions)
  trainer.dispose()
  const want = await countInFloat64(shape)
  expectShares(epochs.map(({ accuracy }) => accuracy), want.training) // prettier-ignore
  expectShares(epochs.map(({ validation }) => validation.accuracy), want.validation) // prettier-ignore
}

const shapes = {
  'small layers': { sizes: [3, 4, 5] },
  'small layers, tanh': { sizes: [3, 4, 5], output: 'tanh' },
  'middle layers': { sizes: [5, 13, 6] },
  'large layers': { sizes: [20, 40, 37] },
  'wide outputs': { sizes: [6, 8, 270] },
  'samples with weights': { sizes: [3, 4, 5], weighted: true },
} as const satisfies Record<string, Shape>
const shape = shapes['small layers']

/** The device as a hardware adapter. */
const asHardware = (gpu: GPUDevice, plan: PlanChoice) =>
  webgpuWith(Device.from(gpu, new AdapterProfile({ software: false, quads: AdapterProfile.of(gpu).quads })), plan)

describe('the accuracy of an epoch with several labels per sample is the share of correct labels', () => {
  describe.each(Object.entries<Shape>(shapes))('%s', (_, each) => {
    it.each(hostBackends)('on %s', (_backend, make) => expectLabels(make(), each))
  })

  for (const name of ['small layers', 'wide outputs', 'samples with weights'] as const) {
    withDevice(`by the layered plan, ${name}`, ({ gpu }) =>
      expectLabels(webgpu({ device: gpu, plan: 'layered' }), shapes[name]),
    )
  }

  for (const name of ['small layers', 'small layers, tanh', 'middle layers'] as const) {
    withDevice(`by the resident plan, ${name}`, ({ gpu }) =>
      expectLabels(webgpu({ device: gpu, plan: 'resident' }), shapes[name]),
    )
  }

  withDevice('by the resident plan, a sample on each invocation', ({ gpu }) =>
    expectLabels(asHardware(gpu, 'resident'), shape),
  )

  withDevice('by the layered plan, invocations sharing rows of wide outputs', ({ gpu }) =>
    expectLabels(asHardware(gpu, 'layered'), shapes['wide outputs']),
  )

  withDevice('of data in windows', ({ gpu }) =>
    expectLabels(webgpu({ device: gpu, plan: 'layered' }), shape, { dataMemory: 1500 }),
  )

  it('of a stream of which nothing is known before its first chunk', async () => {
    const [data, network] = [labelData(shape, 1), networkOf(shape)]
    const stream = DataStream.from({ samples: data.length, chunks: () => [data.slice(0, 20), data.slice(20, SAMPLES)] })
    const trainer = await create(network, { backend: 'cpu' })
    const { epochs } = await trainer.fit(stream, { epochs: EPOCHS, shuffle: false })
    trainer.dispose()
    expect(network.task).toBe('multilabel')
    expectShares(epochs.map(({ accuracy }) => accuracy), (await countInFloat64(shape)).training) // prettier-ignore
  })

  it('of an epoch that steps have begun, and of the steps', async () => {
    const data = labelData(shape, 1)
    const want = await countInFloat64(shape)
    const trainer = await create(networkOf(shape), { backend: 'cpu' })
    const before = countLabels(await trainer.predict(data.slice(0, BATCH).inputs), data.slice(0, BATCH).targets, 0.5)
    for await (const { step, accuracy } of trainer.steps(data, { shuffle: false })) {
      if (step === 1) expectShares([accuracy], [before])
      if (step === 2) break
    }
    const { last } = await trainer.fit(data, { epochs: 1, shuffle: false })
    trainer.dispose()
    expectShares([last.accuracy], want.training.slice(0, 1))
  })

  for (const [name, backend] of [
    ['cpu', () => cpu()],
    ['wasm', () => wasmOnTwoThreads],
    ['webgpu', (gpu: GPUDevice) => webgpu({ device: gpu })],
  ] as const) {
    withDevice(`after a checkpoint, on ${name}`, async ({ gpu }) => {
      const data = labelData(shape, 1)
      let text = ''
      const write = (made: Checkpoint) => void (text ||= encodeCheckpoint(made))
      const whole = await create(networkOf(shape), { backend: backend(gpu) })
      const { epochs } = await whole.fit(data, { epochs: EPOCHS, checkpoint: { every: 1, write } })
      const resumed = await create(networkOf(shape), { backend: backend(gpu) })
      await resumed.resume(decodeCheckpoint(text))
      const rest = await resumed.fit(data, { epochs: EPOCHS - resumed.epoch })
      for (const trainer of [whole, resumed]) trainer.dispose()
      const accuracies = epochs.map(({ accuracy }) => accuracy)
      expect(accuracies.every((accuracy) => accuracy! > 0)).toBe(true)
      expect(rest.epochs.map(({ accuracy }) => accuracy)).toEqual(accuracies.slice(1))
    })
  }

  withDevice('of each network of a population, and of its scores', async ({ gpu }) => {
    const data = labelData(shape, 1)
    const backend = webgpu({ device: gpu, plan: 'resident' })
    const networks = [1, 2, 3].map((seed) => randomNetwork(shape.sizes, 'tanh', 'sigmoid', seed))
    const rates = [0.1, 0.5, 1]
    const settings = rates.map((learningRate) => ({ ...trainerOptions, optimizer: sgd({ learningRate }) }))
    const epochs = rates.map(
      (learningRate) =>
      [0, 1].map((e) => ({ order: epochOrder(SAMPLES, 1, e + 1, true), batchSize: BATCH, learningRate, stepsBefore: 4 * e, countsLabels: true })), // prettier-ignore
    )
    const population = await backend.populate!(networks, settings)
    const handle = await population.upload(data)
    const sums = await population.train(handle, epochs).result
    const scores = await population.score(handle, true).result
    for (const [k, network] of networks.entries()) {
      const alone = await backend.place(network, settings[k]!)
      const own = await alone.upload(data)
      expect(sums[k]).toEqual(await alone.train(own, epochs[k]!).result)
      const answers = new Matrix(SAMPLES, 5, await population.outputs(handle, k))
      expectShares([scores[k]!.right / data.targets.data.length], [countLabels(answers, data.targets, 0.5)])
      alone.dispose()
    }
    population.dispose()
  })

  it('is what early stopping watches', async () => {
    const trainer = await create(networkOf(shape), { backend: 'cpu', optimizer: sgd({ learningRate: 1e-9 }) })
    const earlyStopping = { patience: 2, monitor: 'accuracy' } as const
    const history = await trainer.fit(labelData(shape, 1), { epochs: 9, earlyStopping })
    trainer.dispose()
    expect([history.stopped, history.bestEpoch, history.epochs.length]).toEqual(['earlyStopping', 1, 3])
  })
})
