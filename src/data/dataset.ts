import { checkInstance, checkKeys, checkNumber, describe, InputError, listNames } from '../core/errors.ts'
import { checkConstructor, KEY } from '../core/constructors.ts'
import { checkNumbers, isList } from '../core/lists.ts'
import { type Fields, kind, optional, readOptions } from '../core/schema.ts'
import { balancedWeights, oneHot } from './classes.ts'
import { Matrix, type MatrixLike } from '../core/matrix.ts'
import { classNames, names } from './names.ts'

/** Names that go with a data set. */
export interface DatasetNames {
  /** One name per input column. */
  features?: readonly string[] | undefined
  /** One name per class: then the targets are classes, one-hot with one column per class (or one column for two). */
  classes?: readonly string[] | undefined
}

/** What {@link Dataset.from} takes in addition to inputs and targets. */
export interface DatasetOptions extends DatasetNames {
  /**
   * One number from 0 on a sample: its loss, and with it its share in the gradients, is multiplied by it. The mean is still
   * over the number of samples, as in Keras. Default: none, which is 1 for each.
   */
  weights?: ArrayLike<number> | undefined
}

const weightList = kind((argument, value) => checkNumbers(argument, value))

export const datasetSchema = {
  name: 'Dataset.from',
  fields: {
    features: optional(names),
    classes: optional(classNames),
    weights: optional(weightList),
  } satisfies Fields<DatasetOptions>,
}

/** The targets of samples: a matrix, one number a sample, or one class name a sample. */
export type Targets = MatrixLike | ArrayLike<number> | readonly string[]

/**
 * Samples to train on or to score: `inputs` (samples × features) and `targets` (samples × outputs), checked once when
 * made (equal counts, everything finite) so that nothing later has to.
 * @example
 * const data = Dataset.from([[0, 0], [0, 1], [1, 0], [1, 1]], [[0], [1], [1], [0]])
 * const named = Dataset.from([[5.1], [6.2]], ['setosa', 'virginica'])  // classes found, targets one-hot
 */
export class Dataset {
  readonly inputs: Matrix
  readonly targets: Matrix
  readonly features: readonly string[] | undefined
  readonly classes: readonly string[] | undefined
  /** One a sample, where samples count differently. */
  readonly weights: Float32Array | undefined

  private constructor(
    key: unknown,
    inputs: Matrix,
    targets: Matrix,
    names: DatasetNames,
    weights: Float32Array | undefined,
  ) {
    checkConstructor(key, 'Dataset', 'Dataset.from(x, y)')
    this.inputs = inputs
    this.targets = targets
    this.features = names.features
    this.classes = names.classes
    this.weights = weights
  }

  /** How many samples there are. */
  get length(): number {
    return this.inputs.rows
  }

  /**
   * @param x samples × features
   * @param y a matrix samples × outputs; or one number a sample, which is one output column, or with `classes` the
   *   index of its class; or one class name a sample
   * @throws InputError for different counts, empty data, values that are not finite, labels outside the classes
   */
  static from(x: MatrixLike, y: Targets, options: DatasetOptions = {}): Dataset {
    const { features, classes: given, weights: sampleWeights } = readOptions(datasetSchema, options)
    const inputs = Matrix.from(x, 'x')
    const { targets, classes } = readTargets(y, given)
    if (targets.rows !== inputs.rows) {
      throw new InputError(`y: expected ${inputs.rows} rows, one for each of x, got ${targets.rows}`)
    }
    if (features !== undefined && features.length !== inputs.cols) {
      throw new InputError(`features: expected ${inputs.cols} names, one a column of x, got ${features.length}`)
    }
    const weights = sampleWeights && readWeights(sampleWeights, inputs.rows)
    return new Dataset(KEY, inputs, targets, { features, classes }, weights)
  }

  /**
   * A copy of the given samples, in the order given.
   * @param into a data set whose memory takes the copy and that is no more than that afterwards: as many columns, and at
   *   least as many samples
   * @throws InputError for none, and for one that there is not
   */
  take(rows: ArrayLike<number>, into?: Dataset): Dataset {
    if (!isList(rows)) throw new InputError(`rows: expected a list of sample numbers, got ${describe(rows)}`)
    if (into !== undefined) checkInstance('into', into, Dataset, 'Dataset')
    if (rows.length === 0) throw new InputError('rows: expected at least one sample, got none')
    const weights = this.weights && Float32Array.from(rows, (row) => this.weights![row]!)
    return new Dataset(KEY, this.inputs.take(rows, into?.inputs), this.targets.take(rows, into?.targets), this, weights)
  }

  /**
   * Samples from `start` up to, but not including, `end`: the same memory, nothing is copied.
   * @throws InputError for a range that is empty or reaches beyond the samples
   */
  slice(start: number, end: number): Dataset {
    if (!(Number.isInteger(start) && Number.isInteger(end) && start >= 0 && start < end && end <= this.length)) {
      throw new InputError(
        `slice: expected a range within 0 … ${this.length}, got ${describe(start)} … ${describe(end)}`,
      )
    }
    const part = ({ cols, data }: Matrix) => new Matrix(end - start, cols, data.subarray(start * cols, end * cols))
    return new Dataset(KEY, part(this.inputs), part(this.targets), this, this.weights?.subarray(start, end))
  }

  /**
   * These samples and those of others after them, with the names of these. Where some have weights, the others have 1.
   * @throws InputError where the columns are not as many
   */
  concat(...others: readonly Dataset[]): Dataset {
    others.forEach((other, i) => checkInstance(`concat: argument ${i + 1}`, other, Dataset, 'Dataset'))
    const all = [this, ...others]
    const weighted = all.some(({ weights }) => weights !== undefined)
    const weights = weighted
      ? Float32Array.from(all.flatMap(({ weights: own, length }) => [...(own ?? new Float32Array(length).fill(1))]))
      : undefined
    const inputs = joinRows(all.map((data) => data.inputs))
    const targets = joinRows(all.map((data) => data.targets))
    return new Dataset(KEY, inputs, targets, this, weights)
  }

  /** The same samples with other inputs, such as scaled ones. */
  withInputs(inputs: Matrix): Dataset {
    const { features, classes, weights } = this
    return Dataset.from(inputs, this.targets, { features, classes, weights })
  }

  /**
   * The same samples with other weights, one a sample; undefined for none.
   * @throws InputError for another number of weights, negative ones, and where all are 0
   * @example const sure = data.withWeights(confidences)
   */
  withWeights(weights: ArrayLike<number> | undefined): Dataset {
    const { inputs, targets, features, classes } = this
    return Dataset.from(inputs, targets, { features, classes, weights })
  }

  /**
   * The same samples with each weight multiplied by its class's: one number a class, by name or in their order; `balanced`
   * gives every class the same total, samples / (classes · count), as scikit-learn does.
   * @throws InputError for unknown, missing and negative ones, and for data that are no classes
   * @example const even = data.withClassWeights({ healthy: 1, ill: 20 })
   */
  withClassWeights(weights: ClassWeights): Dataset {
    const labels = this.labels()
    const perClass = readClassWeights(weights, this, labels)
    const own = this.weights
    return this.withWeights(Float32Array.from(labels, (label, i) => perClass[label]! * (own?.[i] ?? 1)))
  }

  /** The class of each sample: the column with the largest target, or for one column the side of `boundary`. */
  labels(boundary = 0.5): Uint32Array {
    checkNumber('boundary', boundary)
    const { rows, cols, data } = this.targets
    return Uint32Array.from({ length: rows }, (_, i) =>
      cols === 1 ? Number((data[i] as number) > boundary) : argmax(data, i * cols, cols),
    )
  }
}

/** Matrices of as many columns, one below the other. */
export function joinRows(matrices: readonly Matrix[]): Matrix {
  if (matrices.length === 1) return matrices[0]!
  const { cols } = matrices[0]!
  const rows = matrices.reduce((sum, matrix) => sum + matrix.rows, 0)
  const joined = new Matrix(rows, cols)
  let at = 0
  for (const matrix of matrices) {
    if (matrix.cols !== cols)
      throw new InputError(`concat: expected ${cols} columns, as the first has, got ${matrix.cols}`)
    joined.data.set(matrix.data, at)
    at += matrix.data.length
  }
  return joined
}

/** What {@link Dataset.withClassWeights} takes. */
export type ClassWeights = 'balanced' | readonly number[] | Readonly<Record<string, number>>

function readWeights(weights: ArrayLike<number>, samples: number): Float32Array {
  if (weights.length !== samples) {
    throw new InputError(`weights: expected ${samples} numbers, one for each sample, got ${describe(weights)}`)
  }
  const values = Float32Array.from(weights)
  const bad = values.findIndex((weight) => !(weight >= 0 && weight < Infinity))
  if (bad >= 0) {
    throw new InputError(`weights: sample ${bad} has ${describe(weights[bad])}, expected a finite number from 0 on`)
  }
  if (values.every((weight) => weight === 0)) throw new InputError('weights: all are 0; nothing would be learned')
  return values
}

/** One weight a class, in the classes' order. */
function readClassWeights(weights: ClassWeights, { classes, targets }: Dataset, labels: Uint32Array): number[] {
  const count = Math.max(2, targets.cols)
  if (targets.cols === 1 && !classes) throw new InputError('classWeights: the data have no classes')
  if (weights === 'balanced') {
    const counts = new Array<number>(count).fill(0)
    for (const label of labels) counts[label]!++
    return balancedWeights(counts)
  }
  if (typeof weights !== 'object' || weights === null) {
    throw new InputError(`classWeights: expected 'balanced' or a number for each class, got ${describe(weights)}`)
  }
  const names = classes ?? Array.from({ length: count }, (_, i) => String(i))
  if (weights instanceof Map || weights instanceof Set) {
    throw new InputError(`classWeights: expected 'balanced', a list or an object, got ${describe(weights)}`)
  }
  if (!Array.isArray(weights)) checkKeys('classWeights', weights, names)
  const values = Array.isArray(weights)
    ? (weights as readonly number[])
    : names.map((name) => (Object.hasOwn(weights, name) ? (weights as Readonly<Record<string, number>>)[name]! : 1))
  if (values.length !== count) {
    throw new InputError(`classWeights: expected ${count} numbers, one a class, got ${values.length}`)
  }
  values.forEach((value, i) => checkNumber(`classWeights: ${names[i]}`, value, { min: 0 }))
  return [...values]
}

/** The place of the largest of `count` values from `start` on, counted from 0; the first where several are largest. */
export function argmax(values: ArrayLike<number>, start: number, count: number): number {
  let best = 0
  for (let j = 1; j < count; j++) {
    if ((values[start + j] as number) > (values[start + best] as number)) best = j
  }
  return best
}

function readTargets(y: Targets, classes: readonly string[] | undefined) {
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
