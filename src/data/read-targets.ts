import { describe, InputError, listNames } from '../core/errors.ts'
import { Matrix, type MatrixLike } from '../core/matrix.ts'
import { oneHot } from './classes.ts'

/** The targets of samples: a matrix, one number a sample, or one class name a sample. */
export type Targets = MatrixLike | ArrayLike<number> | readonly string[]

/** Targets as a matrix, one-hot where they are classes, with the names of the classes. */
export function readTargets(y: Targets, classes: readonly string[] | undefined) {
  const isList = (Array.isArray(y) || ArrayBuffer.isView(y)) && typeof (y as ArrayLike<unknown>)[0] !== 'object'
  if (!isList) {
    const targets = Matrix.from(y as MatrixLike, 'y')
    const expected = classes?.length
    const fits = expected === undefined || targets.cols === expected || (expected === 2 && targets.cols === 1)
    if (!fits) throw new InputError(`classes: expected ${targets.cols} names, one a column of y, got ${expected}`)
    return { targets, classes }
  }
  const list = y as ArrayLike<number | string>
  if (list.length === 0) throw new InputError('y: expected at least one target, got none')
  if (typeof list[0] === 'string') {
    const found = classes ?? [...new Set(list as readonly string[])].sort()
    if (found.length < 2)
      throw new InputError(`y: every sample is ${describe(found[0])}, expected at least two classes`)
    const places = new Map(found.map((name, i) => [name, i]))
    const labels = Array.from(list, (name, i) => {
      const place = typeof name === 'string' ? places.get(name) : undefined
      if (place !== undefined) return place
      throw new InputError(`y: sample ${i} is ${describe(name)}, expected one of the classes ${listNames(found)}`)
    })
    return { targets: oneHot(labels, found.length), classes: found }
  }
  if (classes !== undefined) return { targets: oneHot(list as ArrayLike<number>, classes.length), classes }
  return { targets: Matrix.from({ rows: list.length, cols: 1, data: list as ArrayLike<number> }, 'y'), classes }
}

/** One-hot targets of two classes as one column, 1 for the second. @throws InputError for another number of columns */
export function secondClass({ rows, cols, data }: Matrix): Matrix {
  if (cols !== 2) throw new InputError(`toOneColumn: expected the target columns of two classes, got ${cols}`)
  const column = new Matrix(rows, 1)
  for (let i = 0; i < rows; i++) column.data[i] = data[2 * i + 1]!
  return column
}
