import type { Dataset, Matrix } from '../../src/index.ts'
import { planeInputs } from '../plane-inputs.ts'
import type { PlottedSamples, ShownData, ShownInput, View } from '../protocol.ts'
import type { Settings } from '../settings.ts'
import { type Column, columnsOf, mostInformativeColumns, positionOf } from './axes.ts'
import { pickPictures } from './pictures.ts'
import type { Prepared } from './prepare.ts'

/** The largest number of points to draw; with more, the points would cover each other. */
const MAX_DRAWN = { train: 3000, test: 1000 }

function plotSamples(
  data: Dataset | undefined,
  columns: readonly Column[],
  [across, up]: ShownData['axes'],
  output: number | undefined,
  most: number,
): PlottedSamples {
  if (!data) return { x: new Float32Array(), y: new Float32Array(), value: new Float32Array(), count: 0 }
  const drawn = Math.min(data.length, most)
  const values = output === undefined ? Float32Array.from(data.labels()) : columnOf(data.targets, output)
  const positions = (column: Column | undefined, phase: number) =>
    Float32Array.from({ length: drawn }, (_, i) =>
      column ? positionOf(data.inputs, i, column) + spread(column, i + phase) : 0,
    )
  return {
    x: positions(columns[across], 0),
    y: positions(columns[up], 0.5),
    value: values.slice(0, drawn),
    count: data.length,
  }
}

/** Samples of the same category are drawn next to each other, so that one can see how many they are. */
const spread = ({ categories }: Column, i: number) => (categories ? ((i * 0.618034) % 1) * 0.5 - 0.25 : 0)

/** Describes the data for display on the page. */
export function describeData(prepared: Prepared, settings: Settings): ShownData {
  const { kind, raw, columns: used, notes } = prepared
  const { inputs, classes = [] } = raw.train
  const isImages = kind === 'images'
  const outputs = namesOfOutputs(prepared)
  const shownOutput = Math.max(0, outputs.indexOf(settings.shownTarget))
  const output = kind === 'regression' || kind === 'labels' ? shownOutput : undefined
  const columns = isImages ? [] : columnsOf(raw.train)
  const find = (name: string, otherwise: number) => {
    const j = columns.findIndex((column) => column.name === name)
    return j < 0 ? Math.min(otherwise, columns.length - 1) : j
  }
  const [across, up] =
    settings.problem === 'file' && !isImages ? mostInformativeColumns(raw.train, columns, output) : ([0, 1] as const)
  const axes = [find(settings.across, across), find(settings.up, up)] as const
  const train = plotSamples(raw.train, columns, axes, output, MAX_DRAWN.train)
  const test = plotSamples(raw.test, columns, axes, output, MAX_DRAWN.test)
  const centre = settings.problem === 'digits' ? 'box' : 'mass'
  const means = meanOf(inputs)
  const picture = isImages
    ? ({ side: Math.sqrt(inputs.cols), mean: means, centre, samples: pickPictures(raw.train) } as const)
    : undefined
  return {
    kind,
    features: isImages ? ['pixels'] : columns.map(({ name }) => name),
    categories: columns.map(({ categories }) => categories),
    inputs: inputsOf(prepared, columns, means),
    classes,
    outputs,
    targets: prepared.targets,
    shownOutput,
    axes,
    range: kind === 'regression' ? rangeOf(columnOf(raw.train.targets, shownOutput)) : [0, 1],
    view:
      settings.problem === 'own'
        ? { left: -1.1, bottom: -1.1, width: 2.2, height: 2.2 }
        : viewOf(settings, train, test),
    train,
    test,
    picture,
    available: prepared.available,
    columns: used,
    notes,
  }
}

/** The name of each output; a single one for two classes is that of the second. */
function namesOfOutputs({ kind, raw, targets }: Prepared): readonly string[] {
  const { classes = [], targets: values } = raw.train
  if (kind === 'regression') return targets
  return values.cols === 1 ? classes.slice(1, 2) : classes
}

/** The inputs of the network: functions of x and y, or the columns of a file. */
function inputsOf({ features, train }: Prepared, columns: readonly Column[], means: Float32Array): ShownInput[] {
  if (!features) return columns.flatMap((column, j) => inputsOfColumn(column, j, means))
  const featureMeans = meanOf(train.inputs)
  return features.map((feature, j) => ({
    name: planeInputs[feature].label,
    column: feature === 'y' ? 1 : 0,
    category: undefined,
    feature,
    mean: featureMeans[j]!,
  }))
}

function inputsOfColumn({ name, first, categories }: Column, column: number, means: Float32Array): ShownInput[] {
  if (!categories) return [{ name, column, category: undefined, feature: undefined, mean: means[first]! }]
  return categories.map((category, index) => ({
    name: `${name}=${category}`,
    column,
    category: { index, count: categories.length },
    feature: undefined,
    mean: means[first + index]!,
  }))
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

/** The values of one column of a matrix. */
export const columnOf = ({ cols, data }: Matrix, column: number): Float32Array =>
  data.filter((_, i) => i % cols === column)

function meanOf({ rows, cols, data }: Matrix): Float32Array {
  const mean = new Float32Array(cols)
  for (let i = 0; i < data.length; i++) mean[i % cols]! += data[i]! / rows
  return mean
}
