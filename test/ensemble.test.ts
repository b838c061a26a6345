import { describe, expect, it } from 'vitest'
import {
  circle,
  classificationReport,
  cpu,
  Dataset,
  DataStream,
  Encoding,
  Ensemble,
  evaluateEnsemble,
  InputError,
  Matrix,
  multilabelReport,
  Network,
  type NetworkOptions,
  regressionReport,
  Scaling,
  standardizeTargets,
  sweep,
  type Task,
  toJavaScript,
  toOnnx,
  Trainer,
} from '../src/index.ts'
import { Random } from '../src/core/random.ts'
import { expectClose } from './close.ts'
import { loadModule } from './javascript-module.ts'
import { runAllOutputs } from './onnx-session.ts'

/** Networks of different layers for the same data. */
const networksOf = (options: Partial<NetworkOptions>, inputs = 3, outputs = 2) =>
  [1, 2, 3].map((seed) => Network.create({ sizes: [inputs, 3 + seed, outputs], init: 'lecunNormal', ...options, seed }))

function rowsOf(count: number, columns: number): number[][] {
  const random = new Random(5, 'data')
  return Array.from({ length: count }, () => Array.from({ length: columns }, () => Math.fround(2 * random.normal())))
}

/** The mean and the standard deviation over lists of outputs. */
function spreadOf(lists: readonly ArrayLike<number>[]) {
  const mean = Array.from(lists[0]!, (_, at) => lists.reduce((sum, list) => sum + list[at]! / lists.length, 0))
  const deviation = mean.map((center, at) =>
    Math.sqrt(lists.reduce((sum, list) => sum + (list[at]! - center) ** 2 / lists.length, 0)),
  )
  return { mean, deviation }
}

const bounds = { atol: 2e-6, rtol: 2e-6 }

describe('Ensemble', () => {
  it('predicts the mean of the outputs with their standard deviation', () => {
    const networks = networksOf({ output: 'softmax' })
    const rows = rowsOf(20, 3)
    const { mean, deviation } = spreadOf(networks.map((network) => network.predict(rows).data))
    const ensemble = Ensemble.from(networks)
    const spread = ensemble.predictWithSpread(rows)
    expectClose(spread.mean.data, mean, { name: 'mean', rtol: 1e-7 })
    expectClose(spread.deviation.data, deviation, { name: 'deviation', rtol: 1e-7, atol: 1e-9 })
    expect(ensemble.predict(rows)).toEqual(spread.mean)
    const alone = Ensemble.from([networks[0]!])
    expect(alone.predict(rows)).toEqual(networks[0]!.predict(rows))
    expect(alone.predictWithSpread(rows).deviation).toEqual(new Matrix(20, 2))
  })

  it('names classes with the share of the networks that predict them', () => {
    const constants = (biases: number[]) =>
      Network.from({ sizes: [1, 3], activations: ['linear'], weights: [[0, 0, 0]], biases: [biases] })
    const networks = [[1, 0, 0], [0.5, 0.25, 0.25], [0.25, 0.75, 0], [0.75, 0, 0.25]].map(constants) // prettier-ignore
    for (const network of networks) network.classes = ['a', 'b', 'c']
    const [answer] = Ensemble.from(networks).classify([[0]])
    const deviation = expect.closeTo(Math.sqrt(0.3125 / 4), 7) as number
    expect(answer).toEqual({ class: 'a', probability: 0.625, deviation, agreement: 0.75 })
    const sided = [-1, 0.5, -0.5].map((bias) => {
      const network = Network.create({ sizes: [1, 1], activation: 'tanh', seed: 1 })
      network.parameters.set([0, Math.atanh(bias * 0.999)])
      return network
    })
    const [side] = Ensemble.from(sided).classify([[0]])
    expect(side).toEqual({
      class: '0',
      probability: expect.closeTo(0.5 + 0.999 / 6, 6),
      deviation: expect.closeTo((0.999 / 2) * spreadOf([[-1], [0.5], [-0.5]]).deviation[0]!, 6),
      agreement: expect.closeTo(2 / 3, 7),
    })
  })

  it('applies the preprocessing of each network', () => {
    const networks = networksOf({ output: 'linear' }, 4, 1)
    networks.forEach((network, i) => {
      network.features = ['size', 'tree']
      network.encoding = new Encoding([
        { kind: 'number', fill: i },
        {
          kind: 'category',
          categories: [
            ['ash', 'elm', 'oak'],
            ['oak', 'ash', 'fir'],
            ['elm', 'oak', 'ash'],
          ][i]!,
        },
      ])
      network.scaling = new Scaling('standardize', [i, 0, 0, 0], [1 + i, 1, 1, 1])
      network.targetScaling = new Scaling('normalize', [100 * i], [10 + i])
      network.task = 'regression'
    })
    const rows = [{ tree: 'oak', size: 3 }, { tree: 'fir', size: null }] // prettier-ignore
    const { mean, deviation } = spreadOf(networks.map((network) => network.predict(rows).data))
    const spread = Ensemble.from(networks).predictWithSpread(rows)
    expectClose(spread.mean.data, mean, { name: 'mean', rtol: 1e-7 })
    expectClose(spread.deviation.data, deviation, { name: 'deviation', rtol: 1e-6 })
    expect(() => Ensemble.from(networks).classify(rows)).toThrow('classify: the network predicts regression targets')
  })

  it('takes results of a sweep, and copies networks', async () => {
    const data = circle({ samples: 30, seed: 1 })
    const results = await sweep(data, { sizes: [[2, 3, 2], [2, 5, 2]], seeds: 2, epochs: 2, backend: 'cpu' }) // prettier-ignore
    const ensemble = Ensemble.from(results.slice(0, 3))
    expect(ensemble.networks.map(({ sizes }) => sizes)).toEqual(results.slice(0, 3).map(({ settings }) => settings.sizes)) // prettier-ignore
    expect(ensemble).toMatchObject({ classes: data.classes, task: 'classification', loss: 'quadratic', outputs: 2 })
    const network = results[0]!.network()
    const own = Ensemble.from([network])
    const before = own.predict([[0.5, 0.5]])
    network.parameters.fill(0)
    expect(own.predict([[0.5, 0.5]])).toEqual(before)
  })

  it.each<[string, (network: Network) => void]>([
    ['features: [a, b, c], but networks[0] has none', (one) => (one.features = ['a', 'b', 'c'])],
    ['classes: [x, y], but networks[0] has none', (one) => (one.classes = ['x', 'y'])],
    ["task: 'regression', but networks[0] has none", (one) => (one.task = 'regression')],
    [
      'kinds of columns: [number, boolean, number], but',
      (one) => (one.encoding = new Encoding([{ kind: 'number' }, { kind: 'boolean' }, { kind: 'number' }])),
    ],
    [
      'number of columns: 2, but networks[0] has 3',
      (one) => (one.encoding = new Encoding([{ kind: 'category', categories: ['a', 'b'] }, { kind: 'number' }])),
    ],
    ['parameter 4 is NaN, expected a finite number', (one) => (one.parameters[4] = NaN)],
  ])('refuses networks that differ: %s', (message, change) => {
    const networks = networksOf({ output: 'softmax' })
    change(networks[2]!)
    const make = () => Ensemble.from(networks)
    expect(make).toThrow(InputError)
    expect(make).toThrow('networks[2]: ')
    expect(make).toThrow(message)
  })

  it('refuses other outputs, no networks, and what is no network', () => {
    const network = Network.create({ sizes: [2, 1], output: 'sigmoid', seed: 1 })
    const other = Network.create({ sizes: [2, 1], output: 'tanh', seed: 1 })
    expect(() => Ensemble.from([network, other])).toThrow('networks[1]: boundary between classes (0 for tanh outputs, else 0.5): 0, but networks[0] has 0.5') // prettier-ignore
    const wide = Network.create({ sizes: [2, 3], seed: 1 })
    expect(() => Ensemble.from([network, wide])).toThrow('networks[1]: number of outputs: 3, but networks[0] has 1')
    expect(() => Ensemble.from([])).toThrow('networks: expected at least one network, got none')
    expect(() => Ensemble.from([network, { network: () => 1 as never }])).toThrow('networks[1]: expected a Network or a result of a sweep, got 1') // prettier-ignore
  })

  it('is written as JSON and read back, and names what is damaged', () => {
    const ensemble = Ensemble.from(networksOf({ output: 'softmax' }))
    const json = JSON.parse(JSON.stringify(ensemble)) as ReturnType<Ensemble['toJSON']>
    expect(Ensemble.fromJSON(json)).toEqual(ensemble)
    json.networks[1]!.sizes[0] = 4
    expect(() => Ensemble.fromJSON(json)).toThrow('ensemble: networks[1]: weights[0]: expected')
    expect(() => Ensemble.fromJSON({ ...json, version: 2 })).toThrow('ensemble: version 2 is not known here (1 is)')
    expect(() => Ensemble.fromJSON(json.networks[0])).toThrow('ensemble: not a webgpu-mlp ensemble')
    expect(() => Network.fromJSON(json)).toThrow('model: an ensemble of 3 networks, expected one network; Ensemble.fromJSON reads it') // prettier-ignore
  })
})

describe('evaluateEnsemble', () => {
  const random = () => new Random(8, 'data')
  const inputs = rowsOf(60, 3)
  const oneHot = inputs.map(([a, b]) => (a! > b! ? [1, 0] : [0, 1]))
  const labels = inputs.map((row) => row.slice(0, 2).map((value) => Number(value > 0)))
  const draw = random()
  const prices = inputs.map(([a, b]) => [1000 + 50 * a! + draw.normal(), 3 * b!])
  const cases: [Task, string, Partial<NetworkOptions>, Dataset][] = [
    ['classification', 'crossEntropy', { output: 'softmax' }, Dataset.from(inputs, oneHot)],
    ['classification', 'quadratic', { output: 'sigmoid' }, Dataset.from(inputs, oneHot)],
    ['classification', 'quadratic', { output: 'tanh' }, Dataset.from(inputs, oneHot).withWeights(inputs.map(([a]) => Math.abs(a!)))], // prettier-ignore
    ['multilabel', 'binaryCrossEntropy', { output: 'sigmoid' }, Dataset.from(inputs, labels)],
    ['regression', 'meanSquaredError', { output: 'linear' }, Dataset.from(inputs, prices)],
    ['regression', 'huber', { output: 'linear' }, Dataset.from(inputs, prices)],
    ['regression', 'meanAbsoluteError', { output: 'linear' }, Dataset.from(inputs, prices)],
  ]

  it.each(cases)('%s, %s: has the scores of Trainer.evaluate', async (task, name, options, data) => {
    const loss = name as 'quadratic'
    const networks = networksOf(options)
    const targetScaling = task === 'regression' ? standardizeTargets(data) : undefined
    for (const network of networks) Object.assign(network, { task, loss, targetScaling })
    const [first] = networks
    const trainer = await Trainer.create(first!, { loss, backend: cpu({ precision: 'float64' }) })
    const { samples, ...expected } = await trainer.evaluate(data)
    trainer.dispose()
    const alone = await evaluateEnsemble(Ensemble.from([first!]), data)
    expect(alone.samples).toBe(samples)
    expect(Object.keys(alone).sort()).toEqual(['samples', ...Object.keys(expected)].sort())
    for (const [key, value] of Object.entries(expected)) {
      expectClose([(alone as unknown as Record<string, number>)[key]!], [value], { name: key, rtol: 1e-6 })
    }
    const ensemble = Ensemble.from(networks)
    const all = await evaluateEnsemble(ensemble, data)
    const mean = ensemble.predict(data.inputs)
    if (task === 'regression') {
      const { r2, meanAbsoluteError } = regressionReport(mean, data)
      expect(all.r2).toBeCloseTo(r2, 5)
      expect(all.meanAbsoluteError! / meanAbsoluteError).toBeCloseTo(1, 5)
    } else if (task === 'multilabel') expect(all).toMatchObject({ exactMatch: multilabelReport(mean, data).exactMatch })
    else expect(all.accuracy).toBe(classificationReport(mean, data).accuracy)
    const stream = DataStream.from({ samples: 60, chunks: () => [data.slice(0, 25), data.slice(25, 60)] })
    const streamed = await evaluateEnsemble(ensemble, stream)
    expectClose([streamed.loss], [all.loss], { name: 'loss of a stream', rtol: 1e-12 })
  })

  it('takes the loss of the mean, also where outputs saturate', async () => {
    const constant = (z: number) => {
      const network = Network.create({ sizes: [1, 1], output: 'sigmoid', seed: 1 })
      network.parameters.set([0, z])
      return network
    }
    const data = Dataset.from([[0], [1]], [0, 1])
    const ensemble = Ensemble.from([constant(-2), constant(1)])
    const a = (1 / (1 + Math.exp(2)) + 1 / (1 + Math.exp(-1))) / 2
    const loss = -(Math.log(1 - a) + Math.log(a)) / 2
    const found = await evaluateEnsemble(ensemble, data, { loss: 'binaryCrossEntropy' })
    expectClose([found.loss], [loss], { name: 'loss', rtol: 1e-12 })
    const { loss: saturated } = await evaluateEnsemble(Ensemble.from([constant(60)]), data, { loss: 'binaryCrossEntropy' }) // prettier-ignore
    expect(saturated).toBeGreaterThan(15)
    expect(saturated).toBeLessThan(60)
  })

  it('compares in the units of the data where networks scale targets in different ways', async () => {
    const data = Dataset.from(inputs, prices)
    const networks = networksOf({ output: 'linear' })
    networks.forEach((network, i) => {
      network.targetScaling = new Scaling('standardize', [900 + 50 * i, i], [60 - i, 2 + i])
      network.task = 'regression'
    })
    const ensemble = Ensemble.from(networks)
    const { loss, r2 } = await evaluateEnsemble(ensemble, data, { loss: 'meanSquaredError' })
    const mean = ensemble.predict(data.inputs)
    const squares = mean.data.reduce((sum, value, at) => sum + (value - data.targets.data[at]!) ** 2, 0)
    expectClose([loss], [squares / mean.data.length], { name: 'loss', rtol: 1e-5 })
    expect(r2).toBeCloseTo(regressionReport(mean, data).r2, 5)
  })

  it('refuses a loss that does not go with the outputs, and other data', async () => {
    const ensemble = Ensemble.from(networksOf({ output: 'sigmoid' }))
    const data = Dataset.from(inputs, oneHot)
    await expect(evaluateEnsemble(ensemble, data, { loss: 'crossEntropy' })).rejects.toThrow('loss: crossEntropy needs the output activation softmax') // prettier-ignore
    await expect(evaluateEnsemble(ensemble, circle({ samples: 9, seed: 1 }))).rejects.toThrow(
      'data: has 2 input columns',
    )
  })
})

describe('exported ensembles', () => {
  const options = [
    ['softmax', { output: 'softmax', hidden: 'gelu' }],
    ['linear', { output: 'linear', hidden: 'mish' }],
  ] as const
  it.each(options)('%s: ONNX and JavaScript give mean and deviation', async (_, activations) => {
    const rows = rowsOf(12, 3)
    for (const isScaled of [false, true]) {
      const networks = networksOf(activations)
      networks.forEach((network, i) => {
        if (isScaled)
          network.scaling = new Scaling('standardize', [i, 0.5, i === 2 ? 1000 : 0], [1 + i, 2, i === 2 ? 100 : 1])
        if (isScaled) network.targetScaling = new Scaling('normalize', [3, i], [1, 1 + i])
      })
      await expectExported(Ensemble.from(networks), rows)
    }
  })

  it('words, fills and truth values are encoded as each network does', async () => {
    const networks = networksOf({ output: 'softmax' }, 4)
    networks.forEach((network, i) => {
      network.features = ['size', 'tree', 'wet']
      network.classes = ['no', 'yes']
      network.encoding = new Encoding([
        { kind: 'number', fill: i },
        {
          kind: 'category',
          categories: [
            ['ash', 'elm'],
            ['oak', 'ash'],
            ['elm', 'oak'],
          ][i]!,
          fill: ['ash', 'oak', 'elm'][i],
        },
        { kind: 'boolean' },
      ])
    })
    const ensemble = Ensemble.from(networks)
    const rows = [[3, 'oak', true], [null, 'ash', false], [-1, '', true], [0, 'fir', false]] // prettier-ignore
    await expectExported(ensemble, rows)
    const { classify } = await loadModule(toJavaScript(ensemble))
    const answers = ensemble.classify(rows)
    const close = (value: number) => expect.closeTo(value, 6) as number
    expect(classify(rows)).toEqual(
      answers.map(({ probability, deviation, ...same }) => {
        return { ...same, probability: close(probability), deviation: close(deviation) }
      }),
    )
  })

  it('have preprocessing once where all networks have the same', async () => {
    const networks = networksOf({ output: 'linear' })
    const sizeOf = async () => (await toOnnx(Ensemble.from(networks))).length
    for (const network of networks) network.scaling = new Scaling('standardize', [1, 2, 3], [1, 2, 3])
    const shared = await sizeOf()
    networks[0]!.scaling = new Scaling('standardize', [1, 2, 3], [1, 2, 4])
    expect(await sizeOf()).toBeGreaterThan(shared)
  })
})

async function expectExported(ensemble: Ensemble, rows: (number | string | boolean | null)[][]): Promise<void> {
  const { mean, deviation } = ensemble.predictWithSpread(rows)
  const onnx = await runAllOutputs(ensemble, rows)
  expectClose(onnx.outputs!, mean.data, { name: 'outputs of ONNX', ...bounds })
  expectClose(onnx.deviation!, deviation.data, { name: 'deviation of ONNX', ...bounds })
  const { predict, predictWithSpread } = await loadModule(toJavaScript(ensemble))
  expectClose(predict(rows).flat(), mean.data, { name: 'predict', ...bounds })
  const spread = predictWithSpread!(rows)
  expectClose(spread.flatMap((one) => one.mean), mean.data, { name: 'mean', ...bounds }) // prettier-ignore
  expectClose(spread.flatMap((one) => one.deviation), deviation.data, { name: 'deviation', ...bounds }) // prettier-ignore
}
