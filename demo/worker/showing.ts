import { type Dataset, Matrix } from '../../src/index.ts'
import { decision } from '../answers.ts'
import type { Plotted, Regions, Shown, View } from '../protocol.ts'
import type { Settings } from '../settings.ts'
import { Companions, tellingAxes } from './axes.ts'
import type { Prepared } from './material.ts'

/** A plane of more points than this would not show any of them. */
const MOST_DRAWN = { train: 3000, test: 1000 }

/** A column as it was given, of at most so many samples. */
const column = ({ inputs: { cols, data, rows } }: Dataset, j: number, most: number) =>
  Float32Array.from({ length: Math.min(rows, most) }, (_, i) => data[i * cols + j] ?? 0)

function plotted(data: Dataset | undefined, [across, up]: Shown['axes'], most: number): Plotted {
  if (!data) return { x: new Float32Array(), y: new Float32Array(), value: new Float32Array(), count: 0 }
  const labels = data.classes ? Float32Array.from(data.labels()) : data.targets.data
  return {
    x: column(data, across, most),
    y: column(data, up, most),
    value: labels.slice(0, Math.min(data.length, most)),
    count: data.length,
  }
}

/** What the page draws of data. */
export function show({ kind, raw, target, notes }: Prepared, settings: Settings): Shown {
  const { inputs, classes = [], targets } = raw.train
  const features = raw.train.features ?? Array.from({ length: inputs.cols }, (_, j) => `x${j}`)
  const find = (name: string, otherwise: number) => {
    const j = features.indexOf(name)
    return j < 0 ? Math.min(otherwise, features.length - 1) : j
  }
  const [across, up] = settings.problem === 'file' && kind !== 'images' ? tellingAxes(raw.train) : [0, 1]
  const axes = [find(settings.across, across), find(settings.up, up)] as const
  const train = plotted(raw.train, axes, MOST_DRAWN.train)
  const test = plotted(raw.test, axes, MOST_DRAWN.test)
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
    range: kind === 'quantities' ? endsOf(targets.data) : [0, 1],
    view:
      settings.problem === 'own'
        ? { left: -1.1, bottom: -1.1, width: 2.2, height: 2.2 }
        : around(settings, train, test),
    train,
    test,
    picture,
    notes,
  }
}

function around({ problem }: Settings, train: Plotted, test: Plotted): View {
  const [left, width] = spanOf([endsOf(train.x), endsOf(test.x)])
  const [bottom, height] = spanOf([endsOf(train.y), endsOf(test.y)])
  // Columns of a file are unlike each other; the page's own problems live in a plane with the same unit both ways.
  if (problem === 'file') return { left, bottom, width, height }
  const side = Math.max(width, height)
  return { left: left + (width - side) / 2, bottom: bottom + (height - side) / 2, width: side, height: side }
}

/** From below the least to above the largest value. */
function spanOf(ends: readonly (readonly [number, number])[]): [start: number, length: number] {
  const low = Math.min(...ends.map(([least]) => least))
  const high = Math.max(...ends.map(([, largest]) => largest))
  const length = high > low ? 1.1 * (high - low) : 1
  return [(low + high - length) / 2, length]
}

const endsOf = (values: Float32Array): [number, number] => [
  values.reduce((low, value) => Math.min(low, value), Infinity),
  values.reduce((high, value) => Math.max(high, value), -Infinity),
]

function meanOf({ rows, cols, data }: Matrix): Float32Array {
  const mean = new Float32Array(cols)
  for (let i = 0; i < data.length; i++) mean[i % cols]! += data[i]! / rows
  return mean
}

/** Inputs over the plane, row by row from the top left; the columns that it does not show are as they usually are there. */
export class Grid {
  readonly #prepared: Prepared
  readonly #shown: Shown
  #companions: Companions | undefined

  constructor(prepared: Prepared, shown: Shown) {
    this.#prepared = prepared
    this.#shown = shown
  }

  points(side: number): Matrix {
    const { view, axes } = this.#shown
    const { inputs } = this.#prepared.raw.train
    // Not before it is asked for: pictures have no plane.
    const companions = (this.#companions ??= new Companions(inputs, axes))
    const points = new Matrix(side * side, inputs.cols)
    for (let i = 0; i < side * side; i++) {
      const across = view.left + (((i % side) + 0.5) / side) * view.width
      const up = view.bottom + (1 - (Math.floor(i / side) + 0.5) / side) * view.height
      companions.fill(points.row(i), across, up)
    }
    return this.#prepared.scaling?.apply(points) ?? points
  }

  /** Outputs at {@link points} as what the plane is coloured by. */
  regions(side: number, outputs: Float32Array, activation: string): Regions {
    const { kind, outputs: count, range } = this.#shown
    const { unit } = this.#prepared
    if (kind === 'quantities') {
      const [low, high] = range
      const raw = (value: number) => (unit ? value * unit.deviation + unit.mean : value)
      return { side, best: undefined, shares: outputs.map((value) => (raw(value) - low) / (high - low || 1)) }
    }
    if (count > 2) return bestOf(side, outputs, count)
    const shares = Float32Array.from({ length: side * side }, (_, i) => decision(outputs, count, activation, i))
    return { side, best: undefined, shares }
  }
}

/** The class that is answered at each point, and how far it is ahead. */
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
