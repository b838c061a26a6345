import { describe, expect, it } from 'vitest'
import { splitParameters } from '../demo/parameters.ts'
import { LayerOutputs } from '../demo/worker/maps.ts'
import { type Moment, Moments } from '../demo/worker/moments.ts'
import { Stopping } from '../demo/worker/stopping.ts'
import { type Checkpoint, cpu, Matrix, Network, Trainer } from '../src/index.ts'
import { randomNetwork } from './backends.ts'
import { expectClose } from './close.ts'

/** A moment after this epoch, whose parameters and optimizer state have some bytes together. */
function momentAt(epoch: number, step = 4 * epoch, bytes = 64, edited = false): Omit<Moment, 'number'> {
  const half = new Float32Array(bytes / 8)
  const checkpoint = { epoch, step, snapshot: { parameters: half, state: half } } as unknown as Checkpoint
  return { epoch, step, train: { loss: 1 }, test: null, edited, checkpoint }
}

describe('the moments of a run', () => {
  it('are spread over the run, with the first and the latest ones, however long it is', () => {
    const moments = new Moments()
    for (let epoch = 0; epoch <= 10_000; epoch++) moments.keep(momentAt(epoch))
    const { epochs, steps } = moments.list()
    expect(epochs).toHaveLength(240)
    expect([...epochs.slice(0, 1), ...epochs.slice(-12)]).toEqual([0, ...Array.from({ length: 12 }, (_, i) => 9989 + i)]) // prettier-ignore
    expect([...steps]).toEqual([...epochs].map((epoch) => 4 * epoch))
    // Evenly, the distance would be 10,000 / 228 = 44.
    const distances = [...epochs.slice(1, -12)].map((epoch, i) => epoch - epochs[i]!)
    expect(Math.min(...distances)).toBeGreaterThan(15)
    expect(Math.max(...distances)).toBeLessThan(100)
  })

  it('are fewer where a network has many parameters', () => {
    const moments = new Moments()
    for (let epoch = 0; epoch < 60; epoch++) moments.keep(momentAt(epoch, epoch, 2 ** 21))
    expect(moments.list().epochs).toHaveLength(32)
    const large = new Moments()
    for (let epoch = 0; epoch < 30; epoch++) large.keep(momentAt(epoch, epoch, 2 ** 25))
    expect([...large.list().epochs]).toEqual([0, expect.any(Number), expect.any(Number), expect.any(Number), 26, 27, 28, 29]) // prettier-ignore
  })

  it('are found by their number, and discarded after one; numbers are not used again', () => {
    const moments = new Moments()
    for (const [epoch, step] of [[0, 0], [0, 3], [1, 10], [2, 20]] as const) moments.keep(momentAt(epoch, step)) // prettier-ignore
    const found = [0, 1, 3, 4, 1e9, -5].map((number) => moments.find(number).step)
    expect(found).toEqual([0, 3, 20, 20, 20, 0])
    moments.discardAfter(moments.find(2))
    expect([...moments.list().steps]).toEqual([0, 3, 10])
    const next = moments.keep(momentAt(2, 20))
    expect(moments.latest).toBe(next)
    expect([...moments.list().numbers]).toEqual([0, 1, 2, 4])
    // A number of a moment that no longer exists leads to the one before it.
    expect(moments.find(3).step).toBe(10)
  })

  it('keep the last of the values that the user set after one step, and the state before them', () => {
    const moments = new Moments()
    for (const edited of [false, true, true, true]) moments.keep(momentAt(1, 4, 64, edited))
    moments.keep(momentAt(2, 8))
    expect([...moments.list().numbers]).toEqual([0, 3, 4])
  })
})

describe('the rule by which training stops', () => {
  const after = (epoch: number, loss: number) => ({ epoch, train: { loss: 0 }, test: { loss } })

  it('counts epochs without a lower test loss, again after one went back', () => {
    const stopping = new Stopping({ stop: 0, patience: 2 })
    expect([0.5, 0.4, 0.6].map((loss, i) => stopping.reasonAfter(after(i, loss)))).toEqual([undefined, undefined, undefined]) // prettier-ignore
    expect(stopping.reasonAfter(after(3, 0.4))).toContain('test loss has not improved since epoch 1.')
    stopping.restartFrom(2)
    expect(stopping.reasonAfter(after(3, 0.9))).toBeUndefined()
    expect(stopping.reasonAfter(after(5, 0.9))).toContain('since epoch 3.')
  })

  it('ends at an epoch', () => {
    const stopping = new Stopping({ stop: 1000, patience: 0 })
    expect(stopping.reasonAfter(after(999, 1))).toBeUndefined()
    expect(stopping.reasonAfter(after(1000, 1))).toBe('Stopped after 1,000 epochs.')
  })
})

describe('the outputs of all layers', () => {
  const inputs = new Matrix(
    5,
    2,
    Float32Array.from({ length: 10 }, (_, i) => Math.sin(i)),
  )

  it('are those of networks that end after each layer, also after training', async () => {
    const network = randomNetwork([2, 5, 4, 3], 'tanh', 'softmax', 3)
    const outputs = new LayerOutputs(network)
    const other = randomNetwork([2, 5, 4, 3], 'tanh', 'softmax', 4)
    network.parameters.set(other.parameters)
    const layers = outputs.of(inputs)
    expect(layers.map(({ length }) => length)).toEqual([25, 20, 15])
    for (const [l, layer] of layers.entries()) {
      const { weights, biases } = other
      const activations = other.activations.slice(0, l + 1)
      const sizes = other.sizes.slice(0, l + 2)
      const part = Network.from({ sizes, activations, weights: weights.slice(0, l + 1), biases: biases.slice(0, l + 1) }) // prettier-ignore
      using trainer = await Trainer.create(part, { backend: cpu({ precision: 'float64' }), loss: l === 2 ? 'crossEntropy' : 'quadratic' }) // prettier-ignore
      // Each layer's outputs are rounded to float32, and the next layer multiplies them by weights of at most 2.
      expectClose(layer, (await trainer.predict(inputs)).data, { name: `layer ${l}`, atol: 1e-6, rtol: 1e-6 })
    }
  })

  it('are computed also where a layer overflows', () => {
    const network = randomNetwork([2, 2, 1], 'relu', 'sigmoid', 3)
    network.parameters.fill(3e38)
    const [hidden, last] = new LayerOutputs(network).of(new Matrix(1, 2, new Float32Array([2, 2])))
    expect(hidden).toEqual(new Float32Array([Infinity, Infinity]))
    expect(last).toEqual(new Float32Array([1]))
  })
})

it('the parameters of a report are split as the network splits them', () => {
  const { sizes, parameters, weights, biases } = randomNetwork([3, 4, 2], 'tanh', 'sigmoid', 1)
  expect(splitParameters(sizes, parameters)).toEqual({ weights, biases })
})
