import { Matrix } from '../core/matrix.ts'
import type { RawRows } from '../core/raw-rows.ts'
import type { Encoding } from './encoding.ts'
import { checkScaled, refuseMissing, refuseValue } from './input-checks.ts'
import { encoders } from './instances.ts'
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
  if (encoding) return encoders.get(encoding)!(raw, scaling)
  const { rows, cols } = raw
  checkScaled(cols, scaling)
  const inputs = new Matrix(rows, cols)
  scaleNumbers(raw, scaling, inputs)
  checkValues(raw, inputs, scaling)
  return inputs
}

/** Rows whose columns are the inputs. */
function scaleNumbers({ cols, data }: RawRows, scaling: Scaling | undefined, inputs: Matrix): void {
  if (!scaling) return inputs.data.set(data)
  const { offset, scale } = scaling
  for (let start = 0; start < data.length; start += cols) {
    for (let j = 0; j < cols; j++) inputs.data[start + j] = (data[start + j]! - offset[j]!) / scale[j]!
  }
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
