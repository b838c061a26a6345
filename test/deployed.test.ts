import { describe, expect, it } from 'vitest'
import { Dataset, Encoding, fit, InputError, Matrix, Network, scale, scaleTargets, split, standardize, standardizeTargets, Trainer } from '../src/index.ts' // prettier-ignore
import { RawRows } from '../src/core/raw-rows.ts'
import { expectClose } from './close.ts'

/** Three columns: a Unix time within ten minutes, a word, a truth value with gaps; the class is the time's half. */
function timesAndWords(rows = 120) {
  const raw = new RawRows(rows, 3)
  const labels: string[] = []
  for (let i = 0; i < rows; i++) {
    const seconds = (i * 37) % 600
    raw.data.set([1_700_000_000 + seconds, i % 3, i % 7 === 0 ? NaN : i % 2], 3 * i)
    labels.push(seconds < 300 ? 'early' : 'late')
  }
  const encoding = new Encoding(
    [{ kind: 'number' }, { kind: 'category', categories: ['ash', 'oak', 'yew'] }, { kind: 'boolean', fill: 0 }],
    'impute',
  )
  return Dataset.fromRaw(raw, encoding, labels, { features: ['time', 'tree', 'wet'] })
}

const options = { backend: 'cpu', loss: 'crossEntropy', epochs: 40, batchSize: 16, seed: 1 } as const

async function trained() {
  const { train, test } = split(timesAndWords(), { test: 0.25, seed: 3 })
  const network = Network.create({ sizes: [train.inputs.cols, 8, 2], hidden: 'tanh', output: 'softmax', seed: 2 })
  network.classes = train.classes
  const scaling = standardize(train)
  const { adam } = await import('../src/index.ts')
  const scaled = scale(train, scaling)
  await fit(network, scaled, { ...options, optimizer: adam({ learningRate: 0.02 }), validation: scale(test, scaling) })
  return { network, train, test, scaled, scaling }
}

describe('a network carries its preprocessing', () => {
  it('is put on the network by fit, and survives JSON', async () => {
    const { network, scaling } = await trained()
    const copy = Network.fromJSON(JSON.parse(JSON.stringify(network)))
    expect(copy.scaling?.equals(scaling)).toBe(true)
    expect(copy.encoding?.equals(network.encoding!)).toBe(true)
    expect(network.toJSON().version).toBe(2)
    const row = [{ time: 1_700_000_010, tree: 'oak', wet: true }]
    expect(copy.predict(row)).toEqual(network.predict(row))
  })

  it('gives the same answers for records, lists, raw data, scaled data, and on a trainer', async () => {
    const { network, train, scaled } = await trained()
    const words = ['ash', 'oak', 'yew']
    const values = train.columns!
    const records = Array.from({ length: train.length }, (_, i) => {
      const [time, tree, wet] = [...values.data.subarray(3 * i, 3 * i + 3)]
      return { wet: Number.isNaN(wet) ? null : wet === 1, tree: words[tree!]!, time: time! }
    })
    const answers = network.predict(records)
    expect(network.predict(records.map(({ time, tree, wet }) => [time, tree, wet]))).toEqual(answers)
    expect(network.predict(train.inputs)).toEqual(answers)
    expect(network.predict(scaled.inputs)).toEqual(answers)
    const trainer = await Trainer.create(
      network,
      options.backend === 'cpu' ? { backend: 'cpu', loss: 'crossEntropy' } : {},
    )
    expectClose((await trainer.predict(records)).data, answers.data, { name: 'trainer', atol: 1e-6, rtol: 1e-6 })
    const raw = await trainer.evaluate(train)
    expect(raw).toEqual(await trainer.evaluate(scaled))
    // Times differ by seconds at 1.7e9: in float32 only five different values were left.
    expect(raw.accuracy).toBeGreaterThan(0.97)
    const named = network.classify(records)
    const right = named.filter((one, i) => one.class === train.classes![train.labels()[i]!]).length
    expect(right / train.length).toBe(raw.accuracy)
    trainer.dispose()
  })

  it('refuses data that were preprocessed in another way, and gaps without a fill', async () => {
    const { network, test } = await trained()
    const trainer = await Trainer.create(network, { backend: 'cpu', loss: 'crossEntropy' })
    const other = scale(test, standardize(test))
    await expect(trainer.evaluate(other)).rejects.toThrow('data: the inputs are scaled already, in another way')
    await expect(trainer.fit(other, { epochs: 1 })).rejects.toThrow(InputError)
    expect(() => network.predict(other.inputs)).toThrow('the rows are scaled already, in another way')
    expect(() => network.predict([{ time: 1, tree: 'oak' }])).toThrow("row 0 has no 'wet'")
    network.encoding = new Encoding([{ kind: 'number' }, ...network.encoding!.columns.slice(1)], 'impute')
    expect(() => network.predict([[null, 'oak', true]])).toThrow("row 0, column 'time' is null, expected a value")
    expect(() => network.predict([['1', 'oak', true]])).toThrow('expected a finite number')
    expect(() => network.predict([[1, 2, 3]])).toThrow("column 'wet' is 3, expected true or false")
    expect(() => network.predict(new Matrix(1, 3))).toThrow("column 'tree' holds words")
    trainer.dispose()
  })

  it('gives zeros to an unknown category', async () => {
    const { network } = await trained()
    const encoded = network.encoding!
    expect(encoded.placeOf(1, 'elm')).toBe(-1)
    expect(network.predict([[1_700_000_010, 'elm', true]]).data.every(Number.isFinite)).toBe(true)
  })

  it('scales large targets in float64, and answers in their units', async () => {
    const x = Array.from({ length: 200 }, (_, i) => [i % 20, Math.floor(i / 20)])
    const y = x.map(([a, b]) => 1_700_000_000 + 3 * a! + 5 * b!)
    const data = Dataset.from(x, y)
    const [scaling, targetScaling] = [standardize(data), standardizeTargets(data)]
    const network = Network.create({ sizes: [2, 8, 1], hidden: 'tanh', output: 'linear', seed: 1 })
    const { adam } = await import('../src/index.ts')
    const prepared = scaleTargets(scale(data, scaling), targetScaling)
    const trainer = await Trainer.create(network, { backend: 'cpu', loss: 'meanSquaredError', optimizer: adam({ learningRate: 0.02 }), seed: 1 }) // prettier-ignore
    await trainer.fit(prepared, { epochs: 60 })
    await trainer.read()
    const { r2, meanAbsoluteError } = await trainer.evaluate(data)
    expect(r2).toBeGreaterThan(0.99)
    expect(meanAbsoluteError).toBeLessThan(5)
    const [answer] = network.predict([[3, 4]]).data
    expect(Math.abs(answer! - 1_700_000_029)).toBeLessThan(200)
    trainer.dispose()
  })

  it('predicts a row of 784 inputs without a trainer as a trainer does', async () => {
    const network = Network.create({ sizes: [784, 30, 10], output: 'softmax', seed: 5 })
    const rows = Array.from({ length: 3 }, (_, i) => Array.from({ length: 784 }, (_, j) => Math.sin(i * 784 + j)))
    const trainer = await Trainer.create(network, { backend: 'cpu', loss: 'crossEntropy' })
    expectClose(network.predict(rows).data, (await trainer.predict(rows)).data, {
      name: 'network',
      atol: 1e-6,
      rtol: 1e-5,
    })
    trainer.dispose()
  })

  it('takes validation data in their own units where the training data are scaled, also before the first fit', async () => {
    const { train, test } = split(timesAndWords(), { test: 0.25, seed: 3 })
    const scaling = standardize(train)
    const run = async (validation: Dataset) => {
      const network = Network.create({ sizes: [train.inputs.cols, 4, 2], output: 'softmax', seed: 2 })
      const history = await fit(network, scale(train, scaling), { ...options, epochs: 2, validation })
      return history.epochs.map((epoch) => epoch.validation.loss)
    }
    expect(await run(test)).toEqual(await run(scale(test, scaling)))
    const network = Network.create({ sizes: [train.inputs.cols, 4, 2], output: 'softmax', seed: 2 })
    await expect(fit(network, train, { ...options, validation: scale(test, scaling) })).rejects.toThrow(
      'validation: are scaled; the network was fitted on data that are not',
    )
  })

  it('refuses data that were loaded before the network had its preprocessing', async () => {
    const data = timesAndWords()
    const network = Network.create({ sizes: [data.inputs.cols, 4, 2], output: 'softmax', seed: 2 })
    const trainer = await Trainer.create(network, { backend: 'cpu', loss: 'crossEntropy', seed: 1 })
    const raw = await trainer.load(data)
    await trainer.fit(scale(data, standardize(data)), { epochs: 1 })
    await expect(trainer.evaluate(raw)).rejects.toThrow('data: these data were loaded with another preprocessing')
    trainer.dispose()
  })
})
