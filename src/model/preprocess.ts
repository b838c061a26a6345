import { InputError } from '../core/errors.ts'
import { Matrix } from '../core/matrix.ts'
import type { RawRows } from '../core/raw-rows.ts'
import { type EncodedColumn, type Encoding, widthOf } from './encoding.ts'
import type { Scaling } from './scaling.ts'

/**
 * Raw rows as inputs of a network: encoded and scaled in float64, then rounded to float32 once.
 * @param raw rows × columns
 * @param encoding of the columns; undefined where all are numbers
 * @param scaling of the encoded columns
 * @returns rows × inputs
 * @throws InputError for a missing value without a fill, and for a value beyond float32
 */
export function preprocess(raw: RawRows, encoding: Encoding | undefined, scaling: Scaling | undefined): Matrix {
  const { rows, cols } = raw
  const width = encoding?.inputs ?? cols
  if (encoding && encoding.columns.length !== cols) {
    throw new InputError(`x: expected ${encoding.columns.length} columns, as the encoding has, got ${cols}`)
  }
  if (scaling && scaling.offset.length !== width) {
    throw new InputError(`x: expected ${scaling.offset.length} columns, as the scaling was fitted on, got ${width}`)
  }
  const inputs = new Matrix(rows, width)
  if (!encoding) {
    scaleNumbers(raw, scaling, inputs)
    checkValues(raw, inputs, scaling)
    return inputs
  }
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
  encoding: Encoding,
  scaling: Scaling | undefined,
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

/** Rows whose columns are the inputs. */
function scaleNumbers({ cols, data }: RawRows, scaling: Scaling | undefined, inputs: Matrix): void {
  if (!scaling) return inputs.data.set(data)
  const { offset, scale } = scaling
  for (let start = 0; start < data.length; start += cols) {
    for (let j = 0; j < cols; j++) inputs.data[start + j] = (data[start + j]! - offset[j]!) / scale[j]!
  }
}

function encodeNumbers(
  { rows, cols, data }: RawRows,
  j: number,
  fill: number,
  scaling: Scaling | undefined,
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
  encoding: Encoding,
  scaling: Scaling | undefined,
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

/** @throws InputError for a value of rows without an encoding that is missing or that float32 cannot hold */
function checkValues({ cols, data }: RawRows, inputs: Matrix, scaling: Scaling | undefined): void {
  for (let at = 0; at < data.length; at++) {
    if (Number.isFinite(inputs.data[at])) continue
    const [value, place] = [data[at]!, `row ${Math.floor(at / cols)}, column ${at % cols}`]
    if (value === value) refuseValue(value, place, scaling)
    refuseMissing(place)
  }
}

/** @throws InputError for a value of one column that is missing or that float32 cannot hold */
function checkColumn(
  raw: RawRows,
  j: number,
  column: EncodedColumn,
  { inputs, first, start, scaling }: { inputs: Matrix; first: number; start: number; scaling: Scaling | undefined },
): void {
  const hasFill = column.fill !== undefined
  if (column.kind === 'category' && hasFill) return
  for (let i = 0, from = j, to = first; i < raw.rows; i++, from += raw.cols, to += inputs.cols) {
    const value = raw.data[from]!
    if (value !== value && !hasFill) refuseMissing(`row ${start + i}, column ${j}`)
    if (!Number.isFinite(inputs.data[to])) refuseValue(value, `row ${start + i}, column ${j}`, scaling)
  }
}

function refuseMissing(place: string): never {
  throw new InputError(`x: ${place} is missing, and the encoding has no fill for it`)
}

function refuseValue(value: number, place: string, scaling: Scaling | undefined): never {
  const help = Number.isFinite(value) && !scaling ? '; a scaling (standardize, normalize) brings it into range' : ''
  throw new InputError(`x: ${place} is ${value}; every value must be a finite number (in float32)${help}`)
}
