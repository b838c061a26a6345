import { describe, expect } from 'vitest'
import type { Backend, EpochOrder, Placement, PlacementSettings, Snapshot, Sums } from '../src/backend/backend.ts'
import type { Fault } from '../src/backend/fault.ts'
import { webgpuWith } from '../src/backend/webgpu/opened-backend.ts'
import { Device } from '../src/backend/webgpu/device/device.ts'
import { AdapterProfile } from '../src/backend/webgpu/device/profile.ts'
import { DivergedError } from '../src/core/errors.ts'
import { Random } from '../src/core/random.ts'
import type { Dataset } from '../src/data/dataset.ts'
import { countMinibatches, epochOrder } from '../src/data/minibatch.ts'
import { splitParameters } from '../src/model/layout.ts'
import type { Network } from '../src/model/network.ts'
import { adagrad, adam, adamw, nadam, type Optimizer, rmsprop, sgd } from '../src/optimizer/optimizer.ts'
import { Trainer } from '../src/training/trainer.ts'
import { randomData, randomNetwork } from './backends.ts'
import { isExhaustive } from './covering.ts'
import { expectClose } from './close.ts'
import { withDevice } from './device.ts'

const SAMPLES = 34
const BATCH = 7
const STEPS = countMinibatches(SAMPLES, BATCH)
const EPOCHS = 12
/** Epochs that are handed over together, the next ones before their results are known. */
const TOGETHER = 3
const MEMBERS = 7

interface Form {
  readonly sizes: readonly number[]
  readonly hardware: boolean
}

/** Which form is taken follows from the size of the network and from the adapter. */
const forms: Record<string, Form> = {
  straight: { sizes: [3, 4, 2], hardware: false },
  lanes: { sizes: [3, 4, 2], hardware: true },
  loop: { sizes: [5, 20, 12, 3], hardware: false },
}

const backendOf = ({ gpu, profile }: Device, { hardware }: Form) =>
  webgpuWith(Device.from(gpu, new AdapterProfile({ software: !hardware, quads: profile.quads })), 'resident')

const optimizers: ((learningRate: number) => Optimizer)[] = [
  (learningRate) => sgd({ learningRate, momentum: 0.5, nesterov: true }),
  (learningRate) => adam({ learningRate }),
  (learningRate) => sgd({ learningRate }),
  (learningRate) => rmsprop({ learningRate, centered: true, momentum: 0.5 }),
  (learningRate) => adagrad({ learningRate }),
  (learningRate) => adamw({ learningRate, weightDecay: 0.1 }),
  (learningRate) => nadam({ learningRate }),
]

interface Member {
  readonly network: Network
  readonly settings: PlacementSettings
  readonly epochs: readonly EpochOrder[]
}

/** Members of which some diverge in the first steps, some as their weights grow from step to step, and some never. */
function randomMember(k: number, seed: number, sizes: readonly number[]): Member {
  const random = new Random(seed, 'data', k)
  const learningRate = k % 3 === 1 ? Math.min(3e38, 10 ** random.between(0, 39)) : 10 ** random.between(-3, -1)
  // Where l2 is large, a step of sgd multiplies the weights by −6 to −60.
  const l2 = k % 3 === 2 ? 10 ** random.between(0.5, 1.5) / learningRate : 1e-30
  const optimizer = optimizers[seed % optimizers.length]!(learningRate)
  const epochs = Array.from({ length: EPOCHS }, (_, e) => ({
    order: epochOrder(SAMPLES, k, e + 1, true),
    batchSize: BATCH,
    learningRate,
    stepsBefore: e * STEPS,
  }))
  const settings = { loss: 'meanSquaredError', optimizer, batchSize: BATCH, l2 } as const
  return { network: randomNetwork([...sizes], 'tanh', 'linear', 100 * seed + k), settings, epochs }
}

interface Trained extends Snapshot {
  readonly sums: readonly Sums[]
  readonly fault: Fault | undefined
  readonly score: Sums
}

const calls = Array.from({ length: EPOCHS / TOGETHER }, (_, i) => i * TOGETHER)

async function trainAlone(placement: Placement, { epochs }: Member, data: Dataset): Promise<Trained> {
  const handle = await placement.upload(data)
  const results = []
  for (const first of calls) {
    const { accepted, result } = placement.train(handle, epochs.slice(first, first + TOGETHER))
    await accepted
    results.push(result)
  }
  const sums = (await Promise.all(results)).flat()
  const fault = await placement.locateFault()
  const snapshot = await placement.read()
  return { sums, fault, score: await placement.score(handle).result, ...snapshot }
}

async function trainTogether(backend: Backend, members: readonly Member[], data: Dataset) {
  const population = await backend.populate!(
    members.map(({ network }) => network),
    members.map(({ settings }) => settings),
  )
  const handle = await population.upload(data)
  const results = []
  for (const first of calls) {
    const epochs = members.map((member) => member.epochs.slice(first, first + TOGETHER))
    const { accepted, result } = population.train(handle, epochs)
    await accepted
    results.push(result)
  }
  // Scores are handed over before it is known which networks diverge.
  const scores = await population.score(handle).result
  const all = await Promise.all(results)
  const trained: Trained[] = []
  for (const k of members.keys()) {
    const [fault, again] = [await population.locateFault(k), await population.locateFault(k)]
    expect(again).toEqual(fault)
    trained.push({ sums: all.flatMap((call) => call[k]!), fault, score: scores[k]!, ...(await population.read(k)) })
  }
  population.dispose()
  expect(population.held).toBe(0)
  return trained
}

const runs = isExhaustive ? optimizers.length : 2

describe.each(Object.entries(forms))('populations of which some members diverge: %s', (_, form) => {
  const { sizes } = form
  const data = randomData(SAMPLES, sizes[0]!, sizes.at(-1)!, 1)

  withDevice('give the bits, the faults and the last good parameters of single trainings', async (device) => {
    const backend = backendOf(device, form)
    const ends = new Set<number>()
    for (let seed = 0; seed < runs; seed++) {
      const members = Array.from({ length: MEMBERS }, (_, k) => randomMember(k, seed, sizes))
      const together = await trainTogether(backend, members, data)
      for (const [k, member] of members.entries()) {
        const placement = await backend.place(member.network, member.settings)
        const alone = await trainAlone(placement, member, data)
        placement.dispose()
        const { score, ...own } = together[k]!
        const { score: scoreAlone, ...ownAlone } = alone
        expect(own, `run ${seed}, network ${k}`).toEqual(ownAlone)
        // Its losses are added in another order, and in float32: a sum above its range is infinite.
        expectClose(score.loss, Math.fround(scoreAlone.loss), { name: `run ${seed}, network ${k}: loss`, rtol: 1e-5 })
        expect(score.right).toBe(scoreAlone.right)
        const { sums, fault, parameters } = alone
        expect(parameters.every(Number.isFinite)).toBe(true)
        expect(fault !== undefined).toBe(!Number.isFinite(sums.at(-1)!.loss))
        ends.add(fault ? sums.length : Infinity)
      }
    }
    // Some never diverge, some at once, some later.
    expect(ends.has(Infinity) && ends.has(1)).toBe(true)
    expect(ends.size).toBeGreaterThan(3)
  })

  withDevice('name epoch, minibatch and layer as trainers do', async (device) => {
    const members = Array.from({ length: 3 }, (_, k) => randomMember(k, 0, sizes))
    const diverging = 2
    const { network, settings } = members[diverging]!
    const backend = backendOf(device, form)
    const trainer = await Trainer.create(network.clone(), { ...settings, backend, seed: diverging })
    const error = await trainer.fit(data, { epochs: EPOCHS }).catch((error: unknown) => error)
    trainer.dispose()
    expect(error).toBeInstanceOf(DivergedError)
    const { sums, fault, parameters } = (await trainTogether(backend, members, data))[diverging]!
    const { loss } = sums.at(-1)!
    const { weights, biases } = splitParameters(network.layers, Float32Array.from(parameters))
    const place = { minibatch: fault!.minibatch + 1, layer: fault!.layer + 1 }
    const { autopsy } = error as DivergedError
    expect(new DivergedError({ epoch: sums.length, loss, ...place, weights, biases, autopsy })).toEqual(error)
    expect((error as DivergedError).message).toMatch(/in epoch \d+, at minibatch \d+, in layer \d+/)
  })
})
