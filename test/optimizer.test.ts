import { describe, expect, it } from 'vitest'
import { update } from '../src/backend/host/reference/stages.ts'
import {
  adagrad,
  adam,
  adamw,
  nadam,
  type Optimizer,
  rmsprop,
  sgd,
  stateSlots,
  stepScalars,
} from '../src/optimizer/optimizer.ts'
import { expectClose } from './close.ts'

/** One parameter after each of a fixed sequence of gradients, updated by the library. */
function follow(optimizer: Optimizer, gradients: number[], start = 1): number[] {
  const parameter = Float64Array.of(start)
  const state = new Float64Array(stateSlots(optimizer)).fill(optimizer.initialAccumulator)
  return gradients.map((gradient, i) => {
    const scalars = stepScalars(optimizer, i + 1, optimizer.learningRate as number)
    update(optimizer, scalars, parameter, Float64Array.of(gradient), state)
    return parameter[0]!
  })
}

const gradients = [0.5, -0.25, 2, 0.125]

/** The same by the algorithms in the documentation of torch.optim, written out for one parameter. */
function expected(body: (p: number, g: number, t: number) => number, start = 1): number[] {
  let p = start
  return gradients.map((g, i) => (p = body(p, g, i + 1)))
}

describe('update rules are those of torch.optim', () => {
  it('sgd', () => {
    // By hand: 1 − 0.1·0.5, and so on.
    expectClose(follow(sgd({ learningRate: 0.1 }), gradients), [0.95, 0.975, 0.775, 0.7625], {
      name: 'sgd',
      rtol: 1e-15,
    })
  })

  it('sgd with weight decay, momentum and nesterov', () => {
    for (const nesterov of [false, true]) {
      let buffer: number | undefined
      const want = expected((p, g) => {
        const decayed = g + 0.1 * p
        buffer = buffer === undefined ? decayed : 0.9 * buffer + decayed
        return p - 0.1 * (nesterov ? decayed + 0.9 * buffer : buffer)
      })
      const got = follow(sgd({ learningRate: 0.1, momentum: 0.9, weightDecay: 0.1, nesterov }), gradients)
      expectClose(got, want, { name: `sgd, nesterov ${nesterov}`, rtol: 1e-14 })
    }
  })

  it.each([
    [0, false],
    [0.9, false],
    [0, true],
    [0.9, true],
  ])('rmsprop with momentum %d, centered %s', (momentum, centered) => {
    let square = 0
    let mean = 0
    let buffer = 0
    const want = expected((p, g) => {
      square = 0.99 * square + 0.01 * g * g
      mean = 0.99 * mean + 0.01 * g
      const average = Math.sqrt(centered ? square - mean * mean : square) + 1e-8
      buffer = momentum * buffer + g / average
      return p - 0.01 * (momentum > 0 ? buffer : g / average)
    })
    expectClose(follow(rmsprop({ momentum, centered }), gradients), want, { name: 'rmsprop', rtol: 1e-13 })
  })

  it('adagrad', () => {
    let sum = 0.5
    const want = expected((p, g, t) => {
      sum += g * g
      return p - ((0.01 / (1 + (t - 1) * 0.2)) * g) / (Math.sqrt(sum) + 1e-10)
    })
    const got = follow(adagrad({ learningRateDecay: 0.2, initialAccumulator: 0.5 }), gradients)
    expectClose(got, want, { name: 'adagrad', rtol: 1e-14 })
  })

  it('adam and adamw', () => {
    for (const decoupled of [false, true]) {
      let m = 0
      let v = 0
      const want = expected((p, gradient, t) => {
        const g = decoupled ? gradient : gradient + 0.1 * p
        const kept = decoupled ? p - 1e-3 * 0.1 * p : p
        m = 0.9 * m + 0.1 * g
        v = 0.999 * v + 0.001 * g * g
        const first = m / (1 - 0.9 ** t)
        const second = v / (1 - 0.999 ** t)
        return kept - (1e-3 * first) / (Math.sqrt(second) + 1e-8)
      })
      const got = follow((decoupled ? adamw : adam)({ weightDecay: 0.1 }), gradients)
      expectClose(got, want, { name: decoupled ? 'adamw' : 'adam', rtol: 1e-13 })
    }
  })

  it.each([false, true])('nadam, decoupled weight decay %s', (decoupledWeightDecay) => {
    const psi = 0.3
    const mu = (t: number) => 0.9 * (1 - 0.5 * 0.96 ** (t * psi))
    let m = 0
    let v = 0
    let product = 1
    const want = expected((p, gradient, t) => {
      const g = decoupledWeightDecay ? gradient : gradient + 0.1 * p
      const kept = decoupledWeightDecay ? p * (1 - 2e-3 * 0.1) : p
      product *= mu(t)
      m = 0.9 * m + 0.1 * g
      v = 0.999 * v + 0.001 * g * g
      const denominator = Math.sqrt(v / (1 - 0.999 ** t)) + 1e-8
      const first = (2e-3 * (1 - mu(t)) * g) / (1 - product)
      return kept - (first + (2e-3 * mu(t + 1) * m) / (1 - product * mu(t + 1))) / denominator
    })
    const optimizer = nadam({ weightDecay: 0.1, momentumDecay: psi, decoupledWeightDecay })
    expectClose(follow(optimizer, gradients), want, { name: 'nadam', rtol: 1e-13 })
  })

  it('nadam: the scalars of a step follow from its number alone', () => {
    const make = () => nadam({ betas: [0.99, 0.999], momentumDecay: 10 })
    const one = make()
    // In any order, as when a training continues from a checkpoint or returns to one.
    const steps = [1, 2, 3, 500, 499, 1, 100_000, 7]
    const got = steps.map((t) => stepScalars(one, t, 0.1))
    expect(got).toEqual(steps.map((t) => stepScalars(make(), t, 0.1)))
    const product = Array.from({ length: 500 }, (_, i) => 0.99 * (1 - 0.5 * 0.96 ** (10 * (i + 1))))
    const want = 1 - product.reduce((a, b) => a * b)
    expectClose([0.1 * (1 - product[499]!) / got[3]!.gradientStep], [want], { name: '1 − Π', rtol: 1e-12 }) // prettier-ignore
  })

  it("defaults are torch's", () => {
    expect(sgd()).toMatchObject({ learningRate: 1e-3, momentum: 0, weightDecay: 0, nesterov: false })
    expect(rmsprop()).toMatchObject({ learningRate: 1e-2, decay2: 0.99, epsilon: 1e-8, momentum: 0, centered: false })
    expect(adagrad()).toMatchObject({ learningRate: 1e-2, epsilon: 1e-10, learningRateDecay: 0, initialAccumulator: 0 })
    expect(adam()).toMatchObject({ learningRate: 1e-3, decay1: 0.9, decay2: 0.999, epsilon: 1e-8, weightDecay: 0 })
    expect(adamw()).toMatchObject({ learningRate: 1e-3, decay1: 0.9, decay2: 0.999, epsilon: 1e-8, weightDecay: 1e-2 })
    expect(nadam()).toMatchObject({ learningRate: 2e-3, decay1: 0.9, decay2: 0.999, epsilon: 1e-8, weightDecay: 0 })
    expect(nadam()).toMatchObject({ momentumDecay: 4e-3, decoupledWeightDecay: false })
  })
})

it.each([
  [() => sgd({ learningRate: -1 }), 'sgd: learningRate: expected a finite number of at least 0, got -1'],
  [() => sgd({ nesterov: true }), 'sgd: nesterov needs a momentum above 0'],
  [() => adam({ betas: [0.9, 1] }), 'adam: betas[1]: expected a number from 0 up to, but not including, 1, got 1'],
  [() => rmsprop({ alpha: 2 }), 'rmsprop: alpha: expected a number from 0 up to, but not including, 1, got 2'],
  [() => nadam({ momentumDecay: -1 }), 'nadam: momentumDecay: expected a finite number of at least 0, got -1'],
  [() => adam({ learningrate: 1 } as never), "did you mean 'learningRate'?"],
  [() => adagrad({ epsilon: NaN }), 'adagrad: epsilon: expected a finite number of at least 0, got NaN'],
])('refuses invalid options: %s', (make, message) => {
  expect(make).toThrow(message)
})
