import { type Dataset, Matrix } from '../../src/index.ts'

/** A column of the data, and where its inputs are in the encoded data. */
export interface Column {
  name: string
  first: number
  /** For a column of words: one input per category. */
  categories: readonly string[] | undefined
}

/** The columns of a data set. */
export function columnsOf({ encoding, features, inputs }: Dataset): Column[] {
  let first = 0
  return Array.from({ length: encoding?.columns.length ?? inputs.cols }, (_, j): Column => {
    const encoded = encoding?.columns[j]
    const categories = encoded?.kind === 'category' ? encoded.categories : undefined
    const column = { name: features?.[j] ?? `x${j}`, first, categories }
    first += categories?.length ?? 1
    return column
  })
}

const at = ({ data, cols }: Matrix, i: number, j: number) => data[i * cols + j]!

/** The place of sample i along the axis of a column: its number, or the index of its category. */
export function positionOf(inputs: Matrix, i: number, { first, categories }: Column): number {
  if (!categories) return at(inputs, i, first)
  const start = i * inputs.cols + first
  return Math.max(0, inputs.data.subarray(start, start + categories.length).indexOf(1))
}

/**
 * The two columns for the plane: those that explain the targets best, columns of words only if there are no others.
 * @param output of labels and regression targets: the one to explain
 */
export function mostInformativeColumns(
  data: Dataset,
  columns: readonly Column[],
  output = data.classes ? undefined : 0,
): [across: number, up: number] {
  const shares = explainedShares(data, output)
  const ranked = columns
    .map(({ first, categories }, j) => ({
      j,
      isNumber: !categories,
      share: Math.max(...shares.slice(first, first + (categories?.length ?? 1))),
    })) // prettier-ignore
    .sort((a, b) => Number(b.isNumber) - Number(a.isNumber) || b.share - a.share || a.j - b.j)
  const [one = 0, other = one] = ranked.map(({ j }) => j)
  return [Math.min(one, other), Math.max(one, other)]
}

/**
 * The share of the variance of the targets that each input explains alone: for classification the ratio of between-class to
 * total variance (η²), for regression the squared correlation.
 */
function explainedShares(data: Dataset, output: number | undefined): number[] {
  const labels = output === undefined ? data.labels() : undefined
  const classes = Math.max(2, data.targets.cols)
  return Array.from({ length: data.inputs.cols }, (_, j) =>
    labels ? betweenClassVariance(data, labels, j, classes) : squaredCorrelation(data, j, output ?? 0),
  )
}

function betweenClassVariance(data: Dataset, labels: Uint32Array, j: number, classes: number): number {
  const counts = new Float64Array(classes)
  const sums = new Float64Array(classes)
  let [sum, squares] = [0, 0]
  labels.forEach((label, i) => {
    const x = at(data.inputs, i, j)
    counts[label]! += 1
    sums[label]! += x
    sum += x
    squares += x * x
  })
  const mean = sum / data.length
  const between = sums.reduce((total, s, k) => (counts[k] ? total + counts[k] * (s / counts[k] - mean) ** 2 : total), 0)
  const all = squares - data.length * mean * mean
  return all > 0 ? between / all : 0
}

function squaredCorrelation(data: Dataset, j: number, output: number): number {
  const { xx, yy, xy } = sumsAboutMeans(
    data.length,
    (i) => at(data.inputs, i, j),
    (i) => at(data.targets, i, output),
  )
  return xx > 0 && yy > 0 ? (xy * xy) / (xx * yy) : 0
}

/** The means of two series, and the sums of squared and multiplied deviations from these means. */
function sumsAboutMeans(count: number, x: (i: number) => number, y: (i: number) => number) {
  let [mx, my] = [0, 0]
  for (let i = 0; i < count; i++) {
    mx += x(i) / count
    my += y(i) / count
  }
  let [xx, xy, yy] = [0, 0, 0]
  for (let i = 0; i < count; i++) {
    const [dx, dy] = [x(i) - mx, y(i) - my]
    xx += dx * dx
    xy += dx * dy
    yy += dy * dy
  }
  return { mx, my, xx, xy, yy }
}

/**
 * Estimates the other columns at a point of the plane, by linear least squares on the two shown columns. With the means
 * of the columns instead, many points would be unlike any sample.
 */
export class ColumnEstimates {
  readonly #axes: readonly [number, number]
  readonly #middle: readonly [number, number]
  /** For each column: its mean, and its slopes along the two axes. */
  readonly #planes: readonly (readonly [mean: number, across: number, up: number])[]

  constructor(inputs: Matrix, axes: readonly [number, number]) {
    const [a, b] = axes
    const of = (j: number) => (i: number) => at(inputs, i, j)
    const { mx, my, xx, xy, yy } = sumsAboutMeans(inputs.rows, of(a), of(b))
    const determinant = xx * yy - xy * xy
    // If the axes are linearly dependent, only the first one is used.
    const flat = determinant <= 1e-9 * xx * yy
    this.#axes = axes
    this.#middle = [mx, my]
    this.#planes = Array.from({ length: inputs.cols }, (_, j) => {
      const { my: mean, xy: ca } = sumsAboutMeans(inputs.rows, of(a), of(j))
      const { xy: cb } = sumsAboutMeans(inputs.rows, of(b), of(j))
      if (flat) return [mean, xx > 0 ? ca / xx : 0, 0] as const
      return [mean, (ca * yy - cb * xy) / determinant, (cb * xx - ca * xy) / determinant] as const
    })
  }

  /** Writes the estimated values of all columns at a point of the plane into `row`. */
  fill(row: Float32Array, across: number, up: number): void {
    const [dx, dy] = [across - this.#middle[0], up - this.#middle[1]]
    this.#planes.forEach(([mean, a, b], j) => {
      row[j] = mean + a * dx + b * dy
    })
    row[this.#axes[1]] = up
    row[this.#axes[0]] = across
  }
}
