import type { EncodedColumn, Encoding } from '../model/encoding.ts'
import { widthOf } from '../model/encoded-column.ts'
import type { Network } from '../model/network.ts'
import type { Scaling } from '../model/scaling.ts'
import type { GraphValue } from './onnx-file.ts'
import type { Graph } from './onnx-graph.ts'

type NumberType = 'float' | 'double'
type Preprocessing = Pick<Network, 'encoding' | 'scaling'>

/**
 * Rounding a value x of the data to float32 moves the scaled input by up to 2^-24 · |x| / scale. Up to this |offset| / scale
 * that is at most 5e-7, the order of what float32 arithmetic in the network changes; beyond it, a graph takes
 * float64 and scales in it. (Unix times within a day: |offset| / scale is 70,000, and the error half a percent.)
 */
const MOST_FLOAT_OFFSET = 8

/**
 * The nodes between the inputs of a graph and the inputs of the first layer: one-hot encoding, scaling, and fills of missing
 * values. Where all columns are numbers or truth values there is one input, batch × columns; where there are categories,
 * one input per column, batch × 1, of strings for a column of categories, so that a table is given column by column.
 * @returns the value that the first layer takes, in float32
 */
export function addPreprocessing(graph: Graph, { encoding, scaling }: Preprocessing, type: NumberType): string {
  let value = hasCategories(encoding) ? addColumns(graph, encoding!, type) : 'inputs'
  if (type === 'double')
    value = scaling ? addDoubleScaling(graph, value, scaling) : graph.cast(value, 'rounded', 'float')
  else if (scaling) value = addScaling(graph, value, scaling)
  return addFills(graph, value, encoding, scaling)
}

/** The inputs of a graph, whose nodes read them as `inputs`, or as `column_0`, `column_1` … */
export function inputsOf({ encoding, sizes }: Network, type: NumberType): GraphValue[] {
  if (!hasCategories(encoding)) return [{ name: 'inputs', type, shape: ['batch', sizes[0]!] }]
  return encoding!.columns.map(({ kind }, j) => ({
    name: columnInput(j),
    type: kind === 'category' ? 'string' : type,
    shape: ['batch', 1],
  }))
}

/** The type of the numbers that go in: float64 where rounding to float32 would lose too much for one of the networks. */
export const numberTypeOf = (networks: readonly Preprocessing[]): NumberType =>
  networks.some(needsDouble) ? 'double' : 'float'

const hasCategories = (encoding: Encoding | undefined): boolean =>
  encoding?.columns.some(({ kind }) => kind === 'category') ?? false

const columnInput = (j: number) => `column_${j}`

/** Whether rounding to float32 before scaling would change answers, or float32 cannot hold the scaling. */
function needsDouble({ encoding, scaling }: Preprocessing): boolean {
  if (!scaling) return false
  const columns: readonly EncodedColumn[] = encoding?.columns ?? Array.from(scaling.offset, () => ({ kind: 'number' }))
  let first = 0
  return columns.some((column) => {
    const [offset, scale] = [Math.abs(scaling.offset[first]!), scaling.scale[first]!]
    first += widthOf(column)
    const fits = Math.fround(scale) > 0 && Math.fround(scale) < Infinity && Math.fround(offset) < Infinity
    // Truth values and one-hot inputs are 0 and 1, exact in float32.
    return !fits || (column.kind === 'number' && offset > MOST_FLOAT_OFFSET * scale)
  })
}

/** One value for all columns, batch × inputs, not scaled. */
function addColumns(graph: Graph, encoding: Encoding, type: NumberType): string {
  const parts = encoding.columns.map((column, j) =>
    column.kind === 'category' ? addOneHot(graph, column, j, type) : columnInput(j),
  )
  return graph.add('Concat', parts, 'encoded', { axis: { int: 1 } })
}

/**
 * Strings become the place of their category: that of the fill for an empty string, −1 for one that is unknown. The
 * places are compared with all places. An empty string without a fill becomes NaN, as a missing number is, so that its row
 * has no answer.
 */
function addOneHot(
  graph: Graph,
  { categories, fill }: Extract<EncodedColumn, { kind: 'category' }>,
  j: number,
  type: NumberType,
): string {
  const places = new Map(categories.map((category, place) => [category, place]))
  places.set('', fill === undefined ? NaN : places.get(fill)!)
  const place = graph.addEncoder('LabelEncoder', [columnInput(j)], `place_${j}`, {
    keys_strings: { strings: [...places.keys()] },
    values_floats: { floats: [...places.values()] },
    default_float: { float: -1 },
  })
  const count = categories.length
  const all = graph.constant(`places_${count}`, Array.from({ length: count }, (_, i) => i), [count]) // prettier-ignore
  const matches = graph.add('Equal', [place, all], `matches_${j}`)
  let hot = graph.cast(matches, `one_hot_${j}`, 'float')
  if (fill === undefined) {
    const missing = graph.add('Mul', [place, graph.constant('zero', [0])], `missing_${j}`)
    hot = graph.add('Add', [hot, missing], `one_hot_or_missing_${j}`)
  }
  return type === 'double' ? graph.cast(hot, `one_hot_double_${j}`, 'double') : hot
}

/**
 * (x − offset) / scale in float32, for accelerators that have nothing larger. The offset is taken away in two parts, of which
 * the first differs from x by a number that float32 holds exactly where the two are close.
 */
function addScaling(graph: Graph, value: string, { offset, scale }: Scaling): string {
  const coarse = Float32Array.from(offset)
  const fine = offset.map((whole, j) => Math.fround(whole - coarse[j]!))
  const shape = [offset.length]
  let centred = graph.add('Sub', [value, graph.constant('offset', coarse, shape)], 'centred')
  if (fine.some((rest) => rest !== 0)) {
    centred = graph.add('Sub', [centred, graph.constant('offset_remainder', fine, shape)], 'centred_to_the_remainder')
  }
  return graph.add('Div', [centred, graph.constant('scale', scale, shape)], 'scaled')
}

/** (x − offset) / scale in float64, rounded to float32 once. */
function addDoubleScaling(graph: Graph, value: string, { offset, scale }: Scaling): string {
  const shape = [offset.length]
  const centred = graph.add('Sub', [value, graph.doubles('offset', offset, shape)], 'centred')
  const scaled = graph.add('Div', [centred, graph.doubles('scale', scale, shape)], 'scaled_double')
  return graph.cast(scaled, 'scaled', 'float')
}

/** The scaled fill where a value is NaN; NaN stays where a column has none. */
function addFills(graph: Graph, value: string, encoding: Encoding | undefined, scaling: Scaling | undefined): string {
  if (!encoding) return value
  const fills = new Float32Array(encoding.inputs).fill(NaN)
  let first = 0
  for (const column of encoding.columns) {
    if (column.kind !== 'category' && column.fill !== undefined) {
      fills[first] = scaling ? (column.fill - scaling.offset[first]!) / scaling.scale[first]! : column.fill
    }
    first += widthOf(column)
  }
  if (fills.every(Number.isNaN)) return value
  const missing = graph.add('IsNaN', [value], 'missing')
  return graph.add('Where', [missing, graph.constant('fills', fills, [fills.length]), value], 'filled')
}

/**
 * Names the inputs after the columns, as a table has them. A name that is empty, or that another value of the graph has, gets
 * a `_`; text that is not well-formed Unicode gets its replacement character.
 * @param features names of the columns, where there are any
 */
export function nameInputs(graph: Graph, inputs: GraphValue[], features: readonly string[] | undefined): GraphValue[] {
  if (inputs[0]!.name !== columnInput(0)) return inputs
  const names = new Map<string, string>()
  const taken = new Set<string>()
  const named = inputs.map((input, j) => {
    let name = wellFormed(features?.[j] ?? `x${j}`)
    while (name === '' || taken.has(name) || graph.has(name)) name += '_'
    taken.add(name)
    names.set(input.name, name)
    return { ...input, name }
  })
  graph.renameInputs(names)
  return named
}

/** Text whose lone surrogates, which UTF-8 cannot hold, are replaced. */
const wellFormed = (text: string) => text.replace(/\p{Surrogate}/gu, '\ufffd')
