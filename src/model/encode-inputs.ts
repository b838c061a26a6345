import { InputError } from '../core/errors.ts'
import { Matrix } from '../core/matrix.ts'
import type { RawRows } from '../core/raw-rows.ts'
import { type EncodedColumn, type ScalingNumbers, widthOf } from './encoded-column.ts'
import { checkScaled, refuseMissing, refuseValue } from './input-checks.ts'

/** The parts of an encoding that are needed here. */
interface Columns {
  readonly columns: readonly EncodedColumn[]
  readonly inputs: number
  placeOf(column: number, category: string): number
}

/** Raw rows as inputs, with an encoding (preprocess.ts). */
export function encodeInputs(raw: RawRows, encoding: Columns, scaling: ScalingNumbers | undefined): Matrix {
  const { rows, cols } = raw
  const width = encoding.inputs
  if (encoding.columns.length !== cols) {
    throw new InputError(`x: expected ${encoding.columns.length} columns, as the encoding has, got ${cols}`)
  }
  checkScaled(width, scaling)
  const inputs = new Matrix(rows, width)
  // A block is in the cache while its columns are read one after another.
  const step = Math.max(1, Math.floor(BLOCK / cols))
  for (let start = 0; start < rows; start += step) {
    const end = Math.min(rows, start + step)
    const block = new Matrix(end - start, width, inputs.data.subarray(start * width, end * width))
    encodeBlock(raw.slice(start, end), encoding, scaling, block, start)
  }
  return inputs
}

/** Values of a block of rows. */
const BLOCK = 1 << 13

/** @param start the row of the data with which the block begins, for errors */
function encodeBlock(
  raw: RawRows,
  encoding: Columns,
  scaling: ScalingNumbers | undefined,
  inputs: Matrix,
  start: number,
): void {
  let first = 0
  encoding.columns.forEach((column, j) => {
    if (column.kind === 'category') encodeCategories(raw, j, encoding, scaling, inputs, first)
    else encodeNumbers(raw, j, column.fill ?? NaN, scaling, inputs, first)
    checkColumn(raw, j, column, { inputs, first, start, scaling })
    first += widthOf(column)
  })
}

function encodeNumbers(
  { rows, cols, data }: RawRows,
  j: number,
  fill: number,
  scaling: ScalingNumbers | undefined,
  inputs: Matrix,
  first: number,
): void {
  const offset = scaling ? scaling.offset[first]! : 0
  const scale = scaling ? scaling.scale[first]! : 1
  for (let i = 0, from = j, to = first; i < rows; i++, from += cols, to += inputs.cols) {
    const value = data[from]!
    inputs.data[to] = ((value === value ? value : fill) - offset) / scale
  }
}

function encodeCategories(
  { rows, cols, data }: RawRows,
  j: number,
  encoding: Columns,
  scaling: ScalingNumbers | undefined,
  inputs: Matrix,
  first: number,
): void {
  const column = encoding.columns[j] as Extract<EncodedColumn, { kind: 'category' }>
  const scaled = (input: number, value: number) =>
    scaling ? (value - scaling.offset[input]!) / scaling.scale[input]! : value
  const fill = column.fill === undefined ? NaN : encoding.placeOf(j, column.fill)
  column.categories.forEach((_, place) => {
    const [off, on] = [scaled(first + place, 0), scaled(first + place, 1)]
    for (let i = 0, from = j, to = first + place; i < rows; i++, from += cols, to += inputs.cols) {
      const value = data[from]!
      inputs.data[to] = (value === value ? value : fill) === place ? on : off
    }
  })
}

/** @throws InputError for a value of one column that is missing or that float32 cannot hold */
function checkColumn(
  raw: RawRows,
  j: number,
  column: EncodedColumn,
  {
    inputs,
    first,
    start,
    scaling,
  }: { inputs: Matrix; first: number; start: number; scaling: ScalingNumbers | undefined },
): void {
  const hasFill = column.fill !== undefined
  if (column.kind === 'category' && hasFill) return
  for (let i = 0, from = j, to = first; i < raw.rows; i++, from += raw.cols, to += inputs.cols) {
    const value = raw.data[from]!
    if (value !== value && !hasFill) refuseMissing(`row ${start + i}, column ${j}`)
    if (!Number.isFinite(inputs.data[to])) refuseValue(value, `row ${start + i}, column ${j}`, scaling)
  }
}
