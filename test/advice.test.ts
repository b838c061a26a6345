import { describe, expect, it } from 'vitest'
import {
  adam,
  adviseAfter,
  adviseBefore,
  adviseDiverged,
  circle,
  Dataset,
  digits,
  fit,
  linear,
  type LossName,
  moons,
  Network,
  normalize,
  type Optimizer,
  parseCsv,
  scale,
  scaleTargets,
  sgd,
  spirals,
  standardize,
  standardizeTargets,
  xor,
} from '../src/index.ts'
import { Random } from '../src/core/random.ts'

const random = new Random(7, 'data')

/** Samples whose columns have the given means and deviations. */
function columns(of: readonly (readonly [mean: number, deviation: number])[], samples = 200): Dataset {
  const rows = Array.from({ length: samples }, () => of.map(([mean, deviation]) => mean + deviation * random.normal()))
  return Dataset.from(rows, rows.map((_, i) => ['a', 'b', 'c'][i % 3]!)) // prettier-ignore
}

/** Regression targets with the given mean and deviation. */
function targets(mean: number, deviation: number, more: readonly (readonly [number, number])[] = []): Dataset {
  const of = [[mean, deviation] as const, ...more]
  const rows = Array.from({ length: 200 }, () => of.map(([m, d]) => m + d * random.normal()))
  return Dataset.from(rows.map((_, i) => [Math.sin(i)]), rows) // prettier-ignore
}

const networkFor = (data: Dataset, output: 'linear' | 'sigmoid' | 'tanh' = 'sigmoid') =>
  Network.create({ sizes: [data.inputs.cols, 3, data.targets.cols], output, seed: 1 })
const before = (data: Dataset, output?: 'linear' | 'sigmoid' | 'tanh', loss: LossName = 'quadratic') =>
  adviseBefore(networkFor(data, output), data, {
    loss,
    remedies: { inputs: 'SCALE', targets: 'TARGETS', output: 'OUTPUT' },
  })
const standardizeBoth = (data: Dataset) => {
  const scaled = scale(data, standardize(data))
  return scaleTargets(scaled, standardizeTargets(scaled))
}

describe('before training, inputs', () => {
  it.each<[string, [number, number][], RegExp]>([
    ['of different sizes', [[1, 0.5], [700, 300]], /^the inputs are of very different sizes: input 2 reaches from \S+ to \S+, input 1 from \S+ to \S+; SCALE$/],
    ['of different sizes, all small', [[0, 0.5], [0, 0.002]], /very different sizes: input 1 .*, input 2/],
    ['far from 0', [[0, 1], [36.6, 0.6]], /^the input input 2 is far from 0|^the input 2 is far from 0/],
    ['that are large', [[120, 60]], /^the inputs are large: input 1 reaches/],
    ['that are small', [[0, 0.001], [0, 0.002]], /^the inputs are small: input 2, the widest/],
    ['that are times', [[1.6e9, 1e6]], /^the inputs are large: input 1/],
  ])('%s are named', (_, of, message) => {
    const found = before(columns(of))
    expect(found).toHaveLength(1)
    expect(found[0]).toMatch(message)
    expect(found[0]).toMatch(/; SCALE$/)
  }) // prettier-ignore

  it('are named by their columns', async () => {
    const lines = Array.from(
      { length: 60 },
      (_, i) => `${i % 2 ? 'red' : 'blue'},${400 + i * 20},${i % 7 === 0 ? 'x' : 'y'}`,
    )
    const data = await parseCsv(`colour,proline,kind\n${lines.join('\n')}\n`, { target: 'kind' })
    expect(before(data)).toEqual(['the inputs are large: proline reaches from 400 to 1580; SCALE'])
  })

  it.each<[string, (data: Dataset) => Dataset]>([
    ['standardized', (data) => scale(data, standardize(data))],
    ['normalized', (data) => scale(data, normalize(data))],
  ])('that are %s are not named', (_, scaled) => {
    expect(before(scaled(columns([[1, 0.5], [700, 300], [1990, 3]])))).toEqual([]) // prettier-ignore
  })

  it('that another program has scaled are not named', () => {
    expect(before(columns([[0, 1], [0, 1], [0.5, 0.3]]))).toEqual([]) // prettier-ignore
  })

  it('that the network scales are not named', () => {
    const data = columns([[1, 0.5], [700, 300]]) // prettier-ignore
    const network = networkFor(data)
    network.scaling = standardize(data)
    expect(adviseBefore(network, data, { loss: 'quadratic' })).toEqual([])
  })

  it('of rare words are not taken for small numbers', async () => {
    const lines = Array.from(
      { length: 200 },
      (_, i) => `${i === 3 ? 'rare' : i % 2 ? 'one' : 'two'},${Math.sin(i) * 8},${i % 2 ? 'x' : 'y'}`,
    )
    expect(before(await parseCsv(`w,v,kind\n${lines.join('\n')}\n`, { target: 'kind' }))).toEqual([])
  })

  it.each<[string, Dataset]>([
    ['circle', circle({ samples: 300, seed: 1 })],
    ['linear', linear({ samples: 300, seed: 1 })],
    ['xor', xor({ samples: 300, seed: 1 })],
    ['moons', moons({ samples: 300, seed: 1 })],
    ['spirals', spirals({ samples: 300, seed: 1 })],
    ['digits', digits({ samples: 60, seed: 1 })],
  ])('of %s are not named', (_, data) => {
    expect(before(data)).toEqual([])
  })

  it('of pictures are not named: most pixels at the border are black, or white', () => {
    const picture = (isInverted: boolean) =>
      Array.from({ length: 300 }, () =>
        Array.from({ length: 49 }, (_, j) => {
          const isInside = random.uniform() < [0.004, 0.3, 0.7][j % 3]!
          const ink = isInside ? random.uniform() : 0
          return isInverted ? 1 - ink : ink
        }),
      )
    for (const isInverted of [false, true]) {
      expect(
        before(
          Dataset.from(
            picture(isInverted),
            Array.from({ length: 300 }, (_, i) => String(i % 2)),
          ),
        ),
      ).toEqual([])
    }
  })
})

describe('before training, targets', () => {
  it.each<[string, Dataset, string]>([
    ['prices', targets(400_000, 100_000), 'the target is not scaled: it reaches from '],
    ['years', targets(1990, 5), 'the target is not scaled: it reaches from '],
    ['small numbers', targets(0, 0.0005), 'the target is small: it reaches from -0.00'],
    ['the second of two', targets(0, 1, [[250, 30]]), 'the targets are not scaled: target 2 reaches from '],
  ])('%s are named', (_, data, message) => {
    const found = before(data, 'linear', 'meanSquaredError')
    expect(found).toHaveLength(1)
    expect(found[0]).toContain(message)
    expect(found[0]).toMatch(/; TARGETS$/)
    expect(before(standardizeBoth(data), 'linear', 'meanSquaredError')).toEqual([])
  })

  it('beyond the outputs are named, and times with the digits in which they differ', () => {
    const times = Dataset.from([[0.1], [-0.4], [0.3]], [[1_715_000_000], [1_715_003_000], [1_715_001_000]])
    expect(before(times, 'linear')[0]).toContain('it reaches from 1715000000 to 1715003000; TARGETS')
    expect(before(scale(times, standardize(times)), 'sigmoid')[0]).toContain('reach from 1715000000 to 1715003000, sigmoid') // prettier-ignore
    expect(before(targets(0, 1), 'tanh')[0]).toMatch(
      /^the target.* reach from \S+ to \S+, tanh outputs only from -1 to 1; OUTPUT$/,
    )
    expect(before(targets(0, 1), 'linear')).toEqual([])
    const between = (low: number, high: number) => Dataset.from([[0.1], [-0.4], [0.3]], [[low], [high], [(low + high) / 3]]) // prettier-ignore
    expect(before(between(0, 1), 'sigmoid')).toEqual([])
    expect(before(between(-1, 1), 'tanh')).toEqual([])
    expect(before(between(-0.5, 1), 'sigmoid')[0]).toMatch(/^the targets reach from -0.5 to 1, sigmoid outputs only from 0 to 1; OUTPUT$/) // prettier-ignore
    expect(before(between(-0.5, 1.5), 'tanh')[0]).toMatch(/^the targets reach from -0.5 to 1.5, tanh outputs only/)
  })

  it('beyond the outputs are named with what helps in the library, also where the network scales them', () => {
    const data = targets(0, 1)
    const [plain] = adviseBefore(networkFor(data), data, { loss: 'quadratic' })
    expect(plain).toMatch(
      /sigmoid outputs only from 0 to 1; for regression use a linear output, such as Network\.create/,
    )
    const network = networkFor(data)
    network.targetScaling = standardizeTargets(data)
    expect(adviseBefore(network, data, { loss: 'quadratic' })[0]).toMatch(/^the scaled targets reach from -/)
  })

  it('that are classes are not', () => {
    const data = Dataset.from([[0], [1], [0.5]], ['1000', '2000', '1000'])
    expect(before(data)).toEqual([])
  })
})

describe('after training', () => {
  const after = (
    data: Dataset,
    training: object,
    output?: 'linear',
    loss: LossName = 'quadratic',
    validation?: object,
  ) =>
    adviseAfter(networkFor(data, output), data, {
      loss,
      training: { loss: 1, samples: data.length, ...training },
      validation: validation && { loss: 1, samples: 10, ...validation },
    })

  it('R² below 0 is named, with the cause', () => {
    const found = after(targets(400_000, 100_000), { r2: -8.5 }, 'linear', 'meanSquaredError')
    expect(found).toHaveLength(1)
    expect(found[0]).toMatch(
      /^the network is worse than always answering the mean of the targets \(R² -8\.5\); the likely cause: the target is not scaled/,
    )
    expect(after(targets(0, 1), { r2: -0.1 }, 'linear')[0]).toContain('train for more epochs')
    expect(after(targets(0, 1), { r2: 0.2 }, 'linear')).toEqual([])
  })

  it('a short run is judged only where the cause is known', () => {
    const short = (data: Dataset) => {
      const training = { loss: 1, r2: -0.1, samples: data.length }
      return adviseAfter(networkFor(data, 'linear'), data, { loss: 'quadratic', training, epochs: 2 })
    }
    expect(short(targets(0, 1))).toEqual([])
    expect(short(targets(500, 100))).toHaveLength(1)
  })

  it('R² below 0 on the validation data alone is another problem', () => {
    const [sentence] = after(targets(0, 1), { r2: 0.9 }, 'linear', 'quadratic', { r2: -0.4 })
    expect(sentence).toContain('on the validation data the network is worse than always answering the mean')
    expect(after(targets(0, 1), { r2: 0.9 }, 'linear', 'quadratic', { r2: 0.4 })).toEqual([])
  })

  it('an accuracy of the commonest class is named', () => {
    const data = columns([[1, 0.5], [700, 300]]) // prettier-ignore
    expect(after(data, { accuracy: 0.2 })[0]).toMatch(
      /^the network is worse than always answering the commonest class \(20\.0 %, 33\.5 %\); the likely cause: the inputs are of very different sizes/,
    )
    expect(after(data, { accuracy: 0.345 })[0]).toContain('hardly better than')
    expect(after(data, { accuracy: 0.6 })).toEqual([])
    const one = Dataset.from([[1], [2]], [0, 0], { classes: ['a', 'b'] })
    expect(after(one, { accuracy: 1 })).toEqual([])
  })

  it('labels are compared with the commoner value of each', () => {
    const rows = Array.from({ length: 100 }, (_, i) => [Number(i < 90), i % 2, Number(i < 5)])
    const data = Dataset.from(rows.map((_, i) => [Math.sin(i)]), rows) // prettier-ignore
    expect(after(data, { accuracy: 0.5 })[0]).toContain('the commoner value of each label (50.0 %, 78.3 %)')
    expect(after(data, { accuracy: 0.95 })).toEqual([])
  })
})

describe('a run that diverges', () => {
  it('names inputs, targets, rate and loss, but nothing that is scaled', () => {
    const raw = Dataset.from(Array.from({ length: 50 }, (_, i) => [i * 100]), Array.from({ length: 50 }, (_, i) => i * 1e5)) // prettier-ignore
    const advise = (
      data: Dataset,
      learningRate: number,
      optimizer: (options: { learningRate: number }) => Optimizer = sgd,
    ) =>
      adviseDiverged(networkFor(data, 'linear'), data, {
        loss: 'meanSquaredError',
        optimizer: optimizer({ learningRate }),
      })
    expect(advise(raw, 0.1)).toMatch(
      /^the inputs are large: .*standardize.*the target is not scaled: .*; or lower the learning rate, which is 0\.1$/,
    )
    expect(advise(raw, 10)).toMatch(/^lower the learning rate, which is 10; the inputs are large/)
    const both = standardizeBoth(raw)
    expect(advise(both, 10)).toBe('lower the learning rate, which is 10')
    expect(advise(both, 0.1)).toBe(
      'lower the learning rate, which is 0.1, or clip the gradients (clipNorm: 1), or take the loss huber, whose slope is bounded',
    )
    expect(advise(both, 0.5, adam)).toBe('lower the learning rate, which is 0.5')
    const inputs = scale(raw, standardize(raw))
    expect(advise(inputs, 0.1)).toMatch(/^the target is not scaled/)
    expect(advise(inputs, 0.1)).not.toContain('input')
  })

  it('has an error that does not name inputs that are scaled', async () => {
    const line = () => Network.create({ sizes: [1, 1], activation: 'linear', seed: 1 })
    const raw = Dataset.from(Array.from({ length: 50 }, (_, i) => [i * 100]), Array.from({ length: 50 }, (_, i) => i * 1e5)) // prettier-ignore
    const options = {
      backend: 'cpu',
      loss: 'meanSquaredError',
      optimizer: sgd({ learningRate: 0.1 }),
      epochs: 50,
      seed: 1,
    } as const
    const unscaled = await fit(line(), raw, options).catch((reason: unknown) => reason)
    expect((unscaled as Error).message).toMatch(
      /: the inputs are large: input 1 reaches from 0 to 4900; take scale\(train, /,
    )
    const scaled = scale(raw, standardize(raw))
    const big = { ...options, optimizer: sgd({ learningRate: 100 }) }
    const error: unknown = await fit(line(), scaled, big).catch((reason: unknown) => reason)
    expect((error as Error).message).toMatch(
      /: the learning rate of sgd, 100, is too high.*; lower the learning rate to (0\.)?1$/,
    )
  })
})
