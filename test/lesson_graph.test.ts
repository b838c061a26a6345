import { describe, expect, it } from 'vitest'
import { endsOfParameter, graphOf, named, neuronGraph, type Parameter } from '../demo/learn/chain/graph.ts'
import {
  chainData,
  chainSettings,
  computePass,
  descend,
  initialLayers,
  type Layers,
  meanGradient,
  minibatchesOf,
  scoreOf,
} from '../demo/learn/chain/network.ts'
import { pathOfNeuron, pathsFrom, pathsOfParameter, sumOf } from '../demo/learn/chain/paths.ts'
import { place, RADIUS, spotOfBadge, spotOfParameter } from '../demo/learn/chain/place.ts'
import { allZero, largest, legible } from '../demo/learn/formulas.ts'
import {
  computeStep,
  defaults,
  descend as descendNeuron,
  initialLayers as initialXorLayers,
  initialNeuron,
  isCorrect,
  pointsOf,
  sampleGradient,
  xorSamples,
} from '../demo/learn/lesson.ts'
import { pages } from '../demo/learn/pages.ts'
import { learnsXor, nextSeed } from '../demo/learn/seeds.ts'
import { defaults as defaultSettings, LESSON_PAGES } from '../demo/settings.ts'
import { prepare } from '../demo/worker/prepare.ts'
import { Run } from '../demo/worker/run.ts'
import { cpu, type Matrix, Network, Trainer } from '../src/index.ts'

const networkOf = (layers: Layers) =>
  Network.from({
    sizes: [2, 3, 2],
    activations: [...chainSettings.activations],
    weights: layers.map(({ weights }) => weights.map((row) => [...row])),
    biases: layers.map(({ biases }) => [...biases]),
  })

/** The gradient that the library computes in float64, rounded parameters included. */
async function libraryGradients(layers: Layers, samples: readonly { x: readonly number[]; y: readonly number[] }[]) {
  const trainer = await Trainer.create(networkOf(layers), {
    backend: cpu({ precision: 'float64' }),
    loss: chainSettings.loss,
  })
  const gradients = await trainer.gradients(
    samples.map(({ x }) => [...x]),
    samples.map(({ y }) => [...y]),
  )
  trainer.dispose()
  return gradients
}

const parameters: Parameter[] = [1 as const, 2 as const].flatMap((layer) => {
  const [neurons, inputs] = layer === 1 ? [3, 2] : [2, 3]
  return Array.from({ length: neurons }, (_, to) =>
    [...Array.from({ length: inputs }, (_, from) => from), 'bias' as const].map((from) => ({ layer, to, from })),
  ).flat()
})

const valueIn = (
  gradients: { weights: readonly ArrayLike<number>[]; biases: readonly ArrayLike<number>[] },
  { layer, to, from }: Parameter,
) => {
  const inputs = layer === 1 ? 2 : 3
  return from === 'bias' ? gradients.biases[layer - 1]![to]! : gradients.weights[layer - 1]![to * inputs + from]!
}

/** The library returns its gradients as float32. */
function expectRounded(got: number, want: number): void {
  expect(Math.abs(got - want)).toBeLessThanOrEqual(2 ** -24 * Math.abs(want) + 1e-15)
}

const { train, test } = chainData()
const initial = initialLayers()

describe('the graph of the 2-3-2 network', () => {
  it('has a node for every z, a, input and the cost, and an edge for every dependency', () => {
    const { nodes, edges } = graphOf(initial, computePass(initial, train[0]!))
    expect(nodes.map(({ id }) => id)).toEqual('x1 x2 z1_1 z1_2 z1_3 a1_1 a1_2 a1_3 z2_1 z2_2 a2_1 a2_2 C'.split(' '))
    // 6 + 6 weights, 5 activations, 2 outputs.
    expect(edges).toHaveLength(19)
    expect(edges.find(({ id }) => id === 'a1_3>z2_1')).toMatchObject({
      symbol: { tex: '\\frac{\\partial z^{2}_{1}}{\\partial a^{1}_{3}}', text: '∂z²₁/∂a¹₃' },
      formula: { text: 'w²₁₃' },
      value: initial[1]!.weights[0]![2],
    })
  })

  it.each([0, 3, 7])('has paths whose products add up to the gradient of the library, sample %i', async (index) => {
    // Also after some training, with biases that are not 0.
    const layers = roundedTo32(
      minibatchesOf(train)
        .slice(0, 20)
        .reduce((from, minibatch) => descend(from, minibatch, 3), initial),
    )
    const sample = train[index]!
    const pass = computePass(layers, sample)
    const graph = graphOf(layers, pass)
    const expected = await libraryGradients(layers, [sample])
    expect(pass.cost).toBeCloseTo(expected.loss, 10)
    for (const parameter of parameters) {
      const paths = pathsOfParameter(graph, parameter)
      expect(paths).toHaveLength(parameter.layer === 1 ? 2 : 1)
      expectRounded(valueIn(expected, parameter), sumOf(paths))
      // δ is the part of the paths after the first factor.
      const { z } = endsOfParameter(parameter)
      const delta = pathsFrom(graph, z).reduce((sum, { product }) => sum + product, 0)
      expect(delta).toBeCloseTo(pass.deltas[parameter.layer - 1]![parameter.to]!, 12)
      expect(Math.abs(delta)).toBeGreaterThan(0)
    }
  })

  it('has the mean gradient of a minibatch that the library computes', async () => {
    const minibatch = minibatchesOf(train)[2]!
    expect(minibatch).toHaveLength(chainSettings.batch)
    const expected = await libraryGradients(initial, minibatch)
    const mean = meanGradient(initial, minibatch)
    for (const parameter of parameters) {
      const { weights, biases } = mean[parameter.layer - 1]!
      const value = parameter.from === 'bias' ? biases[parameter.to]! : weights[parameter.to]![parameter.from]!
      expectRounded(valueIn(expected, parameter), value)
    }
  })

  it('learns the circle with the settings of the page', () => {
    let layers = initial
    const before = scoreOf(layers, train)
    for (let epoch = 0; epoch < 60; epoch++)
      for (const minibatch of minibatchesOf(train)) layers = descend(layers, minibatch, chainSettings.learningRate)
    expect(before).toBeLessThan(0.7)
    expect(scoreOf(layers, train)).toBeGreaterThan(0.92)
    expect(scoreOf(layers, test)).toBeGreaterThan(0.9)
  })
})

/** A Network stores float32. */
function roundedTo32(layers: Layers): Layers {
  return layers.map(({ weights, biases }) => ({
    weights: weights.map((row) => row.map(Math.fround)),
    biases: biases.map(Math.fround),
  }))
}

describe('the run that “Play with this network” starts', () => {
  const settings = {
    ...defaultSettings,
    ...chainSettings,
    hidden: [...chainSettings.hidden],
    activations: [...chainSettings.activations],
  }

  it('has the points of the lesson', () => {
    const prepared = prepare(settings, chainSettings.problem)
    const rows = (data: { inputs: Matrix; targets: Matrix }) =>
      data.inputs.toArray().map((x, i) => ({ x: [...x], y: [...data.targets.toArray()[i]!] }))
    expect(rows(prepared.train)).toEqual(train)
    expect(rows(prepared.test!)).toEqual(test)
  })

  it('has the initial weights of the lesson', () => {
    const { network } = new Run(settings, prepare(settings, chainSettings.problem))
    expect(network.weights.map((values) => [...values])).toEqual(initial.map(({ weights }) => weights.flat()))
    expect(network.biases.map((values) => [...values])).toEqual(initial.map(({ biases }) => biases))
  })
})

describe('the graph of the single neuron', () => {
  const points = pointsOf(defaults.neuron.samples, defaults.neuron.seed)

  it.each([0, 1, 2] as const)('has one path whose product is the derivative of parameter %i', (index) => {
    let neuron = initialNeuron
    for (let i = 0; i < 3; i++) neuron = descendNeuron(neuron, points, 4)
    for (const point of points) {
      const { gradient } = sampleGradient(neuron, point)
      const path = pathOfNeuron(neuronGraph(neuron, point), index)
      expect(path.factors).toHaveLength(3)
      expect(path.product).toBeCloseTo([...gradient.weights, gradient.bias][index]!, 14)
    }
  })
})

describe('the drawing of a graph', () => {
  const graph = graphOf(initial, computePass(initial, train[0]!))

  it.each([false, true])('has no two circles that overlap, and all inside its frame (vertical: %s)', (vertical) => {
    const { spots, width, height } = place(graph, vertical)
    const all = [...spots.values()]
    expect(all).toHaveLength(13)
    all.forEach(({ x, y }, i) => {
      expect(Math.min(x, y, width - x, height - y)).toBeGreaterThan(RADIUS)
      for (const other of all.slice(i + 1)) {
        expect(Math.hypot(x - other.x, y - other.y)).toBeGreaterThan(2 * RADIUS + 8)
      }
    })
  })

  it.each([false, true])('shows every weight and bias where no circle is (vertical: %s)', (vertical) => {
    const placement = place(graph, vertical)
    for (const parameter of parameters) {
      const { z, input } = endsOfParameter(parameter)
      const box = spotOfParameter(placement, z, input)
      expect(box.x).toBeGreaterThan(25)
      expect(box.x).toBeLessThan(placement.width - 25)
      expect(box.y).toBeGreaterThan(17)
      for (const { x, y } of placement.spots.values()) {
        // The distance from the circle to the box, which is 50 × 34.
        const distance = Math.hypot(Math.max(0, Math.abs(x - box.x) - 25), Math.max(0, Math.abs(y - box.y) - 17))
        expect(distance).toBeGreaterThanOrEqual(RADIUS - 4)
      }
    }
  })

  it.each([false, true])('shows every δ inside the frame and over no circle (vertical: %s)', (vertical) => {
    const placement = place(graph, vertical)
    for (const z of ['z1_1', 'z1_2', 'z1_3', 'z2_1', 'z2_2']) {
      const { x, y } = spotOfBadge(placement, z)
      expect(Math.min(x, placement.width - x)).toBeGreaterThanOrEqual(46)
      expect(Math.min(y, placement.height - y)).toBeGreaterThanOrEqual(11)
      for (const spot of placement.spots.values()) {
        const distance = Math.hypot(Math.max(0, Math.abs(spot.x - x) - 46), Math.max(0, Math.abs(spot.y - y) - 10.5))
        expect(distance).toBeGreaterThanOrEqual(RADIUS)
      }
    }
  })
})

describe('numbers and names of the lesson', () => {
  it('show small values with more decimals', () => {
    expect([0.4321, -0.028, 0.0048, -0.00037, 0, 1].map(legible)).toEqual([
      '0.432',
      '−0.028',
      '0.0048',
      '−0.00037',
      '0.000',
      '1.000',
    ])
  })

  it('find the largest of values that are not all shown as 0', () => {
    expect(largest([0.1, -0.3, 0.2])).toBe(1)
    expect(largest([1e-7, -2e-6, 0])).toBeUndefined()
    expect(allZero([1e-7, 1e-4])).toBe(false)
  })

  it('number layers above and neurons below', () => {
    expect(named('w', 2, 0, 2)).toEqual({ tex: 'w^{2}_{13}', text: 'w²₁₃' })
    expect(named('δ', 1, 1)).toEqual({ tex: '\\delta^{1}_{2}', text: 'δ¹₂' })
  })

  it('count the pages of the lesson in one way', () => {
    expect(pages).toHaveLength(LESSON_PAGES)
  })
})

describe('seeds of the XOR network', () => {
  const { seed, learningRate } = defaults.layers

  it('learn from the initial seed, and stick from some others', () => {
    expect(learnsXor(seed, learningRate)).toBe(true)
    expect(learnsXor(5, learningRate)).toBe(false)
  })

  it('are skipped if they stick or learn slowly', () => {
    const next = nextSeed(5, learningRate)!
    expect(next).toBeGreaterThan(5)
    let layers = initialXorLayers(next)
    for (let i = 0; i < 800; i++) {
      layers = computeStep(layers, xorSamples[(defaults.layers.first + i) % 4]!, learningRate).after
    }
    expect(xorSamples.every((sample) => isCorrect(layers, sample))).toBe(true)
    expect(nextSeed(5, 0.001)).toBeUndefined()
  })
})
