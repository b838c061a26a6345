import { describe, expect, test } from 'vitest'
import type { Backend } from '../src/backend/backend.ts'
import { layerOfFault } from '../src/backend/fault.ts'
import { cpu } from '../src/backend/host/backend.ts'
import { webgpu } from '../src/backend/webgpu/backend.ts'
import { DivergedError } from '../src/core/errors.ts'
import { Matrix } from '../src/core/matrix.ts'
import { Random } from '../src/core/random.ts'
import { Dataset } from '../src/data/dataset.ts'
import {
  type Checkpoint,
  type Epoch,
  type FitOptions,
  type Optimizer,
  Trainer,
  type TrainerOptions,
} from '../src/index.ts'
import { Network } from '../src/model/network.ts'
import { adagrad, adam, adamw, nadam, rmsprop, sgd } from '../src/optimizer/optimizer.ts'
import { hiddenNames, lossPairs, randomData, randomNetwork, wasmOnTwoThreads } from './backends.ts'
import { isExhaustive } from './covering.ts'
import { withDevice } from './device.ts'

/** Sizes that the resident plan trains as straight-line code, and in loops. */
const straight = [3, 4, 2]
const loop = [5, 20, 12, 3]

const backends: [name: string, sizes: number[], make: (gpu: GPUDevice) => Backend][] = [
  ['cpu float32', straight, () => cpu()],
  ['cpu float32, in stages', loop, () => cpu()],
  ['wasm, straight', straight, () => wasmOnTwoThreads],
  ['wasm, in stages', loop, () => wasmOnTwoThreads],
  ['cpu float64', straight, () => cpu({ precision: 'float64' })],
  ['layered', loop, (device) => webgpu({ device, plan: 'layered' })],
  ['resident, straight', straight, (device) => webgpu({ device, plan: 'resident' })],
  ['resident, loop', loop, (device) => webgpu({ device, plan: 'resident' })],
]

/** Trains until it diverges. @returns the error and the checkpoint of the last good epoch, if there was one */
async function diverge(trainer: Trainer, data: Dataset, options: FitOptions) {
  let checkpoint: Checkpoint | undefined
  const write = (made: Checkpoint) => void (checkpoint = made)
  const reported: number[] = []
  const onEpoch = ({ epoch }: Epoch) => void reported.push(epoch)
  const before = trainer.epoch
  try {
    await trainer.fit(data, { ...options, onEpoch, checkpoint: { every: 1000, write } })
    return undefined
  } catch (error) {
    if (!(error instanceof DivergedError)) throw error
    // The epochs before it are reported first.
    expect(reported).toEqual(Array.from({ length: error.epoch - 1 - before }, (_, i) => before + 1 + i))
    return { error, checkpoint }
  }
}

/** The epoch and the minibatch, both from 1, in which steps that are made one by one diverge. */
async function divergeInSteps(trainer: Trainer, data: Dataset, most: number) {
  const perEpoch = Math.ceil(data.length / trainer.batchSize)
  try {
    for await (const { step } of trainer.steps(data)) if (step === most * perEpoch) return undefined
  } catch (error) {
    if (!(error instanceof DivergedError)) throw error
    expect(error.minibatch).toBe((trainer.step % perEpoch) + 1)
    return { epoch: error.epoch, minibatch: error.minibatch, layer: error.layer }
  }
  return undefined
}

const placeOf = ({ epoch, minibatch, layer }: DivergedError) => ({ epoch, minibatch, layer })

/** A case for each optimizer; rates up to the largest that float32 holds. */
const optimizers: ((learningRate: number) => Optimizer)[] = [
  (learningRate) => sgd({ learningRate }),
  (learningRate) => sgd({ learningRate, momentum: 0.9, nesterov: true }),
  (learningRate) => rmsprop({ learningRate, centered: true, momentum: 0.5 }),
  (learningRate) => adagrad({ learningRate }),
  (learningRate) => adam({ learningRate }),
  (learningRate) => adamw({ learningRate, weightDecay: 0.1 }),
  (learningRate) => nadam({ learningRate }),
  (learningRate) => sgd({ learningRate, clipNorm: 1e30 }),
]

interface Case {
  readonly data: Dataset
  readonly network: Network
  readonly options: TrainerOptions
}

/** A random run whose numbers are so large that it may diverge. */
function randomCase(k: number, sizes: number[], mayClip: boolean): Case {
  const random = new Random(17, 'data', k)
  const [loss, output] = lossPairs[(7 * k) % lossPairs.length]!
  const usable = mayClip ? optimizers : optimizers.slice(0, -1)
  const optimizer = usable[k % usable.length]!(Math.min(3e38, 10 ** random.between(-3, 39)))
  const { inputs, targets } = randomData(26, sizes[0]!, sizes.at(-1)!, k)
  const largest = 10 ** random.between(0, 38)
  const scaled = inputs.data.map((x) => Math.max(-1e38, Math.min(1e38, x * largest)))
  const network = randomNetwork(sizes, hiddenNames[(3 * k) % hiddenNames.length]!, output, k)
  const options = { loss, optimizer, batchSize: 7, seed: k, ...(k % 3 === 0 && { l2: 10 ** random.between(-3, 3) }) }
  return { data: Dataset.from(new Matrix(26, sizes[0]!, scaled), targets), network, options }
}

describe.each(backends)('random runs of large numbers: %s', (name, sizes, make) => {
  const mayClip = !name.startsWith('resident')
  // On the GPU, every optimizer's kernel is compiled.
  const [selection, all] = /^cpu|^wasm/.test(name) ? [24, 100] : [6, 12]
  const runs = isExhaustive ? all : selection
  withDevice('diverge where they do step by step, and keep parameters and state', async ({ gpu }) => {
    let diverged = 0
    for (let k = 0; k < runs; k++) {
      const { data, network, options } = randomCase(k, sizes, mayClip)
      const create = () => Trainer.create(network.clone(), { ...options, backend: make(gpu) })
      const [trainer, stepping] = [await create(), await create()]
      const found = await diverge(trainer, data, { epochs: 4 })
      expect(await divergeInSteps(stepping, data, 4)).toEqual(found && placeOf(found.error))
      stepping.dispose()
      if (found) {
        diverged++
        await expectKept(trainer, found, data, create)
      }
      trainer.dispose()
    }
    expect(diverged).toBeGreaterThan(runs / 4)
    expect(diverged).toBeLessThan(runs)
  })
})

/** Expects the parameters and the state of an unbroken run up to the last good epoch, and that they can be trained on. */
async function expectKept(
  trainer: Trainer,
  { error, checkpoint }: { error: DivergedError; checkpoint: Checkpoint | undefined },
  data: Dataset,
  create: () => Promise<Trainer>,
) {
  const kept = (await trainer.read()).parameters
  expect([...kept]).toEqual(error.weights.flatMap((weights, l) => [...weights, ...error.biases[l]!]))
  expect(kept.every(Number.isFinite)).toBe(true)
  expect(trainer.epoch).toBe(error.epoch - 1)
  if (error.epoch === 1) {
    expect(checkpoint).toBeUndefined()
    return
  }
  const unbroken = await create()
  let want: Checkpoint | undefined
  const write = (made: Checkpoint) => void (want = made)
  await unbroken.fit(data, { epochs: error.epoch - 1, checkpoint: { every: 1000, write } })
  unbroken.dispose()
  expect(checkpoint).toEqual(want)
  // The state is kept too: the next epoch diverges at the same place.
  const again = await diverge(trainer, data, { epochs: 1 })
  expect(again && placeOf(again.error)).toEqual(placeOf(error))
}

/** Networks of one input and layers of two, in which a known layer computes the first value that is not finite. */
const known: [what: string, layer: number, network: Network, x: number, y: number, options: TrainerOptions][] = [
  ['activations of the first layer', 1, chain(['relu', 'sigmoid'], [3e38, 1]), 10, 1, {}],
  ['activations of the second layer', 2, chain(['relu', 'relu', 'sigmoid'], [1e20, 1e20, 1]), 10, 1, {}],
  ['outputs', 3, chain(['relu', 'relu', 'linear'], [1e13, 1e13, 1e13]), 10, 1, {}],
  // (1e25)² is too large for float32; the outputs are not.
  ['the loss', 2, chain(['relu', 'linear'], [1e12, 1e12]), 10, 1, {}],
  // The gradient of the output layer's weight is δ · 1e10, that of its bias is δ.
  ['a step of the output layer', 2, chain(['relu', 'sigmoid'], [1e10, 1e-10]), 1, 0, { optimizer: sgd({ learningRate: 3e38 }) }], // prettier-ignore
  // The gradient of the first layer's weight is δ · 1e34, that of the output layer's δ · 1e-3.
  ['a step of the first layer', 1, chain(['tanh', 'tanh'], [1e-37, 1e3]), 1e34, 0, { optimizer: sgd({ learningRate: 1000 }) }], // prettier-ignore
]

function chain(activations: readonly ('relu' | 'sigmoid' | 'linear' | 'tanh')[], factors: readonly number[]): Network {
  return Network.from({
    sizes: [1, ...activations.map(() => 1)],
    activations: [...activations],
    weights: factors.map((factor) => [factor]),
    biases: factors.map(() => [0]),
  })
}

describe('the layer is that of the first value that is not finite', () => {
  for (const [what, layer, network, x, y, options] of known) {
    withDevice(what, async ({ gpu }) => {
      // The third minibatch of four. In the others, input and activations are 0, and the error too.
      const calm = network.activations.at(-1) === 'sigmoid' ? 0.5 : 0
      const data = Dataset.from([[0], [0], [x], [0]], [[calm], [calm], [y], [calm]])
      const places = new Map<string, unknown>()
      for (const [name, , make] of backends) {
        // Numbers that float32 cannot hold do no harm in float64.
        if (name === 'cpu float64') continue
        const backend = make(gpu)
        const trainer = await Trainer.create(network.clone(), {
          optimizer: sgd({ learningRate: 1e-30 }),
          ...options,
          backend,
          batchSize: 1,
          seed: 1,
        })
        const found = await diverge(trainer, data, { epochs: 1, shuffle: false })
        places.set(name, found && placeOf(found.error))
        trainer.dispose()
      }
      for (const [name, place] of places)
        expect({ name, place }).toEqual({ name, place: { epoch: 1, minibatch: 3, layer } })
    })
  }
})

describe('the place in windows of data, and after steps', () => {
  // The penalty multiplies the weights by −20 in every step, and momentum adds to that.
  const growing: TrainerOptions = {
    optimizer: sgd({ learningRate: 1, momentum: 0.5 }),
    l2: 10.5,
    batchSize: 4,
    seed: 5,
  }
  for (const [name, sizes, make] of backends) {
    const network = randomNetwork(sizes, 'tanh', 'sigmoid', 2)
    const data = randomData(90, sizes[0]!, sizes.at(-1)!, 4)
    withDevice(name, async ({ gpu }) => {
      const create = (options: TrainerOptions) =>
        Trainer.create(network.clone(), { ...growing, ...options, backend: make(gpu) })
      const [whole, windowed, begun] = [await create({}), await create({ dataMemory: 1500 }), await create({})]
      const want = await diverge(whole, data, { epochs: 40 })
      const got = await diverge(windowed, data, { epochs: 40 })
      expect(want!.error.epoch).toBeGreaterThan(1)
      expect(placeOf(got!.error)).toEqual(placeOf(want!.error))
      expect(got!.error.weights).toEqual(want!.error.weights)
      expect(got!.checkpoint?.snapshot).toEqual(want!.checkpoint?.snapshot)
      // Three steps of the epoch that diverges are made one by one, the rest by fit.
      await begun.fit(data, { epochs: want!.error.epoch - 1 })
      let left = Math.min(3, want!.error.minibatch! - 1)
      for await (const { step } of left > 0 ? begun.steps(data) : []) if (step > 0 && --left === 0) break
      const rest = await diverge(begun, data, { epochs: 1 })
      expect(rest && placeOf(rest.error)).toEqual(placeOf(want!.error))
      for (const trainer of [whole, windowed, begun]) trainer.dispose()
    })
  }
})

test('the order of layers is that of the computation: activations, loss, δ and parameters from the output back', () => {
  const { layers, parameters } = Network.create({ sizes: [1, 1, 1], seed: 1 })
  const good = { activations: [[1], [1]], loss: 1, deltas: [[1], [1]], parameters }
  const broken = (places: number[]) => parameters.map((value, i) => (places.includes(i) ? NaN : value))
  expect(layerOfFault(layers, good)).toBeUndefined()
  expect(layerOfFault(layers, { ...good, parameters: broken([1]) })).toBe(0)
  expect(layerOfFault(layers, { ...good, parameters: broken([0, 3]) })).toBe(1)
  expect(layerOfFault(layers, { ...good, parameters: broken([3]), deltas: [[Infinity], [1]] })).toBe(0)
  expect(layerOfFault(layers, { ...good, loss: Infinity, deltas: [[NaN], [1]] })).toBe(1)
  expect(layerOfFault(layers, { ...good, loss: NaN, activations: [[1, -Infinity], [NaN]] })).toBe(0)
})
