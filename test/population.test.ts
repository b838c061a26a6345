import { describe, expect, it } from 'vitest'
import type { EpochOrder, PlacementSettings, Sums } from '../src/backend/backend.ts'
import { webgpu } from '../src/backend/webgpu/backend.ts'
import { InputError } from '../src/core/errors.ts'
import type { Dataset } from '../src/data/dataset.ts'
import { countMinibatches, epochOrder } from '../src/data/minibatch.ts'
import type { Network } from '../src/model/network.ts'
import { adagrad, adam, adamw, nadam, type Optimizer, rmsprop, sgd } from '../src/optimizer/optimizer.ts'
import { randomData, randomNetwork } from './backends.ts'
import { expectClose } from './close.ts'
import { countCalls } from './count-calls.ts'
import { covering } from './covering.ts'
import { withDevice } from './device.ts'
import { RecordingGPU } from './recording-gpu.ts'

const BATCH = 10
/** The last minibatch is shorter. */
const SAMPLES = 34

/** The learning rate of a network's optimizer: each network has a different one. */
type MakeOptimizer = (learningRate: number, k: number) => Optimizer

const optimizers: Record<string, MakeOptimizer> = {
  sgd: (learningRate) => sgd({ learningRate }),
  'sgd with weight decay, momentum and nesterov': (learningRate, k) =>
    sgd({ learningRate, momentum: 0.5 + 0.4 / (k + 1), weightDecay: 0.01 / (k + 1), nesterov: true }),
  rmsprop: (learningRate, k) => rmsprop({ learningRate, alpha: 0.9 + 0.09 / (k + 1), epsilon: 1e-6 * (k + 1) }),
  'rmsprop, centered with momentum': (learningRate, k) =>
    rmsprop({ learningRate, centered: true, momentum: 0.3 / (k + 1) }),
  adagrad: (learningRate, k) => adagrad({ learningRate, learningRateDecay: 0.01 * k, initialAccumulator: 0.1 }),
  adam: (learningRate, k) => adam({ learningRate, betas: [0.8 + 0.1 / (k + 1), 0.99], weightDecay: 0.01 }),
  adamw: (learningRate, k) => adamw({ learningRate, weightDecay: 0.1 / (k + 1) }),
  nadam: (learningRate, k) => nadam({ learningRate, betas: [0.9, 0.9 + 0.09 / (k + 1)] }),
}

interface Shape {
  readonly sizes: number[]
  readonly output: 'sigmoid' | 'softmax' | 'linear'
  readonly loss: PlacementSettings['loss']
}

const forms: Record<string, Shape> = {
  'straight-line code': { sizes: [2, 3, 2], output: 'sigmoid', loss: 'quadratic' },
  loops: { sizes: [5, 13, 6, 3], output: 'softmax', loss: 'crossEntropy' },
}

interface Member {
  readonly network: Network
  readonly settings: PlacementSettings
  readonly epochs: readonly EpochOrder[]
}

/** A network with its own parameters, hyperparameters and orders. */
function memberOf(k: number, { sizes, output, loss }: Shape, make: MakeOptimizer, penalised: boolean): Member {
  const learningRate = 0.2 / (k + 1)
  const optimizer = make(learningRate, k)
  const penalty = penalised ? { l1: 0.001 * (k + 1), l2: 0.01 / (k + 1) } : {}
  const steps = countMinibatches(SAMPLES, BATCH)
  return {
    network: randomNetwork(sizes, 'tanh', output, k + 1),
    settings: { loss, optimizer, batchSize: BATCH, ...penalty },
    epochs: [0, 1, 2].map((e) => ({
      order: epochOrder(SAMPLES, k, e + 1, true),
      batchSize: BATCH,
      learningRate,
      stepsBefore: e * steps,
    })),
  }
}

interface Trained {
  readonly sums: readonly Sums[]
  readonly parameters: ArrayLike<number>
  readonly state: ArrayLike<number>
}

async function trainAlone(gpu: GPUDevice, { network, settings, epochs }: Member, data: Dataset): Promise<Trained> {
  const placement = await webgpu({ device: gpu, plan: 'resident' }).place(network, settings)
  const handle = await placement.upload(data)
  const sums = await placement.train(handle, epochs).result
  const { parameters, state } = await placement.read()
  placement.dispose()
  return { sums, parameters, state }
}

/** @param compared which of them are read back */
async function trainTogether(gpu: GPUDevice, members: readonly Member[], data: Dataset, compared: readonly number[]) {
  const population = await webgpu({ device: gpu }).populate!(
    members.map(({ network }) => network),
    members.map(({ settings }) => settings),
  )
  const handle = await population.upload(data)
  const sums = await population.train(
    handle,
    members.map(({ epochs }) => epochs),
  ).result
  const trained: Trained[] = []
  for (const k of compared) trained.push({ sums: sums[k]!, ...(await population.read(k)) })
  population.dispose()
  expect(population.held).toBe(0)
  return trained
}

async function expectSameBits(gpu: GPUDevice, members: readonly Member[], data: Dataset, compared: readonly number[]) {
  const together = await trainTogether(gpu, members, data, compared)
  for (const [i, k] of compared.entries()) {
    const { network } = members[k]!
    expect(together[i], `network ${k}`).toEqual(await trainAlone(gpu, members[k]!, data))
    expect(Array.from(together[i]!.parameters)).not.toEqual(Array.from(network.parameters))
    expect(together[i]!.sums.every(({ loss }) => Number.isFinite(loss))).toBe(true)
  }
}

const membersOf = (count: number, shape: Shape, make: MakeOptimizer, penalised = false) =>
  Array.from({ length: count }, (_, k) => memberOf(k, shape, make, penalised))

describe.each(Object.entries(forms))('networks that are trained together: %s', (_, shape) => {
  const data = randomData(SAMPLES, shape.sizes[0]!, shape.sizes.at(-1)!, 1)

  const rules = Object.keys(optimizers).flatMap((name) => [false, true].map((penalised) => ({ name, penalised })))
  for (const { name, penalised } of covering(rules, (rule) => [rule.name, rule.penalised])) {
    withDevice(`give the bits of single trainings: ${name}${penalised ? ', with penalties' : ''}`, ({ gpu }) =>
      expectSameBits(gpu, membersOf(3, shape, optimizers[name]!, penalised), data, [0, 1, 2]),
    )
  }

  withDevice('give the same bits for any number of networks', async ({ gpu }) => {
    const make = optimizers.adam!
    await expectSameBits(gpu, membersOf(1, shape, make), data, [0])
    // More networks than invocations in a workgroup, and not a multiple of them.
    await expectSameBits(gpu, membersOf(70, shape, make), data, [0, 3, 4, 31, 32, 63, 64, 69])
  })

  withDevice('continue in further epochs, also over data in one order', async ({ gpu }) => {
    const members = membersOf(3, shape, optimizers.adam!)
    const shared = [0, 1].map((epoch) => epochOrder(SAMPLES, 9, epoch, true))
    const steps = countMinibatches(SAMPLES, BATCH)
    const later = ({ epochs }: Member) =>
      shared.map((order, e) => ({ ...epochs[0]!, order, stepsBefore: (epochs.length + e) * steps }))
    const population = await webgpu({ device: gpu }).populate!(
      members.map(({ network }) => network),
      members.map(({ settings }) => settings),
    )
    const handle = await population.upload(data)
    await population.train(
      handle,
      members.map(({ epochs }) => epochs),
    ).accepted
    const sums = await population.train(handle, members.map(later)).result
    for (const [k, member] of members.entries()) {
      const alone = await trainAlone(gpu, { ...member, epochs: [...member.epochs, ...later(member)] }, data)
      expect({ sums: sums[k], ...(await population.read(k)) }).toEqual({ ...alone, sums: alone.sums.slice(3) })
    }
    population.dispose()
  })

  withDevice('are not affected by a network that diverges', async ({ gpu }) => {
    const members = membersOf(3, { ...shape, output: 'linear', loss: 'meanSquaredError' }, optimizers.sgd!)
    const wild = members[1]!
    const learningRate = 1e30
    const diverging = {
      ...wild,
      settings: { ...wild.settings, optimizer: sgd({ learningRate }) },
      epochs: wild.epochs.map((epoch) => ({ ...epoch, learningRate })),
    }
    const together = await trainTogether(gpu, [members[0]!, diverging, members[2]!], data, [0, 1, 2])
    expect(together[1]!.sums.length).toBe(1)
    expect(together[1]!.sums[0]!.loss).not.toSatisfy(Number.isFinite)
    for (const k of [0, 2]) expect(together[k]).toEqual(await trainAlone(gpu, members[k]!, data))
  })

  it('take no more calls to the device with more networks', async () => {
    const { device: gpu } = await RecordingGPU.trusted({ software: true, subgroups: false })
    const counts = { dispatches: 0, submits: 0, writes: 0, copies: 0 }
    countCalls(gpu, counts)
    const scoring: (typeof counts)[] = []
    for (const count of [2, 40]) {
      const members = membersOf(count, shape, optimizers.adam!)
      const population = await webgpu({ device: gpu }).populate!(
        members.map(({ network }) => network),
        members.map(({ settings }) => settings),
      )
      const handle = await population.upload(data)
      Object.assign(counts, { dispatches: 0, submits: 0, writes: 0, copies: 0 })
      await population.train(
        handle,
        members.map(({ epochs }) => epochs),
      ).result
      const { dispatches, ...others } = counts
      expect(dispatches).toBeGreaterThan(0)
      // Before the first step, a submit clears the scores and copies parameters and state; the last one reads the scores.
      // Orders, and which network has which scalars, are written once, scalars and the steps' numbers for each dispatch.
      expect(others).toEqual({ submits: dispatches + 2, writes: 2 * dispatches + 2, copies: 3 })
      Object.assign(counts, { dispatches: 0, submits: 0, writes: 0, copies: 0 })
      await population.score(handle, false, true).result
      scoring.push({ ...counts })
      population.dispose()
    }
    // The sums are cleared, the data are passed through all networks, and the sums are read together.
    expect(scoring[0]).toMatchObject({ submits: scoring[0]!.dispatches + 2, copies: 2 })
    expect(scoring[1]).toEqual(scoring[0])
  })

  withDevice('have the scores and outputs of single networks', async ({ gpu }) => {
    const members = membersOf(3, shape, optimizers.sgd!)
    const backend = webgpu({ device: gpu })
    const population = await backend.populate!(
      members.map(({ network }) => network),
      members.map(({ settings }) => settings),
    )
    const handle = await population.upload(data)
    await population.train(
      handle,
      members.map(({ epochs }) => epochs),
    ).accepted
    const scores = await population.score(handle, false, true).result
    const labels = await population.score(handle, true).result
    expect(labels.every(({ squares }) => squares === undefined)).toBe(true)
    for (const [k, { network, settings, epochs }] of members.entries()) {
      const placement = await webgpu({ device: gpu, plan: 'resident' }).place(network, settings)
      const own = await placement.upload(data)
      await placement.train(own, epochs).accepted
      const outputs = await placement.outputs(own)
      expect(await population.outputs(handle, k)).toEqual(outputs)
      for (const [countsLabels, score] of [[false, scores[k]!], [true, labels[k]!]] as const) {
        const want = await placement.score(own, countsLabels).result
        expect({ right: score.right, samples: score.samples }).toEqual({ right: want.right, samples: want.samples })
        expectClose(score.loss, want.loss, { name: 'loss', rtol: 1e-5 })
      } // prettier-ignore
      const { cols, data: targets } = data.targets
      const squares = Array.from({ length: cols }, (_, j) => {
        const errors = targets.reduce((sum, y, i) => sum + (i % cols === j ? (outputs[i]! - y) ** 2 : 0), 0)
        return errors
      })
      expectClose(scores[k]!.squares!, squares, { name: 'squared errors', rtol: 1e-5 })
      placement.dispose()
    }
    population.dispose()
  })
})

const { device: recording } = await RecordingGPU.trusted({ software: false, subgroups: false })

describe('a population is refused', () => {
  const shape = forms['straight-line code']!
  const populate = async (first: Member, second: Partial<Member> & { sizes?: number[] }) => {
    const other = { ...first, ...second }
    return webgpu({ device: recording }).populate!([first.network, other.network], [first.settings, other.settings])
  }
  const plain = memberOf(0, shape, optimizers.sgd!, false)
  const settingsWith = (settings: Partial<PlacementSettings>) => ({ settings: { ...plain.settings, ...settings } })

  it.each([
    [
      'of other sizes',
      { network: randomNetwork([2, 4, 2], 'tanh', 'sigmoid', 1) },
      /the same layers, network 1 has 2-4/,
    ],
    ['of other activations', { network: randomNetwork([2, 3, 2], 'relu', 'sigmoid', 1) }, /the same layers/],
    ['with another loss', settingsWith({ loss: 'huber' }), /the same loss, network 1 has huber instead of quadratic/],
    ['with another batch size', settingsWith({ batchSize: 5 }), /the same batchSize/],
    ['with another optimizer', settingsWith({ optimizer: adam() }), /the same optimizer/],
    [
      'of which one has momentum',
      settingsWith({ optimizer: sgd({ momentum: 0.5 }) }),
      /the same value of 'uses momentum', network 1 has 1/,
    ],
    ['of which one has a penalty', settingsWith({ l1: 0.1 }), /the same value of 'penalised'/],
  ])('%s', async (_, second, message) => {
    const failure = populate(plain, second)
    await expect(failure).rejects.toThrow(InputError)
    await expect(failure).rejects.toThrow(message)
  })

  it('with dropout, gradient clipping, or too large a minibatch', async () => {
    for (const settings of [{ dropout: [0.5] }, { optimizer: sgd({ clipNorm: 1 }) }]) {
      const both = { ...plain, ...settingsWith(settings) }
      await expect(populate(both, {})).rejects.toThrow(InputError)
    }
    const network = randomNetwork([200, 300, 2], 'tanh', 'sigmoid', 1)
    await expect(populate({ ...plain, network }, {})).rejects.toThrow(/more than the \d+ of a workgroup/)
  })

  it('if its epochs differ in their minibatches', async () => {
    const population = await populate(plain, {})
    const handle = await population.upload(randomData(SAMPLES, 2, 2, 1))
    const { epochs } = plain
    expect(() => population.train(handle, [epochs])).toThrow(InputError)
    expect(() => population.train(handle, [epochs, epochs.slice(1)])).toThrow(InputError)
    const shorter = epochs.map((epoch) => ({ ...epoch, order: epoch.order.slice(1) }))
    expect(() => population.train(handle, [epochs, shorter])).toThrow(/orders of the same length/)
    expect(() => population.upload(randomData(4, 2, 2, 1).withWeights([1, 1, 1, 1]))).toThrow(InputError)
    population.dispose()
  })
})
