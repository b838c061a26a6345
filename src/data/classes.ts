import { checkInteger, describe, InputError } from '../core/errors.ts'
import { FEW_CLASSES, MOST_ONE_HOT } from './limits.ts'
import { Matrix } from '../core/matrix.ts'
import { integer, list } from '../core/schema.ts'

/**
 * One row a label: 1 in the label's column, 0 elsewhere.
 * @param labels whole numbers from 0
 * @param classes how many columns; left out, one more than the largest label
 * @throws InputError for labels that are not whole numbers below `classes`
 * @example oneHot([2, 0], 3).toArray() // [[0, 0, 1], [1, 0, 0]]
 */
export function oneHot(labels: ArrayLike<number>, classes?: number): Matrix {
  if (typeof labels !== 'object' || labels === null || !(labels.length > 0)) {
    throw new InputError(`labels: expected a list of at least one class, got ${describe(labels)}`)
  }
  if (classes !== undefined) checkInteger('classes', classes)
  const last = classes === undefined ? 2 ** 32 - 2 : classes - 1
  let largest = 0
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i] as number
    if (!Number.isInteger(label) || label < 0 || label > last) {
      throw new InputError(`labels: sample ${i} is ${describe(label)}, expected a whole number from 0 to ${last}`)
    }
    largest = Math.max(largest, label)
  }
  const columns = classes ?? largest + 1
  if (labels.length * columns > MOST_ONE_HOT) {
    throw new InputError(
      `labels: ${labels.length} samples × ${columns} classes are more one-hot targets than the ${MOST_ONE_HOT} that are ` +
        'made at once; read them as a stream (on the command line: --stream)',
    )
  }
  const matrix = new Matrix(labels.length, columns)
  for (let i = 0; i < labels.length; i++) matrix.data[i * matrix.cols + (labels[i] as number)] = 1
  return matrix
}

/**
 * Names for classes that are numbers in a file: '0' up to the largest, and at least `least` of them.
 * @param argument what errors call the labels
 * @throws InputError for labels that are no classes: many more than there are samples
 */
export function nameClasses(labels: ArrayLike<number>, argument: string, least: number): string[] {
  let largest = least - 1
  for (let i = 0; i < labels.length; i++) if (labels[i]! > largest) largest = labels[i]!
  if (largest >= Math.max(FEW_CLASSES, labels.length)) {
    throw new InputError(
      `${argument}: ${largest} is among ${labels.length} labels; expected whole numbers from 0 to the number of classes − 1 ` +
        '(more classes than samples are taken where classes names them)',
    )
  }
  return Array.from({ length: largest + 1 }, (_, label) => String(label))
}

const countList = list(integer(0, Number.MAX_SAFE_INTEGER), 'a list of counts', 1)

/**
 * One weight for each class, with which all classes have the same total: samples / (classes · count), as scikit-learn's
 * `compute_class_weight('balanced', …)`; 0 for a class without samples.
 * @param counts how many samples each class has
 * @example const weights = balancedWeights([90, 10]) // [0.5555, 5]
 */
export function balancedWeights(counts: readonly number[]): number[] {
  countList.check('counts', counts)
  const samples = counts.reduce((sum, count) => sum + count, 0)
  return counts.map((count) => (count === 0 ? 0 : samples / (counts.length * count)))
}
