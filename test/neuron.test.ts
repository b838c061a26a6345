import { describe, expect, it } from 'vitest'
import { Neuron } from '../src/model/neuron.ts'
import { Random } from '../src/core/random.ts'

it("learns the article's linear separator, x·(1, −1.5) > 0.4", () => {
  const random = new Random(1, 'data')
  const x = Array.from({ length: 200 }, () => [random.between(-1, 1), random.between(-1, 1)])
  const y = x.map(([a, b]) => Number(a! - 1.5 * b! > 0.4))
  const neuron = new Neuron({ inputs: 2, learningRate: 1, epochs: 1500 }).fit(x, y)
  const answers = neuron.predict(x)
  const right = y.filter((label, i) => answers[i]! > 0.5 === (label === 1)).length
  expect(right / y.length).toBeGreaterThanOrEqual(0.98)
  // The learned line separates the classes: (w₁, w₂, b) is a multiple of (1, −1.5, −0.4).
  expect(neuron.weights[1]! / neuron.weights[0]!).toBeCloseTo(-1.5, 0)
  expect(neuron.bias / neuron.weights[0]!).toBeCloseTo(-0.4, 1)
})

/** The article's training loop, written out: w ← w + (η/n)·Σ 2(y − a)·a(1 − a)·x, and the same for the bias. */
function articleLoop(x: readonly [number, number][], y: readonly number[], eta: number, epochs: number) {
  let [w1, w2, b] = [0.1, 0.1, 0.1]
  for (let epoch = 0; epoch < epochs; epoch++) {
    let [sum1, sum2, sumB] = [0, 0, 0]
    for (const [i, [x1, x2]] of x.entries()) {
      const a = 1 / (1 + Math.exp(-(w1 * x1 + w2 * x2 + b)))
      const slope = 2 * (y[i]! - a) * a * (1 - a)
      sum1 += slope * x1
      sum2 += slope * x2
      sumB += slope
    }
    w1 += (eta / x.length) * sum1
    w2 += (eta / x.length) * sum2
    b += (eta / x.length) * sumB
  }
  return { weights: [w1, w2], bias: b }
}

describe("the article's loop", () => {
  const random = new Random(2, 'data')
  // Numbers that float32 represents exactly, because samples are stored in float32.
  const x = Array.from({ length: 60 }, (): [number, number] => [
    Math.fround(random.between(-1, 1)),
    Math.fround(random.between(-1, 1)),
  ])
  const y = x.map(([x1, x2]) => Number(x1 - 1.5 * x2 > 0.4))

  it.each([
    { samples: 1, learningRate: 0.5, epochs: 1 },
    { samples: 7, learningRate: 1, epochs: 10 },
    { samples: 60, learningRate: 1, epochs: 1500 },
    { samples: 60, learningRate: 4, epochs: 300 },
  ])('$samples samples, η = $learningRate, $epochs epochs', ({ samples, learningRate, epochs }) => {
    const [inputs, targets] = [x.slice(0, samples), y.slice(0, samples)]
    const { weights, bias } = articleLoop(inputs, targets, learningRate, epochs)
    const neuron = new Neuron({ inputs: 2, learningRate, epochs }).fit(inputs, targets)
    const got = [...neuron.weights, neuron.bias]
    const want = [...weights, bias]
    // Each epoch rounds about ten times, and gradient descent does not amplify earlier rounding errors.
    for (const [i, value] of want.entries()) {
      expect(Math.abs(got[i]! - value)).toBeLessThanOrEqual(10 * epochs * 2 ** -52 * Math.abs(value))
    }
  })

  it('has the defaults of the article', () => {
    const { weights, bias } = articleLoop(x, y, 1, 1500)
    const neuron = new Neuron({ inputs: 2 })
    expect([...neuron.weights, neuron.bias]).toEqual([0.1, 0.1, 0.1])
    neuron.fit(x, y)
    expect(neuron.weights[0]).toBeCloseTo(weights[0]!, 10)
    expect(neuron.bias).toBeCloseTo(bias, 10)
  })

  it('does not depend on how often the samples are repeated', () => {
    const once = new Neuron({ inputs: 2, epochs: 100 }).fit(x, y)
    const thrice = new Neuron({ inputs: 2, epochs: 100 }).fit([...x, ...x, ...x], [...y, ...y, ...y])
    expect(thrice.weights[0]).toBeCloseTo(once.weights[0]!, 12)
    expect(thrice.bias).toBeCloseTo(once.bias, 12)
  })
})

it('checks its arguments', () => {
  expect(() => new Neuron({ inputs: 0 })).toThrow('inputs: expected a whole number from 1')
  expect(() => new Neuron({ inputs: 2 }).fit([[1, 2]], [1, 0])).toThrow('y: expected 1 × 1 targets, got 2 × 1')
  expect(() => new Neuron({ inputs: 2 }).predict([[1]])).toThrow('x: expected 2 columns, one an input, got 1')
})
