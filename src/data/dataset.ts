import { checkInstance, checkNumber, describe, InputError } from '../core/errors.ts'
import { checkConstructor, KEY } from '../core/constructors.ts'
import { isList } from '../core/lists.ts'
import { readOptions, text } from '../core/schema.ts'
import { argmax, Matrix, type MatrixLike } from '../core/matrix.ts'
import { originOf } from '../core/origin.ts'
import { exactRows, RawRows } from '../core/raw-rows.ts'
import { areEqual } from '../core/values.ts'
import type { Encoding } from '../model/encoding.ts'
import { encodingCheck, scalingCheck } from '../model/instance-checks.ts'
import type { Scaling } from '../model/scaling.ts'
import { type DatasetNames, type DatasetOptions, datasetSchema } from './dataset-options.ts'
import { checkCounts, joinParts, type Parts, sliceParts, takeParts, type WholeParts } from './dataset-parts.ts'
import {
  encodeParts,
  encodeRaw,
  readInputs,
  replaceInputs,
  scaleInputs,
  scaleTargetParts,
} from './preprocessed-parts.ts'
import { readTargets, secondClass, type Targets } from './read-targets.ts'
import { type ClassWeights, readClassWeights, readWeights } from './sample-weights.ts'

export { datasetSchema }
export type { ClassWeights, DatasetNames, DatasetOptions, Targets }

const nameText = text()

/**
 * Samples to train on or to score: `inputs` (samples × features) and `targets` (samples × outputs), checked once when
 * made (equal counts, everything finite) so that nothing later has to.
 * @example
 * const data = Dataset.from([[0, 0], [0, 1], [1, 0], [1, 1]], [[0], [1], [1], [0]])
 * const named = Dataset.from([[5.1], [6.2]], ['setosa', 'virginica'])  // classes found, targets one-hot
 */
export class Dataset {
  /** Samples × inputs, encoded, and scaled where the data set is. */
  declare readonly inputs: Matrix
  /** The targets, one row per sample: one-hot classes, labels or numbers. */
  readonly targets: Matrix
  /** The names of the columns: one per column of `encoding`, else one per input. */
  readonly features: readonly string[] | undefined
  /** The names of the classes, in the order of the target columns; undefined for regressions. */
  readonly classes: readonly string[] | undefined
  /** The names of regression targets, one per column of `targets`. */
  readonly targetNames: readonly string[] | undefined
  /** One a sample, where samples count differently. */
  readonly weights: Float32Array | undefined
  /** How the inputs were made of columns of words, truth values or missing values; undefined where all are numbers. */
  readonly encoding: Encoding | undefined
  /** The scaling that the inputs have been through, if they have. */
  readonly scaling: Scaling | undefined
  /** The scaling that the targets have been through, if they have. */
  readonly targetScaling: Scaling | undefined
  /** The columns in their own units, in float64, where float32 inputs would lose something of them. */
  readonly #raw: RawRows | undefined
  readonly #rawTargets: RawRows | undefined
  #made: Matrix | undefined

  private constructor(key: unknown, given: Parts) {
    checkConstructor(key, 'Dataset', 'Dataset.from(x, y)')
    const { inputs, raw, rawTargets, ...parts } = given
    this.#made = inputs
    this.#raw = raw
    this.#rawTargets = rawTargets
    // An own property, as the others are. Inputs of raw columns are made when they are first needed: with a scaling, never.
    Object.defineProperty(this, 'inputs', { enumerable: true, get: () => (this.#made ??= encodeRaw(this.#parts())) })
    this.targets = parts.targets
    this.features = parts.features
    this.classes = parts.classes
    this.targetNames = parts.targetNames
    this.weights = parts.weights
    this.encoding = parts.encoding
    this.scaling = parts.scaling
    this.targetScaling = parts.targetScaling
  }

  #parts(): Parts {
    const { targets, features, classes, targetNames, weights, encoding, scaling, targetScaling } = this
    const [inputs, raw, rawTargets] = [this.#made, this.#raw, this.#rawTargets]
    return {
      inputs,
      raw,
      rawTargets,
      targets,
      features,
      classes,
      targetNames,
      weights,
      encoding,
      scaling,
      targetScaling,
    }
  }

  #whole(): WholeParts {
    return { ...this.#parts(), makeInputs: () => this.inputs }
  }

  /** How many samples there are. */
  get length(): number {
    return this.targets.rows
  }

  /**
   * @param x samples × features; numbers that float32 cannot hold exactly, or not at all, are kept in float64 until
   *   they are scaled
   * @param y a matrix samples × outputs; or one number a sample, which is one output column, or with `classes` the
   *   index of its class; or one class name a sample
   * @param options names of the columns (`features`), of the `classes` and of the regression targets (`targetNames`),
   *   and one of `weights` for each sample; default none, but class names in `y` are the classes, sorted
   * @throws InputError for different counts, empty data, values that are not finite, labels outside the classes
   */
  static from(x: MatrixLike, y: Targets, options: DatasetOptions = {}): Dataset {
    const { features, classes: given, targetNames, weights: sampleWeights } = readOptions(datasetSchema, options)
    const { matrix, inputs, raw } = readInputs(x)
    const { encoding, scaling } = (originOf(matrix) ?? {}) as { encoding?: Encoding; scaling?: Scaling }
    const { targets, classes } = readTargets(y, given)
    checkCounts(matrix.rows, encoding?.columns.length ?? matrix.cols, { targets, features, classes, targetNames })
    return new Dataset(KEY, {
      inputs,
      raw,
      targets,
      rawTargets: exactRows(y, targets),
      features,
      classes,
      targetNames,
      weights: sampleWeights && readWeights(sampleWeights, matrix.rows),
      encoding,
      scaling,
    })
  }

  /**
   * Samples of columns in their own units, which the encoding makes inputs of.
   * @param rows samples × columns, row-major: NaN for a missing value, in a column of categories the place of each
   * @param encoding undefined where all columns are numbers
   * @param y the targets, as for {@link Dataset.from}
   * @param names `features`, one name per column of `rows`; `classes`; `targetNames`; default none, but class names in
   *   `y` are the classes, sorted
   * @throws InputError as {@link Dataset.from} does, and for values that are missing without a fill or not finite in float32
   */
  static fromRaw(
    rows: Pick<RawRows, 'rows' | 'cols' | 'data'>,
    encoding: Encoding | undefined,
    y: Targets,
    names: DatasetNames = {},
  ): Dataset {
    const raw = RawRows.of(rows)
    if (encoding !== undefined) checkInstance('encoding', encoding, encodingCheck, 'Encoding')
    const { features, classes: given, targetNames } = readOptions(datasetSchema, names)
    const { targets, classes } = readTargets(y, given)
    checkCounts(raw.rows, encoding?.columns.length ?? raw.cols, { targets, features, classes, targetNames })
    // Numbers that float32 holds exactly take half the memory there.
    const isExact = encoding === undefined && raw.data.every((value) => Math.fround(value) === value)
    const source = isExact ? { inputs: Matrix.from(raw, 'x') } : { raw }
    const rawTargets = exactRows(y, targets)
    return new Dataset(KEY, { ...source, encoding, targets, rawTargets, features, classes, targetNames })
  }

  /**
   * A copy of the given samples, in the order given.
   * @param rows the numbers of the samples, counted from 0; a sample may be listed several times
   * @param into a data set whose memory takes the copy and that is no more than that afterwards: as many columns, and at
   *   least as many samples
   * @throws InputError for none, and for one that there is not
   */
  take(rows: ArrayLike<number>, into?: Dataset): Dataset {
    if (!isList(rows)) throw new InputError(`rows: expected a list of sample numbers, got ${describe(rows)}`)
    if (into !== undefined) checkInstance('into', into, Dataset, 'Dataset')
    if (rows.length === 0) throw new InputError('rows: expected at least one sample, got none')
    return new Dataset(KEY, takeParts(this.#whole(), rows, into))
  }

  /**
   * Samples from `start` up to, but not including, `end`: the same memory, nothing is copied.
   * @param start the number of the first sample, counted from 0
   * @param end the number of the sample after the last one, at most {@link Dataset.length}
   * @throws InputError for a range that is empty or reaches beyond the samples
   */
  slice(start: number, end: number): Dataset {
    if (!(Number.isInteger(start) && Number.isInteger(end) && start >= 0 && start < end && end <= this.length)) {
      throw new InputError(
        `slice: expected a range within 0 … ${this.length}, got ${describe(start)} … ${describe(end)}`,
      )
    }
    return new Dataset(KEY, sliceParts(this.#whole(), start, end))
  }

  /**
   * These samples and those of others after them, with the names of these. Where some have weights, the others have 1.
   * @param others data sets with as many input and target columns, in the order in which their samples follow
   * @throws InputError where the columns are not as many, and for data that were scaled or encoded in another way
   */
  concat(...others: readonly Dataset[]): Dataset {
    others.forEach((other, i) => checkInstance(`concat: argument ${i + 1}`, other, Dataset, 'Dataset'))
    const all = [this, ...others.map((other, i) => this.#alike(other, `concat: argument ${i + 1}`))]
    return new Dataset(KEY, joinParts(all.map((data) => data.#whole())))
  }

  /** Another data set with the encoding of this one. */
  #alike(other: Dataset, name: string): Dataset {
    if (!areEqual(this.scaling, other.scaling) || !areEqual(this.targetScaling, other.targetScaling)) {
      throw new InputError(`${name}: its scaling differs from that of the first data set`)
    }
    return this.encoding ? other.withEncoding(this.encoding, name) : other
  }

  /**
   * The same samples with other inputs, such as scaled ones. Preprocessing that the inputs went through is known where
   * this package did it ({@link Scaling.apply}).
   * @param inputs samples × inputs, one row for each sample
   */
  withInputs(inputs: Matrix): Dataset {
    return new Dataset(KEY, replaceInputs(this.#whole(), Matrix.from(inputs, 'inputs')))
  }

  /**
   * The same samples with scaled inputs, computed in float64 from the columns' own units.
   * @param scaling a scaling of as many columns as there are inputs; where they went through an equal one already, the
   *   data set is returned as it is
   * @param name what errors call the data; default `data`
   * @throws InputError where the columns are not those the scaling was fitted on, and for data with another scaling
   */
  withScaling(scaling: Scaling, name = 'data'): Dataset {
    checkInstance('scaling', scaling, scalingCheck, 'Scaling', ' (standardize and normalize make one)')
    nameText.check('name', name)
    return this.scaling?.equals(scaling) ? this : new Dataset(KEY, scaleInputs(this.#whole(), scaling, name))
  }

  /**
   * The same samples with scaled regression targets.
   * @param scaling a scaling of as many columns as there are targets; where they went through an equal one already, the
   *   data set is returned as it is
   * @param name what errors call the data; default `data`
   * @throws InputError for classes, for another number of targets, and for data with another scaling of the targets
   */
  withTargetScaling(scaling: Scaling, name = 'data'): Dataset {
    checkInstance('scaling', scaling, scalingCheck, 'Scaling', ' (standardizeTargets makes one)')
    nameText.check('name', name)
    if (this.targetScaling?.equals(scaling)) return this
    return new Dataset(KEY, scaleTargetParts(this.#whole(), scaling, name))
  }

  /**
   * The same samples encoded in another way: with the categories that a model knows, or other fills of missing values.
   * @param encoding an encoding of as many columns of the same kinds; numbers may be encoded as truth values, and the
   *   reverse
   * @param name how errors call the data
   * @throws InputError where the kinds of the columns differ, and where the columns are not held any more
   */
  withEncoding(encoding: Encoding, name = 'data'): Dataset {
    checkInstance('encoding', encoding, encodingCheck, 'Encoding')
    nameText.check('name', name)
    return this.encoding?.equals(encoding) ? this : new Dataset(KEY, encodeParts(this.#whole(), encoding, name))
  }

  /** The targets in the precision in which they were given: samples × outputs. */
  get exactTargets(): Exclude<MatrixLike, readonly ArrayLike<number>[]> {
    return this.#rawTargets ?? this.targets
  }

  /** The columns in their own units; undefined where the data set holds inputs only. */
  get columns(): RawRows | undefined {
    return this.#raw
  }

  /**
   * Two classes as one column of 0 and 1 in the place of one-hot targets, for a network with one output.
   * @throws InputError for another number of target columns
   * @example const { targets } = xor({ samples: 4 }).toOneColumn() // 4 × 1
   */
  toOneColumn(): Dataset {
    if (this.targets.cols === 1) return this
    return new Dataset(KEY, { ...this.#parts(), targets: secondClass(this.targets), rawTargets: undefined })
  }

  /**
   * The same samples with other weights, one a sample; undefined for none.
   * @param weights one number from 0 on for each sample, by which its loss is multiplied; undefined for no weights
   * @throws InputError for another number of weights, negative ones, and where all are 0
   * @example const sure = data.withWeights(confidences)
   */
  withWeights(weights: ArrayLike<number> | undefined): Dataset {
    const checked = readOptions(datasetSchema, { weights }).weights
    return new Dataset(KEY, { ...this.#parts(), weights: checked && readWeights(checked, this.length) })
  }

  /**
   * The same samples with each weight multiplied by its class's: one number a class, by name or in their order; `balanced`
   * gives every class the same total, samples / (classes · count), as scikit-learn does.
   * @param weights numbers from 0 on: a list with one per class, in the order of the classes, or an object with one per
   *   class name, in which a class that is left out has 1; or `balanced`
   * @throws InputError for unknown and negative ones, a list of another length, and data that are no classes
   * @example const even = data.withClassWeights({ healthy: 1, ill: 20 })
   */
  withClassWeights(weights: ClassWeights): Dataset {
    const labels = this.labels()
    const perClass = readClassWeights(weights, this, labels)
    const own = this.weights
    return this.withWeights(Float32Array.from(labels, (label, i) => perClass[label]! * (own?.[i] ?? 1)))
  }

  /**
   * The class of each sample: the column with the largest target, or for one column the side of `boundary`.
   * @param boundary of a single target column: targets above it are of class 1, others of class 0; default 0.5
   */
  labels(boundary = 0.5): Uint32Array {
    checkNumber('boundary', boundary)
    const { rows, cols, data } = this.targets
    return Uint32Array.from({ length: rows }, (_, i) =>
      cols === 1 ? Number((data[i] as number) > boundary) : argmax(data, i * cols, cols),
    )
  }
}
