import { Matrix, type MatrixLike } from '../core/matrix.ts'
import { checkName, InputError } from '../core/errors.ts'
import { checkNumbers } from '../core/lists.ts'

/**
 * A scaling of the input columns, x ↦ (x − offset) / scale, fitted on training data and kept with the model.
 * Made by `standardize` and `normalize`.
 */
export class Scaling {
  readonly kind: 'standardize' | 'normalize'
  /** One per input column. */
  readonly offset: Float64Array
  /** One per input column; 1 where the column does not vary. */
  readonly scale: Float64Array

  constructor(kind: Scaling['kind'], offset: ArrayLike<number>, scale: ArrayLike<number>) {
    this.kind = checkName('kind', kind, ['standardize', 'normalize'] as const)
    this.offset = Float64Array.from(checkNumbers('offset', offset))
    this.scale = Float64Array.from(checkNumbers('scale', scale))
    if (this.offset.length !== this.scale.length || !this.scale.every((value) => value > 0 && value < Infinity)) {
      throw new InputError('scaling: expected as many positive scales as offsets')
    }
    if (!this.offset.every(Number.isFinite)) throw new InputError('scaling: every offset must be finite')
  }

  /** The scaled copy of a matrix. @throws InputError where the columns are not those it was fitted on */
  apply(x: MatrixLike): Matrix {
    const matrix = Matrix.from(x, 'x')
    if (matrix.cols !== this.offset.length) {
      throw new InputError(
        `x: expected ${this.offset.length} columns, as the scaling was fitted on, got ${matrix.cols}`,
      )
    }
    const scaled = new Matrix(matrix.rows, matrix.cols)
    for (let i = 0; i < matrix.data.length; i++) {
      const j = i % matrix.cols
      scaled.data[i] = ((matrix.data[i] as number) - (this.offset[j] as number)) / (this.scale[j] as number)
    }
    return scaled
  }
}
