import fc from 'fast-check'
import { type ActivationName, Encoding, Network, Scaling } from '../src/index.ts'
import type { EncodedColumn } from '../src/model/encoding.ts'
import type { CellValue } from '../src/model/rows.ts'
import { Random } from '../src/core/random.ts'

/** Random networks with preprocessing of all kinds, and rows for them, that exported models are compared on. */

/** A column with its scaling: |offset| / scale is up to 3.4e9 for numbers. */
export interface ModelColumn {
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
  .map(({ offset, scale, fill }): ModelColumn => ({ encoded: { kind: 'number', fill }, offset, scale }))
const booleanColumn = fill(fc.constantFrom(0, 1)).map((value): ModelColumn => {
  return { encoded: { kind: 'boolean', fill: value }, offset: 0.4, scale: 0.49 }
})
const words = ['a', 'B c', '1', 'größe', '"', '</script>', 'constructor', 'x'.repeat(40)]
const categoryColumn = fc
  .record({ categories: fc.uniqueArray(fc.constantFrom(...words), { minLength: 1, maxLength: 6 }), fill: fc.nat(9) })
  .map(({ categories, fill }): ModelColumn => {
    return { encoded: { kind: 'category', categories, fill: categories[fill] }, offset: 0.25, scale: 0.4 }
  })

export const modelCases = (hiddens: readonly ActivationName[]) =>
  fc.record({
    columns: fc.array(fc.oneof(numberColumn, booleanColumn, categoryColumn), { minLength: 1, maxLength: 5 }),
    hidden: fc.constantFrom(...hiddens),
    output: fc.constantFrom<ActivationName>('softmax', 'sigmoid', 'tanh', 'linear'),
    outputs: fc.integer({ min: 1, max: 3 }),
    isScaled: fc.boolean(),
    hasNames: fc.boolean(),
    seed: fc.nat(1e6),
  })

/** The column with its fill in the units of the rows: a number's fill is given in units of its scale. */
function inUnitsOfRows({ encoded, offset, scale }: ModelColumn, isScaled: boolean): EncodedColumn {
  if (encoded.kind !== 'number' || encoded.fill === undefined || !isScaled) return encoded
  return { ...encoded, fill: offset + encoded.fill * scale }
}

export function makeNetwork({ columns, hidden, output, outputs, isScaled, hasNames, seed }: ModelCase): Network {
  const encoding = new Encoding(
    columns.map((column) => inUnitsOfRows(column, isScaled)),
    'impute',
  )
  const sizes = [encoding.inputs, 6, outputs]
  const network = Network.create({ sizes, hidden, output, init: 'lecunNormal', seed })
  const each = (value: (column: ModelColumn) => number) =>
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

export type ModelCase = ReturnType<typeof modelCases> extends fc.Arbitrary<infer T> ? T : never

/** Rows near the offsets, some with missing values where there are fills, and with unknown categories. */
export function makeRows({ columns, isScaled, seed }: ModelCase): CellValue[][] {
  const random = new Random(seed, 'data')
  const cell = ({ encoded, offset, scale }: ModelColumn): CellValue => {
    if (encoded.fill !== undefined && random.below(4) === 0) return [null, undefined, '', NaN][random.below(4)]
    if (encoded.kind === 'boolean') return [true, false, 1, 0, 'Yes', 'f'][random.below(6)]
    if (encoded.kind === 'number') return isScaled ? offset + scale * random.normal() : random.normal()
    const known = [...encoded.categories, 'unknown']
    return known[random.below(known.length)]
  }
  return Array.from({ length: 7 }, () => columns.map(cell))
}
