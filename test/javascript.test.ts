import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { activationNames, cpu, Encoding, Network, Scaling, toJavaScript, Trainer } from '../src/index.ts'
import { Random } from '../src/core/random.ts'
import { expectClose } from './close.ts'
import { namedNetwork } from './formats.ts'
import { loadModule } from './javascript-module.ts'

function drawRows(rows: number, inputs: number, spread: number): number[][] {
  const random = new Random(9, 'data')
  const draw = () => Math.fround(spread * random.normal())
  return Array.from({ length: rows }, () => Array.from({ length: inputs }, draw))
}

describe('toJavaScript', () => {
  it.each(activationNames)('%s gives the same outputs as predict', async (activation) => {
    const hidden = activation === 'softmax' ? 'gelu' : activation
    const network = Network.create({ sizes: [3, 8, 5, 4], hidden, output: activation, init: 'lecunNormal', seed: 4 })
    // The first row has large values, for which a formula could overflow.
    const rows = [[900, -800, 700], ...drawRows(40, 3, 3)] // prettier-ignore
    const { predict } = await loadModule(toJavaScript(network))
    const trainer = await Trainer.create(network, { backend: cpu({ precision: 'float64' }) })
    const bounds = { name: 'outputs', atol: 1e-6, rtol: 1e-6 }
    expectClose(predict(rows).flat(), (await trainer.predict(rows)).data, bounds)
    network.scaling = new Scaling('standardize', [1000.5, -3, 0.1], [20, 0.01, 1 / 3])
    const scaled = await loadModule(toJavaScript(network))
    const raw = drawRows(20, 3, 1).map(([a, b, c]) => [1000.5 + 20 * a!, 0.01 * b! - 3, c!].map(Math.fround))
    expectClose(scaled.predict(raw).flat(), (await trainer.predict(network.scaling.apply(raw))).data, bounds)
    trainer.dispose()
  })

  it('accepts one row, many rows, no rows, and typed arrays', async () => {
    const network = Network.from({ sizes: [2, 1], activations: ['linear'], weights: [[1, 2]], biases: [[0.5]] })
    const { predict } = await loadModule(toJavaScript(network))
    expect(predict([1, 1])).toEqual([3.5])
    expect(predict(Float32Array.of(1, 1))).toEqual([3.5])
    expect(predict([[1, 1], Float64Array.of(0, 1)])).toEqual([[3.5], [2.5]])
    expect(predict([])).toEqual([])
    expect(() => predict([1, 2, 3])).toThrow('predict: the row: expected 2 values, got 3')
    expect(() => predict([[1, 2], 3])).toThrow('predict: row 1: expected 2 values, got 3')
    expect(() => predict([[1, 2], [1, NaN]])).toThrow('predict: row 1: value 1 is NaN, expected a finite number') // prettier-ignore
    expect(() => predict(['1', 2])).toThrow('predict: the row: value 0 is "1", expected a finite number')
    expect(() => predict('text')).toThrow('predict: expected a row of 2 values, or a list of rows')
  })

  it('keeps sizes and names with any characters', async () => {
    const network = namedNetwork()
    const exported = await loadModule(toJavaScript(network))
    expect(exported.sizes).toEqual(network.sizes)
    expect(exported.activations).toEqual(network.activations)
    expect(exported.features).toEqual(network.features)
    expect(exported.classes).toEqual(network.classes)
    const plain = await loadModule(toJavaScript(Network.create({ sizes: [1, 1], seed: 1 })))
    expect([plain.features, plain.classes]).toEqual([undefined, undefined])
  })

  it('is safe in a page, and needs no global but atob', () => {
    const text = toJavaScript(namedNetwork())
    expect(text).not.toMatch(/<\/script|<!--|\u2028|\u2029|\bimport\b|\brequire\b/)
    // Only the lines of constants contain names: the number of lines is the same as without names.
    expect(text.split('\n')).toHaveLength(toJavaScript(Network.create({ sizes: [1, 1], seed: 1 })).split('\n').length)
    const script = `${text.replaceAll('export ', '')}; predict([1000, 0.5, -2])`
    expect(runInNewContext(script, { atob })).toHaveLength(2)
  })

  it('encodes words and truth values, fills missing values, and names classes', async () => {
    const network = Network.create({ sizes: [5, 4, 2], hidden: 'tanh', output: 'softmax', seed: 3 })
    network.features = ['age', 'tree', 'wet']
    network.classes = ['no', 'yes']
    network.encoding = new Encoding(
      [{ kind: 'number', fill: 40 }, { kind: 'category', categories: ['ash', 'oak', '7'] }, { kind: 'boolean' }],
      'impute',
    )
    const { predict, classify, columns } = await loadModule(toJavaScript(network))
    expect(columns?.map(({ kind }) => kind)).toEqual(['number', 'category', 'boolean'])
    const rows = [[30, 'oak', true], [null, 7, 'No'], [NaN, 'elm', 0]] // prettier-ignore
    expectClose(predict(rows).flat(), network.predict(rows).data, { name: 'outputs', atol: 1e-6 })
    const record = { wet: 'YES', tree: 'ash', age: '' }
    expectClose(predict(record), network.predict([record]).data, { name: 'outputs', atol: 1e-6 })
    expect(classify([record])).toEqual([classify(record)])
    const [answer] = network.classify([record])
    expect(classify(record)).toEqual({ class: answer!.class, probability: expect.closeTo(answer!.probability, 6) }) // prettier-ignore
    const refused: [unknown, string][] = [
      [['x', 'oak', true], 'predict: the row: value 0 ("age") is "x", expected a finite number'],
      [[1, null, true], 'value 1 ("tree") is null, expected a value'],
      [[1, true, true], 'value 1 ("tree") is true, expected one of its categories'],
      [[1, 'oak', 2], 'value 2 ("wet") is 2, expected true or false'],
      [[1, 'oak', 'constructor'], 'value 2 ("wet") is "constructor", expected true or false'],
      [{ age: 1, tree: 'oak' }, 'predict: the row: has no "wet"; the columns are "age", "tree", "wet"'],
      [[[1, 'oak', true], [1]], 'predict: row 1: expected 3 values, got 1'],
      [[[1, 'oak', true], 'x'], 'predict: row 1: expected 3 values, got "x"'],
      [[1e39, 'oak', true], 'predict: the row: input 0 is 1e+39, too large for float32'],
    ]
    for (const [row, message] of refused) expect(() => predict(row)).toThrow(message)
  })

  it('returns regression targets in their own units, and refuses to classify them', async () => {
    const network = Network.from({ sizes: [1, 1], activations: ['linear'], weights: [[1]], biases: [[0]] })
    network.targetScaling = new Scaling('standardize', [1_700_000_000.5], [10])
    network.task = 'regression'
    const { predict, classify } = await loadModule(toJavaScript(network))
    expect(predict([2])).toEqual([1_700_000_020.5])
    expect(() => classify([2])).toThrow('classify: the network predicts numbers; use predict')
  })

  it('refuses values that are not networks, and parameters that are not finite', () => {
    expect(() => toJavaScript('x' as never)).toThrow("network: expected a Network, got 'x'")
    const network = namedNetwork()
    network.parameters[1] = NaN
    expect(() => toJavaScript(network)).toThrow('network: parameter 1 is NaN, expected a finite number')
  })
})
