import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { Backend } from '../src/backend/backend.ts'
import { cpu } from '../src/backend/host/backend.ts'
import { webgpu } from '../src/backend/webgpu/backend.ts'
import { Dataset } from '../src/data/dataset.ts'
import { toJavaScript } from '../src/formats/javascript.ts'
import { type ActivationName, activationNames, activations } from '../src/model/activation.ts'
import { Network } from '../src/model/network.ts'
import { sgd } from '../src/optimizer/optimizer.ts'
import { Trainer } from '../src/training/trainer.ts'
import { hiddenNames, hostBackends, wasmOnTwoThreads } from './backends.ts'
import { expectClose } from './close.ts'
import { withDevice } from './device.ts'

/** Exact values and derivatives at 100 points, most of them extreme; written by test/activations/values.py. */
type Exact = Record<(typeof hiddenNames)[number], { values: number[]; slopes: number[] }> & { places: number[] }
const exact = JSON.parse(readFileSync(new URL('./activations/values.json', import.meta.url), 'utf8')) as Exact
const { places } = exact

const SMALLEST_NORMAL = 2 ** -126
const isDenormal = (z: number) => Math.abs(z) < SMALLEST_NORMAL

/** One input, one neuron whose z is that input. */
const neuron = (activation: ActivationName) =>
  Network.from({ sizes: [1, 1], activations: [activation], weights: [[1]], biases: [[0]] })

/** The same before a linear neuron with weight 1. */
const hiddenNeuron = (activation: ActivationName) =>
  Network.from({ sizes: [1, 1, 1], activations: [activation, 'linear'], weights: [[1], [1]], biases: [[0], [0]] })

const settings = { loss: 'meanAbsoluteError', optimizer: sgd(), batchSize: places.length } as const

/** Under meanAbsoluteError δ is ±f′(z); the target is far enough away that the sign is known. */
const targetOf = (value: number) => (value > 0 ? -1e30 : 1e30)
const signOf = (value: number) => (value > 0 ? 1 : -1)

/** f(z) and f′(z) as a backend computes them, in the output layer and in a hidden layer. */
async function computed(backend: Backend, name: (typeof hiddenNames)[number]) {
  const { values } = exact[name]
  const data = Dataset.from(
    places.map((z) => [z]),
    values.map((value) => [targetOf(value)]),
  )
  return Promise.all(
    [neuron(name), hiddenNeuron(name)].map(async (network) => {
      const placed = await backend.place(network, settings)
      const { activations: own, deltas } = await placed.trace(data)
      placed.dispose()
      const slopes = Array.from(deltas[0]!, (delta, i) => signOf(values[i]!) * delta)
      return { values: Array.from(own[0]!), slopes }
    }),
  )
}

/**
 * Bounds that follow from the arithmetic. In float32, a derivative that is computed from a, such as a (1 − a), is as exact
 * as a. WGSL allows exp an error of 3 + 2|x| units in the last place. Tails underflow near the smallest normal number,
 * which silu and gelu multiply by z; WebAssembly's formulas make them 0 there, and are exact to a few units in the last
 * place elsewhere (src/backend/host/wasm/formulas).
 */
const bounds = {
  'cpu float64': { value: { rtol: 2 ** -23, atol: 2 ** -149 }, near: 1e-15, far: 2 ** -149, rtol: 1e-12 },
  'cpu float32': { value: { rtol: 2 ** -23, atol: 2 ** -149 }, near: 2 ** -22, far: 2 ** -149, rtol: 2 ** -22 },
  wasm: {
    value: { rtol: 2 ** -22, atol: 100 * SMALLEST_NORMAL },
    near: 2 ** -22,
    far: 100 * SMALLEST_NORMAL,
    rtol: 2 ** -21,
  },
  webgpu: {
    value: { rtol: 4e-5, atol: 100 * SMALLEST_NORMAL },
    near: 2 ** -21,
    far: 100 * SMALLEST_NORMAL,
    rtol: 4e-5,
  },
}

function expectExact(
  name: (typeof hiddenNames)[number],
  got: { values: number[]; slopes: number[] },
  { value, near, far, rtol }: (typeof bounds)['webgpu'],
  which = places.map((_, i) => i),
): void {
  const { values, slopes } = exact[name]
  expectClose(
    got.values,
    which.map((i) => values[i]!),
    { name: `${name}(z)`, ...value },
  )
  const wanted = which.map((i, k) => {
    // At a denormal z the derivative of either side is correct, because z may be flushed to 0.
    const other = name === 'relu' ? [0, 1] : name === 'leakyRelu' ? [Math.fround(0.01), 1] : []
    return isDenormal(places[i]!) ? (other.find((side) => side === got.slopes[k]) ?? slopes[i]!) : slopes[i]!
  })
  // A derivative that is computed from a has the rounding error of a relative to 1.
  const fromValue = ['sigmoid', 'tanh', 'elu'].includes(name)
  const atol = which.map((i) => (fromValue || Math.abs(places[i]!) < 6 ? near : far))
  expectClose(got.slopes, wanted, { name: `${name}′(z)`, rtol, atol })
}

describe('values and derivatives at extreme points', () => {
  for (const name of hiddenNames) {
    for (const [backend, make] of hostBackends) {
      it(`${name}, ${backend}`, async () => {
        for (const got of await computed(make(), name)) expectExact(name, got, bounds[backend as keyof typeof bounds])
      })
    }
    withDevice(`${name}, webgpu`, async ({ gpu }) => {
      for (const got of await computed(webgpu({ device: gpu }), name)) expectExact(name, got, bounds.webgpu)
    })
    withDevice(`${name}, straight-line code on webgpu`, async ({ gpu }) => {
      expectExact(name, await straight(gpu, name), bounds.webgpu, straightPlaces)
    })
    it(`${name}, exported JavaScript`, async () => {
      const text = toJavaScript(neuron(name))
      const { predict } = (await import(`data:text/javascript;base64,${Buffer.from(text).toString('base64')}`)) as {
        predict: (rows: number[][]) => number[][]
      }
      const values = predict(places.map((z) => [z])).map((row) => row[0]!)
      expectClose(values, exact[name].values, { name: `${name}(z)`, rtol: 1e-12, atol: 1e-15 })
    })
  }
})

/** The networks among which the points are divided, so that one kernel of moderate size serves all of them. */
const SHARED = 7
/** The points whose errors do not overflow when the outputs of one network are summed. */
const straightPlaces = places.flatMap((z, i) => (Math.abs(z) <= 1.01e38 ? [i] : []))

/**
 * The same by the resident plan, from one training step. The input is 1 and the weights are the points, so a step changes
 * each bias by ∓f′(z), and the weights of a second layer, which start at 0, by ∓f(z).
 */
async function straight(device: GPUDevice, name: (typeof hiddenNames)[number]) {
  const got = { values: [] as number[], slopes: [] as number[] }
  const backend = webgpu({ device, plan: 'resident' })
  for (let first = 0; first < SHARED; first++) {
    const own = straightPlaces.filter((_, k) => k % SHARED === first)
    const units = own.length
    const weights = own.map((i) => places[i]!)
    const zeros = own.map(() => 0)
    const step = async (network: Network, targets: number[], learningRate: number) => {
      const options = { loss: 'meanAbsoluteError', optimizer: sgd({ learningRate }), batchSize: 1, backend } as const
      const trainer = await Trainer.create(network, options)
      await trainer.fit(Dataset.from([[1]], [targets]), { epochs: 1 })
      await trainer.read()
      trainer.dispose()
      return network
    }
    const outputs = Network.from({ sizes: [1, units], activations: [name], weights: [weights], biases: [zeros] })
    const targets = own.map((i) => targetOf(exact[name].values[i]!))
    const { biases } = await step(outputs, targets, units)
    const hidden = Network.from({
      sizes: [1, units, 1],
      activations: [name, 'linear'],
      weights: [weights, zeros],
      biases: [zeros, [0]],
    })
    const { weights: moved } = await step(hidden, [1], 0.5)
    own.forEach((i, unit) => {
      const place = first + SHARED * unit
      got.slopes[place] = -signOf(exact[name].values[i]!) * biases[0]![unit]!
      got.values[place] = 2 * moved[1]![unit]!
    })
  }
  return got
}

/** A first layer that overflows to z = ±∞, and a second layer that adds these to NaN. */
describe('NaN', () => {
  const overflowing = (activation: ActivationName, outputs: number[][]) =>
    Network.from({
      sizes: [1, 2, outputs.length],
      activations: ['linear', activation],
      weights: [[3e38, 3e38], outputs.flat()],
      biases: [[0, 0], outputs.map(() => 0)],
    })
  const predictOn = async (backend: Backend, network: Network, x: number) => {
    const trainer = await Trainer.create(network, { backend })
    const { data } = await trainer.predict([[x]])
    trainer.dispose()
    return [...data]
  }
  const all =
    (check: (backend: Backend) => Promise<void>) =>
    async ({ gpu }: { gpu: GPUDevice }) => {
      for (const backend of [cpu({ precision: 'float64' }), cpu(), wasmOnTwoThreads, webgpu({ device: gpu })])
        await check(backend)
    }
  for (const name of activationNames) {
    withDevice(
      `${name} of NaN is NaN on every backend`,
      all(async (backend) => {
        if (backend.description.includes('float64')) return // There nothing overflows.
        // Softmax: one NaN in any column makes the whole row NaN.
        const rows =
          name === 'softmax'
            ? [
                [1, 0],
                [1, -1],
                [0, 0],
              ]
            : [[1, -1]]
        expect(await predictOn(backend, overflowing(name, rows), 10)).toEqual(rows.map(() => NaN))
      }),
    )
  }
  const limits: Record<(typeof hiddenNames)[number], [number, number]> = {
    linear: [-Infinity, Infinity],
    sigmoid: [0, 1],
    tanh: [-1, 1],
    relu: [0, Infinity],
    leakyRelu: [-Infinity, Infinity],
    elu: [-1, Infinity],
    gelu: [0, Infinity],
    silu: [0, Infinity],
    softplus: [0, Infinity],
    mish: [0, Infinity],
  }
  for (const name of hiddenNames) {
    withDevice(
      `${name} of ±Infinity is its limit`,
      all(async (backend) => {
        if (backend.description.includes('float64')) return
        for (const [side, x] of [-10, 10].entries()) {
          const got = await predictOn(backend, overflowing(name, [[1, 1]]), x)
          expectClose(got, [limits[name][side]!], { name: `${name}(${x * Infinity})`, atol: 2 * SMALLEST_NORMAL })
        }
      }),
    )
    it(`the derivative of ${name} at ±Infinity is its limit, cpu`, () => {
      const { value, derivative } = activations[name]
      const flat = limits[name].map((limit) => (Number.isFinite(limit) ? 0 : name === 'leakyRelu' ? -1 : 1))
      for (const [side, z] of [-Infinity, Infinity].entries()) {
        const want = name === 'leakyRelu' ? [0.01, 1][side] : flat[side]
        expect(derivative(z, value(z)) + 0).toBe(want)
      }
    })
  }
})
