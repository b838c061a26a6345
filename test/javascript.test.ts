import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { activationNames, cpu, Network, Scaling, toJavaScript, Trainer } from '../src/index.ts'
import { Random } from '../src/core/random.ts'
import { expectClose } from './close.ts'
import { namedNetwork } from './formats.ts'

interface Exported {
  predict: (rows: unknown) => number[] & number[][]
  sizes: number[]
  activations: string[]
  features: string[] | undefined
  classes: string[] | undefined
}

/** Imports a module from its text alone, so that it can import nothing. */
const load = (text: string) =>
  import(/* @vite-ignore */ `data:text/javascript;base64,${Buffer.from(text).toString('base64')}`) as Promise<Exported>

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
    const { predict } = await load(toJavaScript(network))
    const trainer = await Trainer.create(network, { backend: cpu({ precision: 'float64' }) })
    const bounds = { name: 'outputs', atol: 1e-6, rtol: 1e-6 }
    expectClose(predict(rows).flat(), (await trainer.predict(rows)).data, bounds)
    network.scaling = new Scaling('standardize', [1000.5, -3, 0.1], [20, 0.01, 1 / 3])
    const scaled = await load(toJavaScript(network))
    const raw = drawRows(20, 3, 1).map(([a, b, c]) => [1000.5 + 20 * a!, 0.01 * b! - 3, c!].map(Math.fround))
    expectClose(scaled.predict(raw).flat(), (await trainer.predict(network.scaling.apply(raw))).data, bounds)
    trainer.dispose()
  })

  it('accepts one row, many rows, no rows, and typed arrays', async () => {
    const network = Network.from({ sizes: [2, 1], activations: ['linear'], weights: [[1, 2]], biases: [[0.5]] })
    const { predict } = await load(toJavaScript(network))
    expect(predict([1, 1])).toEqual([3.5])
    expect(predict(Float32Array.of(1, 1))).toEqual([3.5])
    expect(predict([[1, 1], Float64Array.of(0, 1)])).toEqual([[3.5], [2.5]])
    expect(predict([])).toEqual([])
    expect(() => predict([1, 2, 3])).toThrow('predict: the row: expected 2 numbers, got 3')
    expect(() => predict([[1, 2], 3])).toThrow('predict: row 1: expected 2 numbers, got 3')
    expect(() => predict([[1, 2], [1, NaN]])).toThrow('predict: row 1: value 1 is NaN, expected a finite number') // prettier-ignore
    expect(() => predict(['1', 2])).toThrow('predict: the row: value 0 is 1')
    expect(() => predict('text')).toThrow('predict: expected a row of 2 numbers, or a list of rows')
  })

  it('keeps sizes and names with any characters', async () => {
    const network = namedNetwork()
    const exported = await load(toJavaScript(network))
    expect(exported.sizes).toEqual(network.sizes)
    expect(exported.activations).toEqual(network.activations)
    expect(exported.features).toEqual(network.features)
    expect(exported.classes).toEqual(network.classes)
    const plain = await load(toJavaScript(Network.create({ sizes: [1, 1], seed: 1 })))
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

  it('refuses values that are not networks, and parameters that are not finite', () => {
    expect(() => toJavaScript('x' as never)).toThrow("network: expected a Network, got 'x'")
    const network = namedNetwork()
    network.parameters[1] = NaN
    expect(() => toJavaScript(network)).toThrow('network: parameter 1 is NaN, expected a finite number')
  })
})
