import { argmax, Dataset } from '../data/dataset.ts'
import { Matrix, type MatrixLike } from '../data/matrix.ts'
import { checkKeys, describe, InputError } from '../errors.ts'

/**
 * How often each class was taken for which: row i counts the samples of class i, column j those answered with class j,
 * as in scikit-learn's `confusion_matrix`. The diagonal is what was answered right.
 * @param answers samples × outputs, as {@link Trainer.predict} gives them; one column is two classes
 * @param data the samples that they are answers to, targets one-hot or one column of 0 and 1
 * @param options `boundary`: where one output changes from the first class to the second, 0.5 unless told (0 for tanh)
 * @throws InputError where the shapes differ
 * @example
 * const counts = confusionMatrix(await trainer.predict(test.inputs), test)
 * counts[3][8] // how many threes were taken for eights
 */
export function confusionMatrix(
  answers: MatrixLike,
  data: Dataset,
  options: { boundary?: number | undefined } = {},
): number[][] {
  checkKeys('confusionMatrix', options, ['boundary'])
  if (!(data instanceof Dataset)) throw new InputError(`data: expected a Dataset, got ${describe(data)}`)
  const { rows, cols, data: values } = Matrix.from(answers, 'answers')
  if (rows !== data.length || cols !== data.targets.cols) {
    throw new InputError(
      `answers: expected ${data.length} × ${data.targets.cols} values, as many as targets, got ${rows} × ${cols}`,
    )
  }
  const { boundary = 0.5 } = options
  const classes = Math.max(2, cols)
  const counts = Array.from({ length: classes }, () => new Array<number>(classes).fill(0))
  data.labels(boundary).forEach((label, i) => {
    const answer = cols === 1 ? Number(values[i]! > boundary) : argmax(values, i * cols, cols)
    counts[label]![answer]!++
  })
  return counts
}
