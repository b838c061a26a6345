import { checkInstance, InputError } from '../core/errors.ts'
import { Matrix, type MatrixLike } from '../core/matrix.ts'
import { Dataset } from '../data/dataset.ts'

/** The outputs for the samples of a data set: samples × outputs. @throws InputError where the shapes differ */
export function checkAnswers(answers: MatrixLike, data: Dataset): Matrix {
  checkInstance('data', data, Dataset, 'Dataset')
  const matrix = Matrix.from(answers, 'answers')
  const { rows, cols } = data.targets
  if (matrix.rows === rows && matrix.cols === cols) return matrix
  throw new InputError(
    `answers: expected ${rows} × ${cols} values, as many as targets, got ${matrix.rows} × ${matrix.cols}`,
  )
}
