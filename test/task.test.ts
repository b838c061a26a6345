import { describe, expect, it } from 'vitest'
import {
  adam,
  circle,
  Dataset,
  DataStream,
  fit,
  gate,
  InputError,
  type LossName,
  Network,
  oneHot,
  regressionReport,
  sgd,
  taskOf,
  Trainer,
} from '../src/index.ts'
import type { ActivationName } from '../src/index.ts'

const x4 = [[0], [1], [2], [3]]
const made = (outputs: number, output: ActivationName) =>
  Network.create({ sizes: [1, outputs], activations: [output], seed: 1 })
const options = { backend: 'cpu', seed: 1, epochs: 1 } as const

/** Three labels that follow from the signs of three inputs. */
function labelled(samples = 300, from = 7): { x: number[][]; y: number[][] } {
  let state = from
  const random = () => (state = (state * 16807) % 2147483647) / 2147483647
  const x = Array.from({ length: samples }, () => Array.from({ length: 3 }, () => 2 * random() - 1))
  return { x, y: x.map((row) => row.map((value) => Number(value > 0))) }
}

describe('the task of a network', () => {
  it.each<[string, number, ActivationName, LossName, number[][], string]>([
    ['one-hot targets', 3, 'sigmoid', 'quadratic', oneHot([0, 1, 2, 0], 3).toArray(), 'classification'],
    [
      'one-hot targets of linear outputs',
      3,
      'linear',
      'quadratic',
      oneHot([0, 1, 2, 0], 3).toArray(),
      'classification',
    ],
    [
      'probabilities',
      2,
      'softmax',
      'crossEntropy',
      [
        [0.5, 0.5],
        [0, 1],
        [1, 0],
        [0.9, 0.1],
      ],
      'classification',
    ],
    ['0 and 1', 1, 'sigmoid', 'quadratic', [[0], [1], [1], [0]], 'classification'],
    ['−1 and 1', 1, 'tanh', 'quadratic', [[-1], [1], [1], [-1]], 'classification'],
    ['−1 and 1 of sigmoid', 1, 'sigmoid', 'quadratic', [[-1], [1], [1], [-1]], 'regression'],
    ['numbers', 1, 'sigmoid', 'quadratic', [[3], [4], [5], [6]], 'regression'],
    ['numbers from 0 to 1', 1, 'sigmoid', 'quadratic', [[0], [0.5], [1], [0.2]], 'regression'],
    ['probabilities of one output', 1, 'sigmoid', 'binaryCrossEntropy', [[0], [0.5], [1], [0.2]], 'classification'],
    [
      'several labels',
      2,
      'sigmoid',
      'binaryCrossEntropy',
      [
        [1, 1],
        [0, 1],
        [0, 0],
        [1, 0],
      ],
      'multilabel',
    ],
    [
      'several labels, as −1 and 1',
      2,
      'tanh',
      'quadratic',
      [
        [1, 1],
        [-1, 1],
        [-1, -1],
        [1, -1],
      ],
      'multilabel',
    ],
    [
      '0 and 1 of linear outputs',
      2,
      'linear',
      'quadratic',
      [
        [1, 1],
        [0, 1],
        [0, 0],
        [1, 0],
      ],
      'regression',
    ],
    [
      'several numbers',
      2,
      'linear',
      'huber',
      [
        [1, 1],
        [0, 1.5],
        [0, 0],
        [1, 0],
      ],
      'regression',
    ],
    ['one constant', 1, 'linear', 'quadratic', [[1], [1], [1], [1]], 'regression'],
  ])('%s: %i %s outputs, %s', async (_, outputs, output, loss, y, task) => {
    // prettier-ignore
    const network = made(outputs, output)
    const data = Dataset.from(x4, y)
    expect(taskOf(network, loss, data)).toBe(task)
    expect(network.task).toBeUndefined()
    const history = await fit(network, data, { ...options, loss })
    expect(network.task).toBe(task)
    expect(network.loss).toBe(loss)
    expect(Network.fromJSON(JSON.parse(JSON.stringify(network)) as unknown).task).toBe(task)
    if (task === 'regression') expect(history.last).not.toHaveProperty('accuracy')
  })

  it('is classification where the data have classes', () => {
    const named = Dataset.from(x4, [0, 1, 1, 0], { classes: ['no', 'yes'] })
    expect(taskOf(made(2, 'linear'), 'quadratic', named)).toBe('classification')
    const oneColumn = Dataset.from(x4, [[0], [1], [1], [0]], { classes: ['no', 'yes'] })
    expect(taskOf(made(1, 'linear'), 'quadratic', oneColumn)).toBe('classification')
  })

  it('is the one that is set on the network', async () => {
    const network = made(2, 'sigmoid')
    network.task = 'multilabel'
    const byChance = Dataset.from(x4, [[1, 0], [0, 1], [0, 1], [1, 0]]) // prettier-ignore
    expect(taskOf(network, 'quadratic', byChance)).toBe('multilabel')
    await fit(network, byChance, options)
    expect(network.task).toBe('multilabel')
  })

  it('cannot change: data of another task are refused, by fit, evaluate and as validation data', async () => {
    const numbers = Dataset.from(x4, [[3], [4], [5], [6]])
    const binary = Dataset.from(x4, [[0], [1], [1], [0]])
    const named = Dataset.from(x4, [[0], [1], [1], [0]], { classes: ['no', 'yes'] })
    const network = made(1, 'sigmoid')
    await fit(network, binary, options)
    const message =
      'train: its targets are regression targets, but the network was fitted for classification (one class per sample); ' +
      'train a new network, or set network.task'
    await expect(fit(network, numbers, options)).rejects.toThrow(new InputError(message))
    await expect(fit(network, binary, { ...options, validation: numbers })).rejects.toThrow('validation: its targets')
    const trainer = await Trainer.create(network, { backend: 'cpu' })
    await expect(trainer.evaluate(numbers)).rejects.toThrow('data: its targets are regression targets')
    expect(() => trainer.epochs(numbers)).toThrow('train: its targets')
    trainer.dispose()
    const line = made(1, 'linear')
    await fit(line, numbers, options)
    await expect(fit(line, named, options)).rejects.toThrow(
      'train: its targets are one class per sample, but the network was fitted for regression (regression targets)',
    )
    // Numbers that are 0 and 1 are numbers.
    await fit(line, binary, options)
    expect(line.task).toBe('regression')
    const labels = made(2, 'sigmoid')
    await fit(labels, Dataset.from(x4, oneHot([0, 1, 1, 0], 2)), options)
    const several = Dataset.from(x4, [[1, 1], [0, 1], [0, 0], [1, 0]]) // prettier-ignore
    await expect(fit(labels, several, options)).rejects.toThrow('its targets are several labels per sample')
  })
})

describe('names', () => {
  const flowers = Dataset.from([[0.1], [0.2], [0.9], [1.1]], ['cold', 'cold', 'warm', 'warm'], { features: ['heat'] })

  it('of classes and columns are put on the network by fit, epochs and steps', async () => {
    const fresh = () => made(2, 'softmax')
    const fitted = fresh()
    await fit(fitted, flowers, { ...options, loss: 'crossEntropy' })
    const trainer = await Trainer.create(fresh(), { backend: 'cpu' })
    for await (const _ of trainer.epochs(flowers, { epochs: 1 })) break
    const stepped = await Trainer.create(fresh(), { backend: 'cpu' })
    for await (const _ of stepped.steps(flowers)) break
    const loaded = await Trainer.create(fresh(), { backend: 'cpu' })
    await loaded.fit(await loaded.load(flowers), { epochs: 1 })
    const streamed = await Trainer.create(fresh(), { backend: 'cpu' })
    await streamed.fit(DataStream.from({ samples: 4, chunks: () => [flowers] }), { epochs: 1 })
    for (const { classes, features, task } of [fitted, ...[trainer, stepped, loaded, streamed].map((t) => t.network)]) {
      expect({ classes, features, task }).toEqual({ classes: ['cold', 'warm'], features: ['heat'], task: 'classification' }) // prettier-ignore
    }
    for (const one of [trainer, stepped, loaded, streamed]) one.dispose()
  })

  it('are not put on the network by load, evaluate, or a fit that is refused', async () => {
    const network = made(2, 'softmax')
    const trainer = await Trainer.create(network, { backend: 'cpu' })
    ;(await trainer.load(flowers)).dispose()
    expect((await trainer.evaluate(flowers)).accuracy).toBeDefined()
    await expect(trainer.fit(flowers, { epochs: -1 })).rejects.toThrow(InputError)
    expect(network).toMatchObject({ classes: undefined, features: undefined, task: undefined, loss: undefined })
    trainer.dispose()
  })

  it('that differ, or are in another order, are refused', async () => {
    const network = made(2, 'softmax')
    await fit(network, flowers, options)
    const renamed = Dataset.from(flowers.inputs, flowers.targets, { classes: ['cold', 'hot'] })
    await expect(fit(network, renamed, options)).rejects.toThrow(
      'train: its classes are cold, hot, the network was fitted on cold, warm',
    )
    const turned = Dataset.from(flowers.inputs, [1, 1, 0, 0], { classes: ['warm', 'cold'] })
    await expect(fit(network, turned, options)).rejects.toThrow(
      "train: its classes are in the order warm, cold, the network's in the order cold, warm; " +
        'give the readers, or Dataset.from, { classes: network.classes }',
    )
    const other = Dataset.from(flowers.inputs, flowers.targets, { features: ['rain'] })
    const trainer = await Trainer.create(network, { backend: 'cpu' })
    await expect(trainer.evaluate(other)).rejects.toThrow('data: its columns are rain, the network was fitted on heat')
    trainer.dispose()
    await expect(fit(made(2, 'softmax'), flowers, { ...options, validation: turned })).rejects.toThrow(
      'validation: its classes',
    )
    // Data without names are taken as they are.
    await fit(network, Dataset.from(flowers.inputs, flowers.targets), options)
  })
})

describe('scores', () => {
  it('of regression have no accuracy, in epochs, steps, validation and evaluations', async () => {
    const data = Dataset.from([[1, 2], [2, 3], [3, 4], [4, 5]], [3, 4, 5, 6]) // prettier-ignore
    const network = Network.create({ sizes: [2, 3, 1], seed: 1 })
    const seen: unknown[] = []
    const history = await fit(network, data, {
      ...options,
      epochs: 3,
      validation: data,
      onEpoch: (e) => void seen.push(e),
    })
    for (const epoch of [...history.epochs, ...(seen as typeof history.epochs)]) {
      expect(epoch).not.toHaveProperty('accuracy')
      expect(epoch.validation).toEqual({ loss: expect.any(Number) as number })
    }
    const trainer = await Trainer.create(network, { backend: 'cpu' })
    expect(Object.keys(await trainer.evaluate(data)).sort()).toEqual(['loss', 'meanAbsoluteError', 'r2', 'samples'])
    for await (const step of trainer.steps(data)) {
      expect(step).not.toHaveProperty('accuracy')
      break
    }
    trainer.dispose()
    const byAccuracy = { ...options, earlyStopping: { patience: 1, monitor: 'accuracy' } } as const
    await expect(fit(network, data, byAccuracy)).rejects.toThrow('earlyStopping: monitor: regression has no accuracy')
  })

  // scikit-learn 1.x: MLPClassifier on such targets; accuracy_score(y, p > 0.5) is exactMatch, (y == (p > 0.5)).mean() accuracy.
  it('of several labels are the share of labels that are right, and of samples of which all are', async () => {
    const { x, y } = labelled()
    const network = Network.create({ sizes: [3, 16, 3], activations: ['relu', 'sigmoid'], seed: 1 })
    const data = Dataset.from(x, y)
    const training = {
      backend: 'cpu',
      loss: 'binaryCrossEntropy',
      optimizer: adam({ learningRate: 0.02 }),
      seed: 1,
    } as const
    await fit(network, data, { ...training, epochs: 3 })
    const trainer = await Trainer.create(network, training)
    const outputs = (await trainer.predict(x)).toArray()
    const right = outputs.map((row, i) => row.map((value, j) => value > 0.5 === (y[i]![j] === 1)))
    const labels = right.flat()
    const { accuracy, exactMatch, ...others } = await trainer.evaluate(data)
    expect(accuracy).toBeCloseTo(labels.filter(Boolean).length / labels.length, 12)
    expect(exactMatch).toBeCloseTo(right.filter((row) => row.every(Boolean)).length / right.length, 12)
    expect(accuracy).toBeGreaterThan(exactMatch!)
    expect(others).not.toHaveProperty('r2')
    await trainer.fit(data, { epochs: 400 })
    expect(await trainer.evaluate(data)).toMatchObject({ accuracy: 1, exactMatch: 1 })
    trainer.dispose()
  })

  // sklearn.metrics.r2_score: 0 for a constant target, 1 where it is hit exactly; of several outputs the mean.
  it.each([
    [[3.5, 3.5, 3.5], [3.4, 3.6, 3.5], 0],
    [[0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1], [0.1, 0.1, 0.1, 0.2, 0.1, 0.1, 0.1], 0],
    [[1e6 + 0.1, 1e6 + 0.1, 1e6 + 0.1], [0, 0, 0], 0],
    [[0.7, 0.7, 0.7], [0.7, 0.7, 0.7], 1],
    [[0, 0, 0], [1, 2, 3], 0],
    [[1, 2, 3], [1, 2, 4], 0.5],
  ])('R² of %j for %j is %d', (y, predicted, r2) => {
    const data = Dataset.from(y.map(() => [0]), y.map((value) => [value])) // prettier-ignore
    expect(regressionReport(predicted.map((value) => [value]), data).r2).toBeCloseTo(r2, 6) // prettier-ignore
  })

  it('of constant regression targets have an R² of 0 in evaluate, also of streams', async () => {
    const samples = 37
    const data = Dataset.from(
      Array.from({ length: samples }, (_, i) => [i / 10]),
      new Array<number>(samples).fill(3.5),
    )
    const trainer = await Trainer.create(made(1, 'linear'), { backend: 'cpu' })
    await trainer.fit(data, { epochs: 2 })
    expect((await trainer.evaluate(data)).r2).toBe(0)
    const parts = DataStream.from({ samples, chunks: () => [data.slice(0, 5), data.slice(5, samples)] })
    expect((await trainer.evaluate(parts)).r2).toBe(0)
    trainer.dispose()
  })

  it('of gates and circles are those of classes', async () => {
    const network = Network.create({ sizes: [2, 3, 1], seed: 1 })
    const history = await fit(network, gate('xor'), { ...options, optimizer: sgd({ learningRate: 1 }) })
    expect(history.last.accuracy).toBeDefined()
    expect(network.task).toBe('classification')
    const plane = Network.create({ sizes: [2, 3, 2], seed: 1 })
    const { last } = await fit(plane, circle({ samples: 20, seed: 1 }), options)
    expect(last.accuracy).toBeDefined()
  })
})

describe('data that are no Dataset', () => {
  it('are refused with a hint, also where y follows as in other libraries', async () => {
    const message = 'train: expected a Dataset (Dataset.from(x, y) makes one), got an array'
    const loosely = fit as unknown as (...args: unknown[]) => Promise<unknown>
    const network = Network.create({ sizes: [2, 3, 1], seed: 1 })
    const [x, y] = [[[0, 1], [1, 0]], [[1], [0]]] // prettier-ignore
    await expect(loosely(network, x, y, { epochs: 1, backend: 'cpu' })).rejects.toThrow(message)
    await expect(loosely(network, x, { epochs: 1 })).rejects.toThrow(message)
    const trainer = await Trainer.create(network, { backend: 'cpu' })
    const untyped = trainer as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>
    for (const name of ['fit', 'epochs', 'steps']) {
      await expect(async () => untyped[name]!(x, y, { epochs: 1 })).rejects.toThrow(message)
    }
    await expect(untyped['evaluate']!(x, y)).rejects.toThrow('data: expected a Dataset')
    await expect(untyped['load']!(x, y)).rejects.toThrow('data: expected a Dataset')
    expect(() => trainer.memoryFor(x as never, y as never)).toThrow(message)
    trainer.dispose()
  })
})
