import { type Dataset, Matrix } from '../../src/index.ts'
import { secondClassShare } from '../outputs.ts'
import type { PlottedSamples, Regions, ShownData, View } from '../protocol.ts'
import type { Settings } from '../settings.ts'
import { ColumnEstimates, mostInformativeAxes } from './axes.ts'
import type { Prepared } from './prepare.ts'

/** The largest number of points to draw; with more, the points would cover each other. */
const MAX_DRAWN = { train: 3000, test: 1000 }

/** Column j of the first `most` samples. */
const column = ({ inputs: { cols, data, rows } }: Dataset, j: number, most: number) =>
  Float32Array.from({ length: Math.min(rows, most) }, (_, i) => data[i * cols + j] ?? 0)

function plotSamples(data: Dataset | undefined, [across, up]: ShownData['axes'], most: number): PlottedSamples {
  if (!data) return { x: new Float32Array(), y: new Float32Array(), value: new Float32Array(), count: 0 }
  const labels = data.classes ? Float32Array.from(data.labels()) : data.targets.data
  return {
    x: column(data, across, most),
    y: column(data, up, most),
    value: labels.slice(0, Math.min(data.length, most)),
    count: data.length,
  }
}

/** Describes the data for display on the page. */
export function describeData({ kind, raw, target, notes }: Prepared, settings: Settings): ShownData {
  const { inputs, classes = [], targets } = raw.train
  const features = raw.train.features ?? Array.from({ length: inputs.cols }, (_, j) => `x${j}`)
  const find = (name: string, otherwise: number) => {
    const j = features.indexOf(name)
    return j < 0 ? Math.min(otherwise, features.length - 1) : j
  }
  const [across, up] = settings.problem === 'file' && kind !== 'images' ? mostInformativeAxes(raw.train) : [0, 1]
  const axes = [find(settings.across, across), find(settings.up, up)] as const
  const train = plotSamples(raw.train, axes, MAX_DRAWN.train)
  const test = plotSamples(raw.test, axes, MAX_DRAWN.test)
  const centre = settings.problem === 'digits' ? 'box' : 'mass'
  const picture =
    kind === 'images' ? ({ side: Math.sqrt(inputs.cols), mean: meanOf(inputs), centre } as const) : undefined
  return {
    kind,
    features: kind === 'images' ? ['pixels'] : features,
    classes,
    outputs: targets.cols,
    target,
    axes,
    range: kind === 'regression' ? rangeOf(targets.data) : [0, 1],
    view:
      settings.problem === 'own'
        ? { left: -1.1, bottom: -1.1, width: 2.2, height: 2.2 }
        : viewOf(settings, train, test),
    train,
    test,
    picture,
    notes,
  }
}

function viewOf({ problem }: Settings, train: PlottedSamples, test: PlottedSamples): View {
  const [left, width] = paddedRange([rangeOf(train.x), rangeOf(test.x)])
  const [bottom, height] = paddedRange([rangeOf(train.y), rangeOf(test.y)])
  // The columns of a file have different units. For built-in problems, both axes have the same scale.
  if (problem === 'file') return { left, bottom, width, height }
  const side = Math.max(width, height)
  return { left: left + (width - side) / 2, bottom: bottom + (height - side) / 2, width: side, height: side }
}

/** A range that contains all values, with a margin of 5 % on both sides. */
function paddedRange(ends: readonly (readonly [number, number])[]): [start: number, length: number] {
  const low = Math.min(...ends.map(([least]) => least))
  const high = Math.max(...ends.map(([, largest]) => largest))
  const length = high > low ? 1.1 * (high - low) : 1
  return [(low + high - length) / 2, length]
}

const rangeOf = (values: Float32Array): [number, number] => [
  values.reduce((low, value) => Math.min(low, value), Infinity),
  values.reduce((high, value) => Math.max(high, value), -Infinity),
]

function meanOf({ rows, cols, data }: Matrix): Float32Array {
  const mean = new Float32Array(cols)
  for (let i = 0; i < data.length; i++) mean[i % cols]! += data[i]! / rows
  return mean
}

/** Inputs at the points of a grid over the plane; {@link ColumnEstimates} supplies the columns that are not shown. */
export class PlaneGrid {
  readonly #prepared: Prepared
  readonly #shown: ShownData
  #columnEstimates: ColumnEstimates | undefined

  constructor(prepared: Prepared, shown: ShownData) {
    this.#prepared = prepared
    this.#shown = shown
  }

  points(side: number): Matrix {
    const { view, axes } = this.#shown
    const { inputs } = this.#prepared.raw.train
    // Created on first use, because pictures have no plane.
    const estimates = (this.#columnEstimates ??= new ColumnEstimates(inputs, axes))
    const points = new Matrix(side * side, inputs.cols)
    for (let i = 0; i < side * side; i++) {
      const across = view.left + (((i % side) + 0.5) / side) * view.width
      const up = view.bottom + (1 - (Math.floor(i / side) + 0.5) / side) * view.height
      estimates.fill(points.row(i), across, up)
    }
    return this.#prepared.scaling?.apply(points) ?? points
  }

  /** Converts the outputs at {@link points} to the values that colour the plane. */
  regions(side: number, outputs: Float32Array, activation: string): Regions {
    const { kind, outputs: count, range } = this.#shown
    const { unit } = this.#prepared
    if (kind === 'regression') {
      const [low, high] = range
      const raw = (value: number) => (unit ? value * unit.deviation + unit.mean : value)
      return { side, best: undefined, shares: outputs.map((value) => (raw(value) - low) / (high - low || 1)) }
    }
    if (count > 2) return bestOf(side, outputs, count)
    const shares = Float32Array.from({ length: side * side }, (_, i) => secondClassShare(outputs, count, activation, i))
    return { side, best: undefined, shares }
  }
}

/** The predicted class at each point, and its margin over the next best class. */
function bestOf(side: number, outputs: Float32Array, count: number): Regions {
  const best = new Uint8Array(side * side)
  const shares = new Float32Array(side * side)
  for (let i = 0; i < best.length; i++) {
    const row = outputs.subarray(i * count, (i + 1) * count)
    const first = row.indexOf(Math.max(...row))
    best[i] = first
    shares[i] = row[first]! - row.reduce((next, value, j) => (j === first ? next : Math.max(next, value)), -Infinity)
  }
  return { side, best, shares }
}
