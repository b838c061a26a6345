import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { activationNames, type ActivationName, Encoding, fromSafetensors, Network, Scaling, toJavaScript, toSafetensors } from '../src/index.ts' // prettier-ignore
import type { EncodedColumn } from '../src/model/encoding.ts'
import type { CellValue } from '../src/model/rows.ts'
import { Random } from '../src/core/random.ts'
import { isExhaustive } from './covering.ts'
import { expectClose } from './close.ts'
import { loadModule } from './javascript-module.ts'
import { runOnnx } from './onnx-session.ts'

/** A column with its scaling: |offset| / scale is up to 3.4e9 for numbers. */
interface Column {
  encoded: EncodedColumn
  offset: number
  scale: number
}

const fill = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined })
const numberColumn = fc
  .record({
    offset: fc.constantFrom(0, 0.3, -7, 38.6, 1013.25, 1_700_000_000.25),
    scale: fc.constantFrom(0.5, 12.3, 300),
    fill: fill(fc.constantFrom(-1.5, 0, 0.7)),
  })
  .map(({ offset, scale, fill }): Column => ({ encoded: { kind: 'number', fill }, offset, scale }))
const booleanColumn = fill(fc.constantFrom(0, 1)).map((value): Column => {
  return { encoded: { kind: 'boolean', fill: value }, offset: 0.4, scale: 0.49 }
})
const words = ['a', 'B c', '1', 'größe', '"', '</script>', 'constructor', 'x'.repeat(40)]
const categoryColumn = fc
  .record({ categories: fc.uniqueArray(fc.constantFrom(...words), { minLength: 1, maxLength: 6 }), fill: fc.nat(9) })
  .map(({ categories, fill }): Column => {
    return { encoded: { kind: 'category', categories, fill: categories[fill] }, offset: 0.25, scale: 0.4 }
  })

const cases = fc.record({
  columns: fc.array(fc.oneof(numberColumn, booleanColumn, categoryColumn), { minLength: 1, maxLength: 5 }),
  hidden: fc.constantFrom<ActivationName>('tanh', 'relu', 'gelu', 'sigmoid'),
  output: fc.constantFrom<ActivationName>('softmax', 'sigmoid', 'tanh', 'linear'),
  outputs: fc.integer({ min: 1, max: 3 }),
  isScaled: fc.boolean(),
  hasNames: fc.boolean(),
  seed: fc.nat(1e6),
})

/** The column with its fill in the units of the rows: a number's fill is given in units of its scale. */
function inUnitsOfRows({ encoded, offset, scale }: Column, isScaled: boolean): EncodedColumn {
  if (encoded.kind !== 'number' || encoded.fill === undefined || !isScaled) return encoded
  return { ...encoded, fill: offset + encoded.fill * scale }
}

function makeNetwork({ columns, hidden, output, outputs, isScaled, hasNames, seed }: Case): Network {
  const encoding = new Encoding(
    columns.map((column) => inUnitsOfRows(column, isScaled)),
    'impute',
  )
  const sizes = [encoding.inputs, 6, outputs]
  const network = Network.create({ sizes, hidden, output, init: 'lecunNormal', seed })
  const each = (value: (column: Column) => number) =>
    columns.flatMap((one) =>
      one.encoded.kind === 'category' ? one.encoded.categories.map(() => value(one)) : value(one),
    )
  // Numbers are not encoded where nothing has to be: such networks have no encoding.
  const isPlain = columns.every(({ encoded }) => encoded.kind === 'number' && encoded.fill === undefined)
  if (!isPlain) network.encoding = encoding
  if (isScaled) network.scaling = new Scaling('standardize', each(({ offset }) => offset), each(({ scale }) => scale)) // prettier-ignore
  if (output === 'linear') {
    network.targetScaling = new Scaling('standardize', Array(outputs).fill(-250.5), Array(outputs).fill(1234.5))
    network.task = 'regression'
  }
  if (hasNames) network.features = columns.map((_, j) => ['outputs', 'weights_0', 'a "b"', '</script>', ''][j]!)
  return network
}

type Case = typeof cases extends fc.Arbitrary<infer T> ? T : never

/** Rows near the offsets, some with missing values where there are fills, and with unknown categories. */
function makeRows({ columns, isScaled, seed }: Case): CellValue[][] {
  const random = new Random(seed, 'data')
  const cell = ({ encoded, offset, scale }: Column): CellValue => {
    if (encoded.fill !== undefined && random.below(4) === 0) return [null, undefined, '', NaN][random.below(4)]
    if (encoded.kind === 'boolean') return [true, false, 1, 0, 'Yes', 'f'][random.below(6)]
    if (encoded.kind === 'number') return isScaled ? offset + scale * random.normal() : random.normal()
    const known = [...encoded.categories, 'unknown']
    return known[random.below(known.length)]
  }
  return Array.from({ length: 7 }, () => columns.map(cell))
}

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
const onnxCell = (cell: CellValue, { encoded }: Column): CellValue => {
  if (encoded.kind !== 'boolean' || cell === null || cell === undefined || cell === '') return cell
  return typeof cell === 'string' ? Number(cell === 'Yes') : Number(cell)
}

describe('every format gives the answers of the network', () => {
  it('for random columns, fills, scalings and targets', async () => {
    await fc.assert(
      fc.asyncProperty(cases, async (one) => {
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
