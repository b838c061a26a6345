import { describe, expect, it } from 'vitest'
import type { Backend } from '../src/backend/backend.ts'
import { cpu } from '../src/backend/host/backend.ts'
import { webgpu } from '../src/backend/webgpu/backend.ts'
import type { PlanChoice } from '../src/backend/webgpu/options.ts'
import { Dataset } from '../src/data/dataset.ts'
import { Matrix } from '../src/core/matrix.ts'
import { DivergedError, InputError } from '../src/core/errors.ts'
import type { ActivationName } from '../src/model/activation.ts'
import { Network } from '../src/model/network.ts'
import { Random } from '../src/core/random.ts'
import { adam, adamw, type Optimizer, rmsprop, sgd } from '../src/optimizer/optimizer.ts'
import type { LossName } from '../src/loss/loss.ts'
import { exponential, newPlateau, rateWith } from '../src/optimizer/schedule.ts'
import { Trainer, type TrainerOptions } from '../src/index.ts'
import { randomData, randomNetwork, wasmOnTwoThreads } from './backends.ts'
import { expectClose } from './close.ts'
import { covering, isExhaustive } from './covering.ts'
import { withDevice } from './device.ts'

/** Layer sizes by the form of the resident plan that trains them: straight-line code, and loops. */
const shapes: [form: string, sizes: number[]][] = [
  ['straight', [2, 3, 2]],
  ['loop', [5, 20, 12, 3]],
]

/** Trains until it diverges and returns the error; undefined if the run ends without one. */
async function train(network: Network, data: Dataset, options: TrainerOptions, epochs = 12) {
  const trainer = await Trainer.create(network.clone(), { batchSize: 8, seed: 3, ...options })
  try {
    await trainer.fit(data, { epochs })
    return undefined
  } catch (error) {
    if (!(error instanceof DivergedError)) throw error
    const kept = (await trainer.read()).parameters
    expect([...kept]).toEqual(error.weights.flatMap((weights, l) => [...weights, ...error.biases[l]!]))
    expect(kept.every(Number.isFinite)).toBe(true)
    expect(Number.isFinite(error.loss)).toBe(false)
    return error
  } finally {
    trainer.dispose()
  }
}

/** The bounded outputs, whose losses stay finite for all parameters. */
const outputs: ActivationName[] = ['sigmoid', 'tanh', 'softmax']
const distances: LossName[] = ['quadratic', 'meanSquaredError', 'meanAbsoluteError', 'huber']
const bounded = outputs.flatMap((output) => distances.map((loss): [ActivationName, LossName] => [output, loss]))
/** Each loss and output at least once, for the GPU, which compiles kernels for each pair. */
const someBounded = new Set(covering(bounded, (pair) => pair))

const plans: PlanChoice[] = ['layered', 'resident']

const hosts = { cpu: cpu(), wasm: wasmOnTwoThreads }

/** A penalty that multiplies the weights by −20 in every step: they overflow float32 after about thirty steps. */
const growing: TrainerOptions = { optimizer: sgd({ learningRate: 1 }), l2: 10.5 }

describe('divergence that a bounded output hides from the loss', () => {
  describe.each(shapes)('%s', (_, sizes) => {
    const data = randomData(32, sizes[0]!, sizes.at(-1)!, 4)
    const epochOn = async (backend: Backend, [output, loss]: [ActivationName, LossName]) => {
      const network = randomNetwork(sizes, 'tanh', output, 2)
      return (await train(network, data, { ...growing, loss, backend }))?.epoch
    }
    for (const pair of bounded) {
      const [output, loss] = pair
      for (const plan of someBounded.has(pair) ? plans : []) {
        withDevice(`${loss} on ${output}, ${plan}: in the epoch of float32 on the CPU`, async ({ gpu }) => {
          const want = await epochOn(cpu(), pair)
          expect(want).toBeGreaterThan(1)
          expect(await epochOn(webgpu({ device: gpu, plan }), pair)).toBe(want)
        })
      }
      // Parameters that are still finite in float64 are infinite in the network, which is float32.
      it(`${loss} on ${output}, cpu float64: in the epoch of float32`, async () => {
        expect(await epochOn(cpu({ precision: 'float64' }), pair)).toBe(await epochOn(cpu(), pair))
      })
      it(`${loss} on ${output}, wasm: in the epoch of float32 on the CPU`, async () => {
        expect(await epochOn(wasmOnTwoThreads, pair)).toBe(await epochOn(cpu(), pair))
      })
    }
  })
})

describe('divergence', () => {
  const data = randomData(40, 2, 2, 4)
  const network = randomNetwork([2, 4, 2], 'tanh', 'sigmoid', 2)

  withDevice('is found in windows of the data', async ({ gpu }) => {
    const options = { ...growing, dataMemory: 600 }
    const want = await train(network, data, { ...growing, backend: cpu() })
    for (const backend of [webgpu({ device: gpu, plan: 'layered' }), wasmOnTwoThreads]) {
      expect((await train(network, data, { ...options, backend }))?.epoch).toBe(want?.epoch)
    }
  })

  // An epoch of one step: no later step of the epoch computes a loss.
  for (const [form, sizes] of shapes) {
    withDevice(`is found if the last step of an epoch makes a parameter infinite, ${form}`, async ({ gpu }) => {
      const own = randomNetwork(sizes, 'tanh', 'sigmoid', 2)
      const samples = randomData(32, sizes[0]!, sizes.at(-1)!, 4)
      const options = { ...growing, batchSize: 32 }
      const want = await train(own, samples, { ...options, backend: cpu() }, 60)
      expect(want?.loss).toBeNaN()
      for (const backend of [wasmOnTwoThreads, ...plans.map((plan) => webgpu({ device: gpu, plan }))]) {
        const got = await train(own, samples, { ...options, backend }, 60)
        expect(got?.epoch).toBe(want?.epoch)
        expect(got?.loss).toBeNaN()
      }
    })
  }

  withDevice('is found in the one step that steps() makes', async ({ gpu }) => {
    for (const backend of [cpu(), wasmOnTwoThreads, ...plans.map((plan) => webgpu({ device: gpu, plan }))]) {
      const trainer = await Trainer.create(network.clone(), { ...growing, batchSize: 40, seed: 1, backend })
      let last = 0
      const run = async () => {
        for await (const { step } of trainer.steps(data)) last = step
      }
      await expect(run()).rejects.toThrow(DivergedError)
      // The weights grow by 20 a step, from about 1 to 3.4e38.
      expect(last).toBeGreaterThan(25)
      expect(last).toBeLessThan(35)
      trainer.dispose()
    }
  })

  // z overflows to infinity in one layer, and sums to NaN in the next: the loss is NaN before any parameter is.
  const overflowed = ['sigmoid', 'tanh', 'softmax', 'linear', 'relu', 'elu', 'gelu'] as const
  const kindOf = (output: ActivationName) => (outputs.includes(output) ? output : 'unbounded')
  for (const output of covering(overflowed, (one) => [kindOf(one)])) {
    withDevice(`is found if ${output} outputs become NaN from finite parameters`, async ({ gpu }) => {
      const { weights, biases } = Network.from({
        sizes: [1, 2, 2],
        activations: ['linear', output],
        weights: [
          [3e38, 3e38],
          [1, -1, 1, -1],
        ],
        biases: [
          [0, 0],
          [0, 0],
        ],
      })
      const overflowing = Network.from({ sizes: [1, 2, 2], activations: ['linear', output], weights, biases })
      const huge = Dataset.from([[10], [10]], [[0, 1], [1, 0]]) // prettier-ignore
      for (const backend of [cpu(), wasmOnTwoThreads, ...plans.map((plan) => webgpu({ device: gpu, plan }))]) {
        const error = await train(overflowing, huge, {
          loss: 'huber',
          backend,
          optimizer: sgd({ learningRate: 1e-30 }),
        })
        expect(error?.epoch).toBe(1)
        expect(error?.loss).toBeNaN()
      }
    })
  }

  const optimizers: ((learningRate: number) => Optimizer)[] = [
    (learningRate) => sgd({ learningRate, momentum: 0.5 }),
    (learningRate) => rmsprop({ learningRate, centered: true }),
    (learningRate) => adam({ learningRate }),
    (learningRate) => adamw({ learningRate, weightDecay: 0.1 }),
  ]
  for (const plan of ['cpu', 'wasm', ...plans] as const) {
    withDevice(`never leaves a parameter that is not finite: random runs, ${plan}`, async ({ gpu }) => {
      const random = new Random(11, 'data')
      const isOnHost = plan === 'cpu' || plan === 'wasm'
      const backend = isOnHost ? hosts[plan] : webgpu({ device: gpu, plan })
      let diverged = 0
      const runs = isOnHost || isExhaustive ? 24 : 12
      for (let k = 0; k < runs; k++) {
        const [output, loss] = bounded[random.below(bounded.length)]!
        const optimizer = optimizers[k % optimizers.length]!(10 ** random.between(-2, 38))
        const own = randomNetwork([2, 3, 2], 'relu', output, k)
        const inputs = new Matrix(
          data.length,
          2,
          data.inputs.data.map((x) => x * 10 ** random.between(0, 30)),
        )
        const trainer = await Trainer.create(own, { backend, loss, optimizer, batchSize: 9, seed: k })
        try {
          await trainer.fit(Dataset.from(inputs, data.targets), { epochs: 3 })
        } catch (error) {
          expect(error).toBeInstanceOf(DivergedError)
          diverged++
        }
        expect((await trainer.read()).parameters.every(Number.isFinite)).toBe(true)
        trainer.dispose()
      }
      expect(diverged).toBeGreaterThan(runs / 6)
    })
  }

  withDevice('is not reported for a clipped step whose norm overflows float32 when squared', async ({ gpu }) => {
    const neuron = Network.create({ sizes: [2, 1], activation: 'linear', init: 'constant' })
    const far = Dataset.from([[3e13, 4e13]], [[-1e12]])
    const step = async (backend: Backend) => {
      const options = { backend, optimizer: sgd({ learningRate: 1, clipNorm: 5 }) }
      const trainer = await Trainer.create(neuron.clone(), options)
      await trainer.fit(far, { epochs: 1 })
      const { parameters } = await trainer.read()
      trainer.dispose()
      return [...parameters]
    }
    const want = await step(cpu({ precision: 'float64' }))
    expect(want[0]).toBeCloseTo(0.1 - 3, 5)
    expect(want[1]).toBeCloseTo(0.1 - 4, 5)
    for (const backend of [webgpu({ device: gpu }), wasmOnTwoThreads, cpu()]) {
      expectClose(await step(backend), want, { name: `parameters, ${backend.name}`, rtol: 1e-6, atol: 1e-6 })
    }
  })
})

describe('a number that float32 cannot represent', () => {
  const network = randomNetwork([2, 2], 'tanh', 'tanh', 1)
  it('is refused as a learning rate', () => {
    expect(() => sgd({ learningRate: 1e39 })).toThrow(
      new InputError('sgd: learningRate: expected a number that float32 can hold (1.2e-38 to 3.4e38, or 0), got 1e+39'),
    )
    expect(() => adam({ learningRate: 1e-39 })).toThrow(/learningRate: expected a number that float32 can hold/)
    expect(() => exponential({ learningRate: 4e38, factor: 0.1 })).toThrow(/float32 can hold/)
    expect(sgd({ learningRate: 3e38 }).learningRate).toBe(3e38)
    expect(sgd({ learningRate: 0 }).learningRate).toBe(0)
  })
  it('is refused in the other options that are combined with parameters', async () => {
    expect(() => sgd({ weightDecay: 1e40 })).toThrow(/weightDecay: expected a number that float32 can hold/)
    await expect(Trainer.create(network, { backend: 'cpu', l1: 1e40 })).rejects.toThrow(/^l1: expected a number that/)
    await expect(Trainer.create(network, { backend: 'cpu', l2: 1e40 })).rejects.toThrow(/^l2: expected a number that/)
  })
  it('is refused if a schedule reaches it', () => {
    const rising = exponential({ learningRate: 1, factor: 1e13 })
    expect(rateWith(rising, 2, newPlateau())).toBeCloseTo(1e26, -20)
    expect(() => rateWith(rising, 3, newPlateau())).toThrow(
      /^learningRate: the schedule gives 1e\+39 for epoch 4; expected/,
    )
  })
})
