import { checkInstance, describe, InputError } from '../core/errors.ts'
import { Scaling } from '../model/scaling.ts'
import { Dataset } from './dataset.ts'
import type { Matrix } from '../core/matrix.ts'

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
 * @throws InputError where the columns are not as many as the scaling was fitted on
 * @example const test = network.scaling ? scale(raw, network.scaling) : raw
 */
export function scale(dataset: Dataset, scaling: Scaling): Dataset {
  checkInstance('dataset', dataset, Dataset, 'Dataset')
  if (!(scaling instanceof Scaling)) {
    throw new InputError(`scaling: expected what standardize or normalize returns, got ${describe(scaling)}`)
  }
  return dataset.withInputs(scaling.apply(dataset.inputs))
}

function tallied(dataset: Dataset): ColumnTally {
  checkInstance('dataset', dataset, Dataset, 'Dataset')
  const tally = new ColumnTally()
  tally.add(dataset.inputs)
  return tally
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

  add(inputs: Matrix): void {
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
    return new Scaling(
      kind,
      this.#columns.map((column) => (isStandard && !isConstant(column) ? column.mean : column.min)),
      this.#columns.map((column) =>
        isConstant(column) ? 1 : isStandard ? deviation(column) : column.max - column.min,
      ),
    )
  }
}

/** In two passes: the squares are of distances from the mean, so nothing cancels. */
function summarize({ rows, cols, data }: Matrix, column: number): Column {
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
