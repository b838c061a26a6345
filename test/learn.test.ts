import { describe, expect, it } from 'vitest'
import {
  evaluateNeuron,
  defaults,
  initialLayers,
  initialNeuron,
  gradientOf,
  isCorrect,
  type Layers,
  pointsOf,
  scoreOf,
  type SingleNeuron,
  descend,
  totalCost,
  computeStep,
  xorSamples,
} from '../demo/learn/lesson.ts'
import { cpu, Network, Neuron, Trainer } from '../src/index.ts'

const networkOf = (layers: Layers) =>
  Network.from({
    sizes: [2, 2, 2],
    activations: ['sigmoid', 'sigmoid'],
    weights: layers.map(({ weights }) => weights),
    biases: layers.map(({ biases }) => biases),
  })

describe("the lesson's 2-2-2 network", () => {
  it.each([0, 1, 2, 3])('has the outputs and training steps of the library, sample %i', async (index) => {
    const sample = xorSamples[index]!
    // Parameters that float32 represents exactly, because a Network stores float32.
    const layers: Layers = [
      { weights: [[0.5, -1.25], [0.75, 2]], biases: [0.25, -0.5] }, // prettier-ignore
      { weights: [[-0.75, 1.5], [1, -0.125]], biases: [-1, 0.375] }, // prettier-ignore
    ]
    const trainer = await Trainer.create(networkOf(layers), {
      backend: cpu({ precision: 'float64' }),
      loss: 'quadratic',
    })
    const { outputs, cost, gradients } = computeStep(layers, sample, 1)
    const expected = await trainer.gradients([sample.x], [sample.y])
    expect(cost).toBeCloseTo(expected.loss, 7)
    ;(await trainer.predict([sample.x])).toArray()[0]!.forEach((a, i) => {
      expect(outputs[1].a[i]).toBeCloseTo(a, 6)
    })
    gradients.forEach(({ weights, biases }, l) => {
      weights.flat().forEach((value, i) => {
        expect(value).toBeCloseTo(expected.weights[l]![i]!, 7)
      })
      biases.forEach((value, i) => {
        expect(value).toBeCloseTo(expected.biases[l]![i]!, 7)
      })
    })
    trainer.dispose()
  })

  it('takes the step that follows from its gradients', () => {
    const { layers, gradients, after } = computeStep(initialLayers(5), xorSamples[2]!, 0.5)
    expect(after[0].weights[1][0]).toBe(layers[0].weights[1][0] - 0.5 * gradients[0].weights[1][0])
    expect(after[1].biases[0]).toBe(layers[1].biases[0] - 0.5 * gradients[1].biases[0])
  })

  it('learns XOR from the initial parameters of the page', () => {
    const { seed, learningRate, first } = defaults.layers
    let layers = initialLayers(seed)
    const before = totalCost(layers)
    for (let i = 0; i < 1000; i++) layers = computeStep(layers, xorSamples[(first + i) % 4]!, learningRate).after
    expect(before).toBeGreaterThan(0.8)
    expect(totalCost(layers)).toBeLessThan(0.05)
    expect(xorSamples.every((sample) => isCorrect(layers, sample))).toBe(true)
  })
})

describe("the lesson's neuron", () => {
  const { samples, seed, learningRate } = defaults.neuron
  const points = pointsOf(samples, seed)
  const after = (steps: number) => {
    let neuron = initialNeuron
    for (let i = 0; i < steps; i++) neuron = descend(neuron, points, learningRate)
    return neuron
  }

  it.each([1, 10, 300])('is the Neuron of the library after %i steps', (epochs) => {
    const [x, y] = [points.map((point) => [...point.x]), points.map((point) => point.y)]
    const reference = new Neuron({ inputs: 2, learningRate, epochs }).fit(x, y)
    const neuron = after(epochs)
    neuron.weights.forEach((weight, j) => {
      expect(weight).toBeCloseTo(reference.weights[j]!, 10)
    })
    expect(neuron.bias).toBeCloseTo(reference.bias, 10)
    expect(evaluateNeuron(neuron, points[0]!.x).a).toBeCloseTo(reference.predict(x)[0]!, 10)
  })

  it('shows the gradient of the displayed cost', () => {
    const neuron = after(3)
    const { weights, bias } = gradientOf(neuron, points)
    const [h, [w1, w2]] = [1e-5, neuron.weights]
    const slope = (ahead: SingleNeuron, behind: SingleNeuron) =>
      (scoreOf(ahead, points).cost - scoreOf(behind, points).cost) / (2 * h)
    const [one, two, three] = [
      slope({ ...neuron, weights: [w1 + h, w2] }, { ...neuron, weights: [w1 - h, w2] }),
      slope({ ...neuron, weights: [w1, w2 + h] }, { ...neuron, weights: [w1, w2 - h] }),
      slope({ ...neuron, bias: neuron.bias + h }, { ...neuron, bias: neuron.bias - h }),
    ]
    expect(weights[0]).toBeCloseTo(one, 8)
    expect(weights[1]).toBeCloseTo(two, 8)
    expect(bias).toBeCloseTo(three, 8)
  })

  it('finds the line between the points from the initial parameters of the page', () => {
    expect(scoreOf(initialNeuron, points).accuracy).toBeLessThan(0.8)
    // One click on "100 steps" is enough, and further clicks do no harm.
    expect(scoreOf(after(100), points).accuracy).toBe(1)
    expect(scoreOf(after(300), points).accuracy).toBe(1)
    expect(scoreOf(after(300), points).cost).toBeLessThan(scoreOf(after(10), points).cost)
  })
})
