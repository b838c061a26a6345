import { checkInstance, describe, InputError } from '../core/errors.ts'
import { Scaling } from '../model/scaling.ts'
import { Dataset } from './dataset.ts'
import { widthOf } from '../model/encoded-column.ts'
import { encodeRows, type Encoding } from '../model/encoding.ts'

/**
 * Fits the scaling that gives every input column mean 0 and standard deviation 1 (the population's, divided by the
 * number of samples, as scikit-learn's StandardScaler). A column that does not vary is only shifted, to 0.
 *
 * Fit it on the training part only, scale all parts with it, and keep it with the model: `network.scaling = scaling`.
 * @param dataset the training samples; it is left as it is
 * @throws InputError for anything else than a Dataset
 * @example
 * const { train, test } = split(data, { test: 0.2, seed: 7 })
 * const scaling = standardize(train)
 * const network = Network.create({ sizes: [4, 8, 3], seed: 7 })
 * await fit(network, scale(train, scaling), { validation: scale(test, scaling), epochs: 50 })
 * network.scaling = scaling // kept in the model file
 */
export function standardize(dataset: Dataset): Scaling {
  return tallied(dataset).scaling('standardize')
}

/**
 * Fits the scaling that takes every input column to 0 … 1: its smallest value to 0, its largest to 1 (values outside of
 * what it was fitted on land outside of 0 … 1). A column that does not vary is only shifted, to 0.
 *
 * Fit it on the training part only, scale all parts with it, and keep it with the model: `network.scaling = scaling`.
 * @param dataset the training samples; it is left as it is
 * @throws InputError for anything else than a Dataset
 * @example scale(test, normalize(train))
 */
export function normalize(dataset: Dataset): Scaling {
  return tallied(dataset).scaling('normalize')
}

/**
 * The same samples with their inputs scaled; targets and names stay. The data set that is given is left as it is.
 * @param dataset samples that are not scaled; those that went through an equal scaling already are returned as they are
 * @param scaling a scaling of as many columns as there are inputs, usually fitted on the training samples
 *   ({@link standardize}, {@link normalize})
 * @throws InputError where the columns are not as many as the scaling was fitted on, or another scaling was applied
 * @example const test = network.scaling ? scale(raw, network.scaling) : raw
 */
export function scale(dataset: Dataset, scaling: Scaling): Dataset {
  checkInstance('dataset', dataset, Dataset, 'Dataset')
  return dataset.withScaling(checkScaling(scaling))
}

/**
 * Fits the scaling that gives every regression target mean 0 and standard deviation 1: for targets that are large, such as
 * prices. A network that is fitted on scaled targets keeps the scaling, and predicts in the units of the data.
 * @param dataset the training samples; it is left as it is
 * @throws InputError for classes, and for anything else than a Dataset
 * @example
 * const houses = Dataset.from([[50], [80], [120]], [150_000, 230_000, 340_000])
 * const network = Network.create({ sizes: [1, 4, 1], output: 'linear', seed: 7 })
 * await fit(network, scaleTargets(houses, standardizeTargets(houses)), { loss: 'meanSquaredError', epochs: 3 })
 * const [price] = network.predict([[100]]).data // in the units of the targets
 */
export function standardizeTargets(dataset: Dataset): Scaling {
  checkInstance('dataset', dataset, Dataset, 'Dataset')
  if (dataset.classes) throw new InputError('dataset: expected regression targets to scale, got classes')
  const tally = new ColumnTally()
  tally.add(dataset.exactTargets)
  return tally.scaling('standardize')
}

/**
 * The same samples with their regression targets scaled; inputs and names stay. The data set that is given is left as it is.
 * @param dataset samples whose targets are not scaled; those that went through an equal scaling already are returned as
 *   they are
 * @param scaling a scaling of as many columns as there are targets, usually fitted on the training samples
 *   ({@link standardizeTargets})
 * @throws InputError for classes, where the targets are not as many as the scaling was fitted on, or another was applied
 * @example
 * const houses = Dataset.from([[50], [80], [120]], [150_000, 230_000, 340_000])
 * const scaled = scaleTargets(houses, standardizeTargets(houses))
 */
export function scaleTargets(dataset: Dataset, scaling: Scaling): Dataset {
  checkInstance('dataset', dataset, Dataset, 'Dataset')
  return dataset.withTargetScaling(checkScaling(scaling))
}

function checkScaling(scaling: unknown): Scaling {
  if (scaling instanceof Scaling) return scaling
  throw new InputError(`scaling: expected what standardize or normalize returns, got ${describe(scaling)}`)
}

/** Rows that are encoded at once while a scaling is fitted. */
const AT_ONCE = 1 << 14

function tallied(dataset: Dataset): ColumnTally {
  checkInstance('dataset', dataset, Dataset, 'Dataset')
  if (dataset.scaling) throw new InputError('dataset: it is scaled already; fit a scaling on the data before that')
  const { columns, encoding } = dataset
  const tally = new ColumnTally(encoding)
  if (!columns) tally.add(dataset.inputs)
  else {
    for (let first = 0; first < columns.rows; first += AT_ONCE) {
      tally.add(encodeRows(columns.slice(first, Math.min(columns.rows, first + AT_ONCE)), encoding))
    }
  }
  return tally
}

/** Row-major values of either precision. */
interface Rows {
  readonly rows: number
  readonly cols: number
  readonly data: ArrayLike<number>
}

interface Column {
  min: number
  max: number
  mean: number
  /** Σ(x − mean)² */
  squares: number
}

/**
 * What scalings are fitted on, of samples that come a part at a time; in float64, parts put together as Chan, Golub and
 * LeVeque do (1979).
 */
export class ColumnTally {
  #rows = 0
  #columns: Column[] = []
  readonly #encoding: Encoding | undefined

  /** @param encoding that the inputs were made with: only its columns of numbers are scaled */
  constructor(encoding?: Encoding) {
    this.#encoding = encoding
  }

  add(inputs: Rows): void {
    const rows = this.#rows + inputs.rows
    this.#columns = Array.from({ length: inputs.cols }, (_, j) => {
      const part = summarize(inputs, j)
      const before = this.#columns[j]
      if (!before) return part
      const away = part.mean - before.mean
      return {
        min: Math.min(before.min, part.min),
        max: Math.max(before.max, part.max),
        mean: before.mean + (away * inputs.rows) / rows,
        squares: before.squares + part.squares + (away ** 2 * this.#rows * inputs.rows) / rows,
      }
    })
    this.#rows = rows
  }

  /** A constant column is recognised by its values, since a mean may be off by a rounding; it is only shifted. */
  scaling(kind: Scaling['kind']): Scaling {
    const isConstant = ({ min, max }: Column) => min === max
    const deviation = ({ squares }: Column) => Math.sqrt(squares / this.#rows)
    const isStandard = kind === 'standardize'
    const isScaled = this.#encoding?.columns.flatMap((column) =>
      Array<boolean>(widthOf(column)).fill(column.kind === 'number'),
    )
    return new Scaling(
      kind,
      this.#columns.map((column, j) =>
        isScaled?.[j] === false ? 0 : isStandard && !isConstant(column) ? column.mean : column.min,
      ),
      this.#columns.map((column, j) =>
        isScaled?.[j] === false || isConstant(column) ? 1 : isStandard ? deviation(column) : column.max - column.min,
      ),
    )
  }
}

/** In two passes: the squares are of distances from the mean, so nothing cancels. */
function summarize({ rows, cols, data }: Rows, column: number): Column {
  let [min, max, sum] = [Infinity, -Infinity, 0]
  for (let i = column; i < data.length; i += cols) {
    const value = data[i] as number
    if (value < min) min = value
    if (value > max) max = value
    sum += value
  }
  const mean = sum / rows
  let squares = 0
  for (let i = column; i < data.length; i += cols) squares += ((data[i] as number) - mean) ** 2
  return { min, max, mean, squares }
}
