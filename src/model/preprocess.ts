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
  // A block is in the cache while its columns are read one after another.
  const step = Math.max(1, Math.floor(BLOCK / Math.max(1, cols)))
  for (let start = 0; start < rows; start += step) {
    preprocessRows(raw, encoding, scaling, inputs, start, Math.min(rows, start + step))
  }
  return inputs
}

/** Values of a block of rows. */
const BLOCK = 1 << 13

function preprocessRows(
  raw: RawRows,
  encoding: Encoding | undefined,
  scaling: Scaling | undefined,
  inputs: Matrix,
  start: number,
  end: number,
): void {
  const { cols, data } = raw
  const width = inputs.cols
  const columns: readonly EncodedColumn[] = encoding?.columns ?? Array<EncodedColumn>(cols).fill({ kind: 'number' })
  let first = 0
  columns.forEach((column, j) => {
    const scaled = (input: number, value: number) =>
      scaling ? (value - scaling.offset[input]!) / scaling.scale[input]! : value
    if (column.kind === 'category') {
      const fill = column.fill === undefined ? NaN : encoding!.placeOf(j, column.fill)
      column.categories.forEach((_, place) => {
        const [off, on] = [scaled(first + place, 0), scaled(first + place, 1)]
        for (
          let i = start, from = start * cols + j, to = start * width + first + place;
          i < end;
          i++, from += cols, to += width
        ) {
          const value = data[from]!
          inputs.data[to] = (value === value ? value : fill) === place ? on : off
        }
      })
    } else {
      const [offset, scale] = scaling ? [scaling.offset[first]!, scaling.scale[first]!] : [0, 1]
      const fill = column.fill ?? NaN
      for (
        let i = start, from = start * cols + j, to = start * width + first;
        i < end;
        i++, from += cols, to += width
      ) {
        const value = data[from]!
        inputs.data[to] = ((value === value ? value : fill) - offset) / scale
      }
    }
    checkValues(raw, j, column, inputs, first, start, end)
    first += widthOf(column)
  })
}

/** @throws InputError for a value that is missing or that float32 cannot hold */
function checkValues(
  raw: RawRows,
  j: number,
  column: EncodedColumn,
  inputs: Matrix,
  first: number,
  start: number,
  end: number,
): void {
  // prettier-ignore
  const hasFill = column.fill !== undefined
  if (column.kind === 'category' && hasFill) return
  for (
    let i = start, from = start * raw.cols + j, to = start * inputs.cols + first;
    i < end;
    i++, from += raw.cols, to += inputs.cols
  ) {
    const value = raw.data[from]!
    if (value !== value && !hasFill) {
      throw new InputError(`x: row ${i}, column ${j} is missing, and the encoding has no fill for it`)
    }
    if (!Number.isFinite(inputs.data[to])) {
      throw new InputError(`x: row ${i}, column ${j} is ${value}; every value must be a finite number (in float32)`)
    }
  }
}
