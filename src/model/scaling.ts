import { Matrix, type MatrixLike } from '../core/matrix.ts'
import { type Origin, originOf, withOrigin } from '../core/origin.ts'
import { checkName, InputError } from '../core/errors.ts'
import { checkNumbers } from '../core/lists.ts'
import { encodeRows, type Encoding } from './encoding.ts'
import { scalings } from './instances.ts'

/**
 * A scaling of the input columns, x ↦ (x − offset) / scale, fitted on training data and kept with the model.
 * Made by `standardize` and `normalize`.
 */
export class Scaling {
  /** `standardize` has mean 0 and deviation 1, `normalize` the range 0 to 1. */
  readonly kind: 'standardize' | 'normalize'
  /** One per input column. */
  readonly offset: Float64Array
  /** One per input column; 1 where the column does not vary. */
  readonly scale: Float64Array

  /**
   * A scaling with known numbers; `standardize` and `normalize` find them in data.
   * @param kind which of the two functions found the numbers; {@link Scaling.apply} does not depend on it
   * @param offset what is subtracted from each column
   * @param scale what each column is divided by
   */
  constructor(kind: Scaling['kind'], offset: ArrayLike<number>, scale: ArrayLike<number>) {
    this.kind = checkName('kind', kind, ['standardize', 'normalize'] as const)
    this.offset = Float64Array.from(checkNumbers('offset', offset))
    this.scale = Float64Array.from(checkNumbers('scale', scale))
    if (this.offset.length !== this.scale.length || !this.scale.every((value) => value > 0 && value < Infinity)) {
      throw new InputError('scaling: expected as many positive scales as offsets')
    }
    if (!this.offset.every(Number.isFinite)) throw new InputError('scaling: every offset must be finite')
    scalings.add(this)
  }

  /**
   * The scaled copy of a matrix, computed in float64 and rounded once. Values that were scaled by this scaling already are
   * returned as they are.
   * @param x rows × columns in the units of the data, one column for each offset
   * @throws InputError where the columns are not those it was fitted on, and for values that another scaling was applied to
   */
  apply(x: MatrixLike): Matrix {
    const matrix = Matrix.from(x, 'x')
    const origin = originOf(matrix)
    if (origin?.scaling !== undefined) {
      if (this.equals(origin.scaling as Scaling)) return matrix
      throw new InputError('x: these values are scaled already, by another scaling')
    }
    const raw = rawOf(x, matrix, origin)
    if (raw.cols !== this.offset.length) {
      throw new InputError(`x: expected ${this.offset.length} columns, as the scaling was fitted on, got ${raw.cols}`)
    }
    const scaled = new Matrix(raw.rows, raw.cols)
    for (let i = 0, at = 0; i < raw.rows; i++) {
      for (let j = 0; j < raw.cols; j++, at++) {
        scaled.data[at] = (raw.data[at]! - this.offset[j]!) / this.scale[j]!
      }
    }
    return withOrigin(scaled, { encoding: origin?.encoding, scaling: this })
  }

  /**
   * Whether another scaling does the same.
   * @param other the scaling to compare with: offsets and scales are compared, `kind` is not
   */
  equals(other: Scaling): boolean {
    if (!(other instanceof Scaling)) return false
    const isSame = (a: Float64Array, b: Float64Array) => a.length === b.length && a.every((value, i) => value === b[i])
    return other === this || (isSame(this.offset, other.offset) && isSame(this.scale, other.scale))
  }
}

/** The values to scale, in the highest precision in which they are there. */
function rawOf(x: MatrixLike, matrix: Matrix, origin: Origin | undefined) {
  if (origin?.raw) return encodeRows(origin.raw, origin.encoding as Encoding | undefined)
  if (x instanceof Matrix) return matrix
  return { rows: matrix.rows, cols: matrix.cols, data: 'data' in x ? x.data : x.flat() } as const
}
