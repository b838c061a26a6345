import { describe, expect, it } from 'vitest'
import {
  adam,
  circle,
  crossValidate,
  type CrossValidationOptions,
  Dataset,
  fit,
  InputError,
  Network,
  parseCsv,
  scale,
  sgd,
  standardize,
  Trainer,
} from '../src/index.ts'
import { assignFolds } from '../src/data/folds.ts'
import { expectClose } from './close.ts'

const quick = { backend: 'cpu', epochs: 2, seed: 3 } as const

/** Samples whose classes are given, with one input. */
const ofClasses = (labels: readonly number[]) =>
  Dataset.from(labels.map((_, i) => [i]), labels, { classes: ['a', 'b', 'c'] }) // prettier-ignore

/** Columns of very different sizes, and a target that follows from them. */
function houses(samples: number, change: (i: number) => number = () => 0): Dataset {
  const rows = Array.from({ length: samples }, (_, i) => [30 + ((i * 37) % 170) + change(i), 1900 + ((i * 13) % 120)])
  return Dataset.from(
    rows,
    rows.map(([area, year], i) => [1000 * area! + 100 * (year! - 1900) + 1e6 * change(i)]),
    {
      features: ['area', 'year'],
    },
  )
}

/** Parameters of each fold's network. */
const parametersOf = ({ folds }: Awaited<ReturnType<typeof crossValidate>>) =>
  folds.map(({ network }) => [...network.parameters])

describe('the folds', () => {
  it.each([
    [[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2], 5, [[2, 2, 1], [2, 2, 1], [2, 1, 1], [2, 1, 1], [2, 1, 1]]],
    [[2, 2, 1, 0, 0, 0, 1, 2, 2, 1, 0, 2, 2, 2, 1, 2, 1], 3, [[1, 2, 3], [2, 1, 3], [1, 2, 2]]],
    [[1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 2, 2, 2, 2, 2, 2, 2], 4, [[3, 1, 2], [3, 1, 2], [2, 1, 3], [3, 0, 2]]],
  ])('of %j, %i of them, have as many of each class as those of StratifiedKFold in scikit-learn 1.9.1', (labels, folds, counts) => {
    const assigned = assignFolds(ofClasses(labels), { folds, stratify: true, seed: 5 })
    const found = assigned.map((samples) => [0, 1, 2].map((c) => [...samples].filter((i) => labels[i] === c).length))
    expect(found).toEqual(counts)
  }) // prettier-ignore

  it('differ by one sample at most without classes, as those of KFold', () => {
    const assigned = assignFolds(houses(23), { folds: 5, stratify: false, seed: 1 })
    expect(assigned.map(({ length }) => length)).toEqual([5, 5, 5, 4, 4])
  })

  it('leave out every sample exactly once, in random order', async () => {
    const { folds } = await crossValidate({ sizes: [2, 2, 2] }, circle({ samples: 31, seed: 1 }), {
      ...quick,
      folds: 4,
    })
    const all = folds.flatMap(({ samples }) => [...samples])
    expect(all.slice().sort((a, b) => a - b)).toEqual(Array.from({ length: 31 }, (_, i) => i))
    expect(all).not.toEqual(Array.from({ length: 31 }, (_, i) => i))
    expect(folds.map(({ evaluation, samples }) => evaluation.samples - samples.length)).toEqual([0, 0, 0, 0])
  })

  it('may be as many as there are samples', async () => {
    const data = circle({ samples: 5, seed: 1 })
    const { scores } = await crossValidate({ sizes: [2, 2] }, data, { ...quick, epochs: 1, folds: 5, stratify: false })
    expect(scores.every((score) => score === 0 || score === 1)).toBe(true)
    await expect(crossValidate({ sizes: [2, 2] }, data, { ...quick, folds: 6 })).rejects.toThrow(
      'folds: expected at most 5, one sample in each fold, got 6',
    )
  })
})

describe('the result', () => {
  const data = circle({ samples: 60, seed: 2 })
  const options: CrossValidationOptions = {
    ...quick,
    folds: 3,
    standardize: true,
    optimizer: sgd({ learningRate: 1 }),
    dropout: 0.2,
  }

  it('is the same to the bit for the same seed, and another for another', async () => {
    const [a, b, other] = await Promise.all(
      [3, 3, 4].map((seed) => crossValidate({ sizes: [2, 4, 2] }, data, { ...options, seed })),
    )
    expect(parametersOf(a!)).toEqual(parametersOf(b!))
    expect(a!.scores).toEqual(b!.scores)
    expect(a!.folds[0]!.samples).not.toEqual(other!.folds[0]!.samples)
    expect(parametersOf(a!)[0]).not.toEqual(parametersOf(other!)[0])
    expect(new Set(a!.folds.map(({ seed }) => seed)).size).toBe(3)
  })

  it('is that of each training alone', async () => {
    const { folds, scores, mean, deviation } = await crossValidate({ sizes: [2, 4, 2] }, data, options)
    for (const { samples, seed, network: trained, evaluation, history } of folds) {
      const others = [...Array(60).keys()].filter((i) => !samples.includes(i))
      const [train, test] = [data.take(others), data.take(samples)]
      const scaling = standardize(train)
      const network = Network.create({ sizes: [2, 4, 2], seed })
      await fit(network, scale(train, scaling), {
        backend: 'cpu',
        epochs: 2,
        seed,
        dropout: 0.2,
        optimizer: sgd({ learningRate: 1 }),
      })
      expect([...network.parameters]).toEqual([...trained.parameters])
      const trainer = await Trainer.create(network, { backend: 'cpu' })
      expect(evaluation).toEqual(await trainer.evaluate(test))
      trainer.dispose()
      expect(history.epochs).toHaveLength(2)
      expect(trained.classes).toEqual(data.classes)
    }
    expect(scores).toEqual(folds.map(({ evaluation }) => evaluation.accuracy))
    const [a, b, c] = scores as [number, number, number]
    expect(mean).toBeCloseTo((a + b + c) / 3, 12)
    expect(deviation).toBeCloseTo(Math.sqrt(((a - mean) ** 2 + (b - mean) ** 2 + (c - mean) ** 2) / 3), 12)
  })

  it('begins all networks from the same parameters where the network has a seed', async () => {
    const none = { ...options, optimizer: sgd({ learningRate: 0 }), epochs: 1 }
    const [a, b] = parametersOf(await crossValidate({ sizes: [2, 4, 2], seed: 9 }, data, none))
    expect(a).toEqual(b)
    expect(a).toEqual([...Network.create({ sizes: [2, 4, 2], seed: 9 }).parameters])
  })

  it('reports epochs and folds while it works, and stops when it is aborted', async () => {
    const seen: string[] = []
    const controller = new AbortController()
    const running = crossValidate({ sizes: [2, 4, 2] }, data, {
      ...options,
      signal: controller.signal,
      onEpoch: ({ epoch }, fold) => void seen.push(`${fold}.${epoch}`),
      onFold: ({ fold }) => {
        seen.push(`fold ${fold}`)
        if (fold === 2) controller.abort(new Error('enough'))
      },
    })
    await expect(running).rejects.toThrow('enough')
    expect(seen).toEqual(['1.1', '1.2', 'fold 1', '2.1', '2.2', 'fold 2'])
  })
})

describe('what is left out takes no part in training', () => {
  const network = { sizes: [2, 4, 1], hidden: 'tanh', output: 'linear' } as const
  const options: CrossValidationOptions = {
    ...quick,
    folds: 4,
    epochs: 6,
    loss: 'meanSquaredError',
    optimizer: adam({ learningRate: 0.05 }),
    standardize: true,
    earlyStopping: { patience: 2 },
  }

  it('neither inputs nor targets', async () => {
    const before = await crossValidate(network, houses(40), options)
    const held = before.folds[1]!.samples
    const after = await crossValidate(
      network,
      houses(40, (i) => (held.includes(i) ? 5000 + i : 0)),
      options,
    )
    expect(after.folds[1]!.samples).toEqual(held)
    expect(parametersOf(after)[1]).toEqual(parametersOf(before)[1])
    expect(after.folds[1]!.network.scaling).toEqual(before.folds[1]!.network.scaling)
    expect(after.folds[1]!.network.targetScaling).toEqual(before.folds[1]!.network.targetScaling)
    expect(after.folds[1]!.score).not.toBe(before.folds[1]!.score)
    expect(parametersOf(after)[0]).not.toEqual(parametersOf(before)[0])
  })

  it('a column that does not vary but in one sample is constant for the network that does not see it', async () => {
    const rows = Array.from({ length: 20 }, (_, i) => [i, i === 7 ? 1000 : 5])
    const data = Dataset.from(rows, rows.map(([x]) => [x!])) // prettier-ignore
    const { folds } = await crossValidate(network, data, options)
    for (const { samples, network: trained } of folds) {
      const [offset, deviation] = [trained.scaling!.offset[1], trained.scaling!.scale[1]]
      if (samples.includes(7)) expect([offset, deviation]).toEqual([5, 1])
      else expect(deviation).toBeGreaterThan(200)
    }
  })

  it('fills of missing values', async () => {
    const lines = Array.from({ length: 20 }, (_, i) => `${i % 4 === 0 ? '' : i * i},${i % 3}`)
    const data = await parseCsv(`x,y\n${lines.join('\n')}\n`, { target: 'y', missing: 'impute' })
    const { folds } = await crossValidate({ sizes: [1, data.targets.cols] }, data, { ...quick, folds: 4 })
    const fills = folds.map(({ samples, network: trained }) => {
      const known = [...Array(20).keys()].filter((i) => i % 4 !== 0 && !samples.includes(i)).map((i) => i * i)
      const middle = (known.length - 1) / 2
      expect(trained.encoding!.columns[0]!.fill).toBe((known[Math.floor(middle)]! + known[Math.ceil(middle)]!) / 2)
      return trained.encoding!.columns[0]!.fill
    })
    expect(new Set(fills).size).toBeGreaterThan(1)
  })
})

describe('the task decides the score', () => {
  it('R² of regression, whose targets are scaled as the inputs are', async () => {
    const network = { sizes: [2, 8, 1], hidden: 'tanh', output: 'linear' } as const
    const options = {
      ...quick,
      folds: 4,
      epochs: 60,
      batchSize: 8,
      loss: 'meanSquaredError',
      standardize: true,
      optimizer: adam({ learningRate: 0.02 }),
    } as const
    const { scores, mean, scoreName, stratified, folds } = await crossValidate(network, houses(80), options)
    expect(scoreName).toBe('r2')
    expect(stratified).toBe(false)
    expect(mean).toBeGreaterThan(0.95)
    expect(scores).toEqual(folds.map(({ evaluation }) => evaluation.r2))
    expect(folds.every(({ network: trained }) => trained.targetScaling !== undefined)).toBe(true)
    // The networks predict in the units of the data.
    expectClose(folds[0]!.network.predict([[100, 1950]]).data, [105_000], { name: 'price', rtol: 0.2, atol: 0 })
    const raw = await crossValidate(network, houses(80), { ...options, standardizeTargets: false, epochs: 1 })
    expect(raw.folds[0]!.network.targetScaling).toBeUndefined()
  })

  it('the share of correct labels of several labels', async () => {
    const rows = Array.from({ length: 40 }, (_, i) => [Math.sin(i), Math.cos(3 * i)])
    const data = Dataset.from(rows, rows.map(([a, b]) => [Number(a! > 0), Number(b! > 0), Number(a! + b! > 0)])) // prettier-ignore
    const { scores, folds, scoreName } = await crossValidate({ sizes: [2, 4, 3] }, data, {
      ...quick,
      loss: 'binaryCrossEntropy',
    })
    expect(scoreName).toBe('accuracy')
    expect(folds.every(({ network }) => network.task === 'multilabel')).toBe(true)
    expect(scores).toEqual(folds.map(({ evaluation }) => evaluation.accuracy))
    expect(folds.every(({ evaluation }) => evaluation.exactMatch !== undefined)).toBe(true)
  })
})

describe('what does not fit is refused before any training', () => {
  const data = circle({ samples: 20, seed: 1 })
  const scaled = scale(data, standardize(data))
  it.each<[string, Dataset, object, string]>([
    ['scaled data', scaled, {}, 'data: they are scaled already, as measured on all samples'],
    ['validation data', data, { validation: data }, 'each fold is validated on the samples that were left out'],
    ['a checkpoint', data, { checkpoint: {} }, 'folds are not resumed'],
    ['sizes', data, { sizes: [2, 2] }, 'an option of the network, the first argument'],
    ['one fold', data, { folds: 1 }, 'folds: expected a whole number from 2'],
    [
      'two scalings',
      data,
      { standardize: true, normalize: true },
      'normalize: inputs are scaled by standardize or by normalize',
    ],
    ['scaled classes', data, { standardizeTargets: true }, 'standardizeTargets: is for regression targets'],
    ['more folds than samples of each class', data, { folds: 15 }, 'or give { stratify: false }'],
    ['a loss of other outputs', data, { loss: 'crossEntropy' }, 'crossEntropy needs the output activation softmax'],
  ])('%s', async (_, samples, options, message) => {
    const running = crossValidate({ sizes: [2, 3, 2] }, samples, { ...quick, ...options })
    await expect(running).rejects.toThrow(InputError)
    await expect(running).rejects.toThrow(message)
  })

  it('columns that are not the inputs of the network', async () => {
    await expect(crossValidate({ sizes: [3, 2] }, data, quick)).rejects.toThrow('has 2 input columns')
  })
})
