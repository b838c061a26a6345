import { Dataset, Matrix } from '../../src/index.ts'
import { secondClassShare } from '../outputs.ts'
import { featuresOfPoints } from '../plane-inputs.ts'
import type { Regions, ShownData } from '../protocol.ts'
import { type Column, ColumnEstimates, columnsOf, positionOf } from './axes.ts'
import type { Prepared } from './prepare.ts'

/** Samples from which the columns that are not shown are estimated. */
const MAX_SAMPLES = 5000

/** Inputs at the points of a grid over the plane; {@link ColumnEstimates} supplies the columns that are not shown. */
export class PlaneGrid {
  readonly #prepared: Prepared
  readonly #shown: ShownData
  #plane: PlaneRows | undefined
  /** The points of each grid that was asked for, by its side. */
  readonly #points = new Map<number, Matrix>()

  constructor(prepared: Prepared, shown: ShownData) {
    this.#prepared = prepared
    this.#shown = shown
  }

  /** The points of a grid as inputs of the network, preprocessed as the data were. */
  points(side: number): Matrix {
    const known = this.#points.get(side)
    if (known) return known
    const { raw, train, features } = this.#prepared
    // Created on first use, because pictures have no plane.
    this.#plane ??= new PlaneRows(raw.train, this.#shown)
    const rows = this.#plane.rows(side)
    if (features) {
      const inputs = new Matrix(rows.rows, features.length, featuresOfPoints(rows.data, features))
      this.#points.set(side, inputs)
      return inputs
    }
    const noTargets = { rows: rows.rows, cols: 1, data: new Float32Array(rows.rows) }
    const points = Dataset.fromRaw(rows, raw.train.encoding, noTargets)
    const { inputs } = train.scaling ? points.withScaling(train.scaling) : points
    this.#points.set(side, inputs)
    return inputs
  }

  /** Whether the plane shows the predicted class, one of more than two. */
  get classes(): boolean {
    const { kind, outputs } = this.#shown
    return kind === 'classes' && outputs.length > 2
  }

  /** Converts the outputs at {@link points} to the values that colour the plane. */
  regions(side: number, outputs: Float32Array, activation: string): Regions {
    const { kind, outputs: names, range, shownOutput } = this.#shown
    const count = names.length
    if (kind === 'regression' || kind === 'labels') {
      const [low, high] = range
      const valueAt = (i: number) => outputs[i * count + shownOutput]!
      const shares = Float32Array.from({ length: side * side }, (_, i) => (valueAt(i) - low) / (high - low || 1))
      return { side, best: undefined, shares }
    }
    if (count > 2) return bestOf(side, outputs, count)
    const shares = Float32Array.from({ length: side * side }, (_, i) => secondClassShare(outputs, count, activation, i))
    return { side, best: undefined, shares }
  }
}

/** Rows of data at points of the plane, in the units of the data. */
class PlaneRows {
  readonly #columns: readonly Column[]
  readonly #estimates: ColumnEstimates
  readonly #shown: ShownData
  readonly #width: number

  constructor(data: Dataset, shown: ShownData) {
    const { inputs, length } = data
    const columns = columnsOf(data)
    const axes = shown.axes.map((axis) => columns[axis]!)
    // The places along both axes, then all inputs.
    const samples = new Matrix(Math.min(length, MAX_SAMPLES), 2 + inputs.cols)
    for (let i = 0; i < samples.rows; i++) {
      const row = samples.row(i)
      axes.forEach((axis, k) => (row[k] = positionOf(inputs, i, axis)))
      row.set(inputs.row(i), 2)
    }
    this.#columns = columns
    this.#shown = shown
    this.#width = samples.cols
    this.#estimates = new ColumnEstimates(samples, [0, 1])
  }

  rows(side: number): { rows: number; cols: number; data: Float64Array } {
    const { view } = this.#shown
    const cols = this.#columns.length
    const data = new Float64Array(side * side * cols)
    const estimates = new Float32Array(this.#width)
    for (let i = 0; i < side * side; i++) {
      const across = view.left + (((i % side) + 0.5) / side) * view.width
      const up = view.bottom + (1 - (Math.floor(i / side) + 0.5) / side) * view.height
      this.#estimates.fill(estimates, across, up)
      this.#fill(data.subarray(i * cols, (i + 1) * cols), estimates, across, up)
    }
    return { rows: side * side, cols, data }
  }

  #fill(row: Float64Array, estimates: Float32Array, across: number, up: number): void {
    const { axes } = this.#shown
    this.#columns.forEach(({ first, categories }, j) => {
      const count = categories?.length
      const shown = j === axes[0] ? across : j === axes[1] ? up : undefined
      if (count === undefined) row[j] = shown ?? estimates[2 + first]!
      else if (shown === undefined) row[j] = indexOfLargest(estimates.subarray(2 + first, 2 + first + count))
      else row[j] = Math.min(count - 1, Math.max(0, Math.round(shown)))
    })
  }
}

const indexOfLargest = (values: Float32Array) => values.indexOf(Math.max(...values))

/** The predicted class at each point, and its margin over the next best class. */
function bestOf(side: number, outputs: Float32Array, count: number): Regions {
  const best = new Uint8Array(side * side)
  const shares = new Float32Array(side * side)
  for (let i = 0; i < best.length; i++) {
    const row = outputs.subarray(i * count, (i + 1) * count)
    const first = indexOfLargest(row)
    best[i] = first
    shares[i] = row[first]! - row.reduce((next, value, j) => (j === first ? next : Math.max(next, value)), -Infinity)
  }
  return { side, best, shares }
}
