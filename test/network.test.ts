import { describe, expect, it } from 'vitest'
import { initializerNames } from '../src/model/initializer.ts'
import { Network } from '../src/model/network.ts'
import { Scaling } from '../src/model/scaling.ts'

describe('Network.create', () => {
  it('stores the weights of neuron i in row i, with one activation per layer', () => {
    const network = Network.create({ sizes: [4, 3, 2], hidden: 'relu', output: 'softmax', seed: 1 })
    expect(network.weights.map(({ length }) => length)).toEqual([12, 6])
    expect(network.biases.map(({ length }) => length)).toEqual([3, 2])
    expect(network.activations).toEqual(['relu', 'softmax'])
  })

  it('gives the same parameters for the same seed, and others for another seed', () => {
    const make = (seed: number) => [...Network.create({ sizes: [5, 4, 3], init: 'heNormal', seed }).parameters]
    expect(make(7)).toEqual(make(7))
    expect(make(7)).not.toEqual(make(8))
  })

  it('is the same on every platform: the first parameters of seed 7', () => {
    const { weights } = Network.create({ sizes: [2, 2], init: 'glorotNormal', seed: 7 })
    expect([...weights[0]!]).toMatchInlineSnapshot(`
      [
        0.36969611048698425,
        -0.4152466356754303,
        -0.3337010145187378,
        -0.09895241260528564,
      ]
    `)
  })

  it.each(initializerNames)('%s creates weights of the documented mean and variance', (init) => {
    const [inputs, outputs] = [200, 300]
    const { weights, biases } = Network.create({ sizes: [inputs, outputs], init, seed: 11 })
    const mean = weights[0]!.reduce((sum, w) => sum + w, 0) / weights[0]!.length
    const variance = weights[0]!.reduce((sum, w) => sum + (w - mean) ** 2, 0) / weights[0]!.length
    const wanted = {
      uniform: [0.5, 1 / 12],
      standardNormal: [0, 1],
      glorotUniform: [0, 2 / 500],
      glorotNormal: [0, 2 / 500],
      heUniform: [0, 2 / 200],
      heNormal: [0, 2 / 200],
      lecunNormal: [0, 1 / 200],
      constant: [0.1, 0],
    }[init] as [number, number]
    // 60,000 samples: five standard errors of mean and variance.
    expect(Math.abs(mean - wanted[0])).toBeLessThan(5 * Math.sqrt(wanted[1] / 60000) + 1e-6)
    expect(Math.abs(variance - wanted[1])).toBeLessThan(0.03 * wanted[1] + 1e-9)
    const zeroBias = !['uniform', 'standardNormal', 'constant'].includes(init)
    expect(biases[0]!.every((b) => b === 0)).toBe(zeroBias)
  })

  it.each([
    [{ sizes: [2] }, /sizes: expected at least an input and an output layer/],
    [{ sizes: [2, 0, 1] }, /sizes\[1\]: expected a whole number from 1 .* got 0/],
    [{ sizes: [2, 2.5] }, /sizes\[1\]/],
    [{ sizes: [2, 3], activation: 'sigmod' }, /unknown name 'sigmod' \(did you mean 'sigmoid'\?\)/],
    [{ sizes: [2, 3, 2], hidden: 'softmax' }, /softmax is for the output layer only, here layer 1 of 2/],
    [{ sizes: [2, 3, 2], activations: ['relu'] }, /activations: expected 2, one a layer/],
    [{ sizes: [2, 3], init: 'he' }, /init: unknown name 'he'/],
    [{ sizes: [2, 3], seed: -1 }, /seed: expected a whole number from 0/],
    [{ sizes: [2, 3], sed: 1 }, /option: unknown name 'sed' \(did you mean 'seed'\?\)/],
  ])('refuses %o', (options, message) => {
    expect(() => Network.create(options as never)).toThrow(message)
  })
})

describe('Network.from', () => {
  const good = { sizes: [2, 2], activations: ['linear' as const], weights: [[1, 2, 3, 4]], biases: [[5, 6]] }

  it('accepts both flat values and rows', () => {
    const flat = Network.from(good)
    const rows = Network.from({ ...good, weights: [[[1, 2], [3, 4]]] }) // prettier-ignore
    expect([...rows.parameters]).toEqual([...flat.parameters])
    expect([...flat.parameters]).toEqual([1, 2, 3, 4, 5, 6])
  })

  it('reports wrong shapes and values that are not finite', () => {
    expect(() => Network.from({ ...good, weights: [[1, 2, 3]] })).toThrow(
      'weights[0]: expected 2 × 2 = 4 values, got 3',
    )
    expect(() => Network.from({ ...good, biases: [[5, NaN]] })).toThrow(
      'biases[0]: value 1 is NaN, expected a finite number',
    )
    expect(() => Network.from({ ...good, biases: [] })).toThrow('biases: expected 1')
  })
})

describe('JSON', () => {
  it('preserves every bit in a round trip, names and scaling included', () => {
    const network = Network.create({ sizes: [3, 4, 2], init: 'standardNormal', seed: 5 })
    network.features = ['a', 'b', 'c']
    network.classes = ['no', 'yes']
    network.scaling = new Scaling('standardize', [1, 2, 3], [4, 5, 6])
    const back = Network.fromJSON(JSON.parse(JSON.stringify(network)))
    expect([...back.parameters]).toEqual([...network.parameters])
    expect(back.activations).toEqual(network.activations)
    expect(back.features).toEqual(network.features)
    expect(back.classes).toEqual(network.classes)
    expect(back.scaling).toEqual(network.scaling)
  })

  it('accepts plain numbers as parameters', () => {
    const json = {
      format: 'webgpu-mlp',
      version: 1,
      sizes: [1, 1],
      activations: ['linear'],
      weights: [[2]],
      biases: [[3]],
    }
    expect([...Network.fromJSON(json).parameters]).toEqual([2, 3])
  })

  it.each([
    [null, /expected an object/],
    [{ sizes: [1, 1] }, /not a webgpu-mlp model/],
    [{ format: 'webgpu-mlp', version: 3 }, /version 3 is not known/],
    [
      { format: 'webgpu-mlp', version: 1, sizes: [1, 1], activations: ['linear'], weights: ['AAA'], biases: [[0]] },
      /weights\[0\]/,
    ],
    [
      { format: 'webgpu-mlp', version: 1, sizes: [1, 1], activations: ['linear'], biases: [[0]] },
      /"weights" is undefined/,
    ],
  ])('refuses %o', (json, message) => {
    expect(() => Network.fromJSON(json)).toThrow(message)
  })
})
