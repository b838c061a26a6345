import { expect, it } from 'vitest'
import { Neuron } from '../src/model/neuron.ts'
import { Random } from '../src/random.ts'

it("learns the article's linear separator, x·(1, −1.5) > 0.4", () => {
  const random = new Random(1, 'data')
  const x = Array.from({ length: 200 }, () => [random.between(-1, 1), random.between(-1, 1)])
  const y = x.map(([a, b]) => Number(a! - 1.5 * b! > 0.4))
  const neuron = new Neuron({ inputs: 2, learningRate: 1, epochs: 1500 }).fit(x, y)
  const answers = neuron.predict(x)
  const right = y.filter((label, i) => answers[i]! > 0.5 === (label === 1)).length
  expect(right / y.length).toBeGreaterThanOrEqual(0.98)
  // The line it found is the one that was drawn: (w₁, w₂, b) is a multiple of (1, −1.5, −0.4).
  expect(neuron.weights[1]! / neuron.weights[0]!).toBeCloseTo(-1.5, 0)
  expect(neuron.bias / neuron.weights[0]!).toBeCloseTo(-0.4, 1)
})

it('descends Σ(y − σ(z))² from parameters of 0.1, one step worked out by hand', () => {
  const neuron = new Neuron({ inputs: 1, learningRate: 0.5, epochs: 1 }).fit([[2]], [1])
  const a = 1 / (1 + Math.exp(-(0.1 * 2 + 0.1)))
  const delta = -2 * (1 - a) * a * (1 - a)
  expect(neuron.weights[0]).toBeCloseTo(0.1 - 0.5 * delta * 2, 14)
  expect(neuron.bias).toBeCloseTo(0.1 - 0.5 * delta, 14)
})

it('checks what it is given', () => {
  expect(() => new Neuron({ inputs: 0 })).toThrow('inputs: expected a whole number from 1')
  expect(() => new Neuron({ inputs: 2 }).fit([[1, 2]], [1, 0])).toThrow('y: expected 1 × 1 targets, got 2 × 1')
  expect(() => new Neuron({ inputs: 2 }).predict([[1]])).toThrow('x: expected 2 columns, one an input, got 1')
})
