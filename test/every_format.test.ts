import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { activationNames, Encoding, fromSafetensors, Network, toJavaScript, toSafetensors } from '../src/index.ts' // prettier-ignore
import type { EncodedColumn } from '../src/model/encoding.ts'
import type { CellValue } from '../src/model/rows.ts'
import { isExhaustive } from './covering.ts'
import { expectClose } from './close.ts'
import { loadModule } from './javascript-module.ts'
import { makeNetwork, makeRows, modelCases, type ModelColumn } from './model-cases.ts'
import { runOnnx } from './onnx-session.ts'

/** The largest sum of the absolute terms that an output adds up, in the units of the answers: what rounding grows with. */
function largestSum(network: Network, rows: CellValue[][]): number {
  const [weights, biases] = [network.weights[1]!, network.biases[1]!]
  const { sizes, activations } = network
  const front = Network.from({ sizes: sizes.slice(0, 2), activations: activations.slice(0, 1), weights: [network.weights[0]!], biases: [network.biases[0]!] }) // prettier-ignore
  front.encoding = network.encoding
  front.scaling = network.scaling
  const hidden = front.predict(rows)
  let largest = 0
  for (let row = 0; row < rows.length; row++) {
    for (let i = 0; i < biases.length; i++) {
      let sum = Math.abs(biases[i]!)
      for (let j = 0; j < hidden.cols; j++) {
        sum += Math.abs(weights[i * hidden.cols + j]! * hidden.data[row * hidden.cols + j]!)
      }
      largest = Math.max(largest, sum * (network.targetScaling?.scale[i] ?? 1))
    }
  }
  return largest
}

/** What ONNX takes: numbers for truth values. */
const onnxCell = (cell: CellValue, { encoded }: ModelColumn): CellValue => {
  if (encoded.kind !== 'boolean' || cell === null || cell === undefined || cell === '') return cell
  return typeof cell === 'string' ? Number(cell === 'Yes') : Number(cell)
}

describe('every format gives the answers of the network', () => {
  it('for random columns, fills, scalings and targets', async () => {
    await fc.assert(
      fc.asyncProperty(modelCases(['tanh', 'relu', 'gelu', 'sigmoid']), async (one) => {
        const network = makeNetwork(one)
        const rows = makeRows(one)
        const want = network.predict(rows).data
        const largest = Math.max(1, largestSum(network, rows), ...want.map(Math.abs))
        const near = (name: string, got: ArrayLike<number>) => expectClose(got, want, { name, atol: 1e-6 * largest })
        const copy = Network.fromJSON(JSON.parse(JSON.stringify(network)))
        expect(copy.predict(rows).data).toEqual(want)
        const restored = fromSafetensors(toSafetensors(network))
        expect(JSON.stringify(restored)).toBe(JSON.stringify(network))
        expect(restored.predict(rows).data).toEqual(want)
        const module = await loadModule(toJavaScript(network))
        near('JavaScript', module.predict(rows).flat())
        if (network.features) {
          const records = rows.map((row) => Object.fromEntries(row.map((cell, j) => [network.features![j]!, cell])))
          near(
            'JavaScript, objects',
            records.flatMap((record) => module.predict(record) as number[]),
          )
        }
        if (network.task === 'regression') expect(() => module.classify(rows)).toThrow('classify: the network predicts')
        else
          expect(module.classify(rows)).toMatchObject(network.classify(rows).map((answer) => ({ class: answer.class })))
        near(
          'ONNX',
          await runOnnx(
            network,
            rows.map((row) => row.map((cell, j) => onnxCell(cell, one.columns[j]!))),
          ),
        )
      }),
      isExhaustive ? { numRuns: 2000, seed: Number(process.env.FORMATS_SEED ?? 15) } : { numRuns: 40, seed: 15 },
    )
  })
})

describe('ONNX graphs', () => {
  it.each(activationNames)('%s: a row with a missing value that has no fill has no answer', async (activation) => {
    const hidden = activation === 'softmax' ? 'relu' : activation
    const columns: EncodedColumn[] = [{ kind: 'number' }, { kind: 'number', fill: 2 }, { kind: 'category', categories: ['a', 'b'] }] // prettier-ignore
    const network = Network.create({ sizes: [4, 3, 2], hidden, output: activation, seed: 1 })
    network.encoding = new Encoding(columns, 'drop')
    const full = [[1, 2, 'b'], [1, null, 'elsewhere']] // prettier-ignore
    const got = await runOnnx(network, [...full, [null, 2, 'b'], [1, 2, '']])
    expectClose(got.subarray(0, 4), network.predict(full).data, { name: 'outputs', atol: 1e-6 })
    expect([...got.subarray(4)]).toEqual([NaN, NaN, NaN, NaN])
    expect(() => network.predict([[null, 2, 'b']])).toThrow('row 0, column 0 is null, expected a value')
  })
})
