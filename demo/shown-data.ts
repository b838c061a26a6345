import type { Centre } from './pad.ts'
import type { FeatureName } from './plane-inputs.ts'
import type { Kind } from './settings.ts'

/** The samples that the plane shows. */
export interface PlottedSamples {
  x: Float32Array
  y: Float32Array
  /** The class index of each sample, or its value of the shown target. */
  value: Float32Array
  /** The number of samples in the data set; the plane may show fewer. */
  count: number
}

/** The visible part of the plane, which contains all data. */
export interface View {
  left: number
  bottom: number
  width: number
  height: number
}

/** What a column of a file holds, and what was done with it. */
export interface ShownColumn {
  name: string
  /** `off`: the user switched it off; `unusable`: it cannot be an input. */
  role: 'target' | 'input' | 'off' | 'unusable'
  holds: string
  done: string
}

/** An input of the network. */
export interface ShownInput {
  name: string
  /** The index of its column in {@link ShownData.features}. */
  column: number
  /** If the column has categories: which of them the input is for. */
  category: { index: number; count: number } | undefined
  /** For built-in problems over the plane: the function of x and y. */
  feature: FeatureName | undefined
  /** The mean over the training data. */
  mean: number
}

/** Some pictures of the training data, class by class. */
export interface PictureSamples {
  /** One byte per pixel, 0 to 255; pictures × pixels. */
  pixels: Uint8Array
  /** The class index of each picture. */
  labels: Uint8Array
}

/** What the page displays of a data set. */
export interface ShownData {
  kind: Kind
  /** The names of the columns. */
  features: readonly string[]
  /** The categories of each column of words. */
  categories: readonly (readonly string[] | undefined)[]
  /** The inputs of the network: one for each number, one for each category of a column of words. Empty for pictures. */
  inputs: readonly ShownInput[]
  /** Names of the classes or labels; empty for regression. */
  classes: readonly string[]
  /** The name of each output: a class, a label or a target. */
  outputs: readonly string[]
  /** The names of the target columns. */
  targets: readonly string[]
  /** For labels and regression: the index of the output that the plane shows. */
  shownOutput: number
  /** The indices of the columns on the two axes of the plane. */
  axes: readonly [across: number, up: number]
  /** The smallest and the largest value of the shown target in the training data; 0 and 1 for classes and labels. */
  range: readonly [low: number, high: number]
  view: View
  train: PlottedSamples
  test: PlottedSamples
  /** For pictures of side × side pixels: the mean picture, which point of the ink is at the centre, and some pictures. */
  picture: { side: number; mean: Float32Array; centre: Centre; samples: PictureSamples } | undefined
  /** For pictures in files: how many the files have; the run uses the first of them. */
  available: { train: number; test: number } | undefined
  /** The columns of a CSV file, in its order. */
  columns: readonly ShownColumn[]
  /** A sentence about each surprise in these columns. */
  notes: readonly string[]
}

/** Whether the outputs are several labels or regression targets, of which the plane shows one. */
export const hasSeveralOutputs = ({ kind, outputs }: ShownData): boolean =>
  outputs.length > 1 && (kind === 'labels' || kind === 'regression')
