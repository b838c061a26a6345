import type { ActivationName, BackendName, CsvColumn, Score, Verification } from '../src/index.ts'
import type { Centre } from './pad.ts'
import type { Kind, Settings } from './settings.ts'

/** What the page asks of the worker. */
export type Request =
  /** A new network on the data that the settings describe. */
  | { type: 'start'; settings: Settings }
  /** The same network, on data that have changed. */
  | { type: 'data'; settings: Settings }
  /** Files that were dropped or chosen. */
  | { type: 'open'; files: readonly File[] }
  /** Another column of the opened file to predict. */
  | { type: 'target'; target: string }
  | { type: 'play' }
  | { type: 'pause' }
  /** Epochs a second, 0 for as many as can be. */
  | { type: 'speed'; speed: number }
  /** When to stop by itself. */
  | { type: 'stopping'; rule: StopRule }
  /** One minibatch, or what is left of an epoch. */
  | { type: 'step'; what: 'minibatch' | 'epoch' }
  /** Another backend for the same network, parameters and all. */
  | { type: 'backend'; backend: BackendName }
  /** The parameters as they were at a moment of the history. */
  | { type: 'rewind'; moment: number }
  /** What the network makes of a drawn picture, now and as it learns on; undefined for none. */
  | { type: 'ask'; pixels: Float32Array | undefined }
  | { type: 'verify' }

/** Epochs after which training stops, and how many without a lower loss; 0 is never. */
export type StopRule = Pick<Settings, 'stop' | 'patience'>

/** What a backend is, for people. */
export interface Running {
  name: string
  description: string
}

/** A file that the worker has read. */
export interface Opened {
  name: string
  kind: 'csv' | 'idx'
  samples: number
  /** Of a CSV: its columns, and whether the first line names them. */
  columns: CsvColumn[]
  header: boolean
  /** Whether held-out samples came with it (MNIST's t10k). */
  test: boolean
}

/** Samples as the plane shows them. */
export interface Plotted {
  x: Float32Array
  y: Float32Array
  /** The class of each, or its quantity. */
  value: Float32Array
  /** How many samples there are; fewer may be drawn. */
  count: number
}

/** The part of the plane that is drawn, around the data. */
export interface View {
  left: number
  bottom: number
  width: number
  height: number
}

/** The data as the page shows them. */
export interface Shown {
  kind: Kind
  features: readonly string[]
  /** Names of the classes; none for quantities. */
  classes: readonly string[]
  outputs: number
  /** The name of what is to be told. */
  target: string
  /** The columns along the two axes of the plane. */
  axes: readonly [across: number, up: number]
  /** From the least to the largest quantity of the training data; 0 and 1 for classes. */
  range: readonly [low: number, high: number]
  view: View
  train: Plotted
  test: Plotted
  /** Pictures are side × side; `mean` is the mean of all, `centre` what is in their middle. */
  picture: { side: number; mean: Float32Array; centre: Centre } | undefined
  /** What was left out of a file, a sentence each. */
  notes: readonly string[]
}

/** A network's parameters as they travel to the page; copies, so that training can go on. */
export interface Parameters {
  sizes: readonly number[]
  activations: readonly ActivationName[]
  weights: readonly Float32Array[]
  biases: readonly Float32Array[]
}

/** What the network answers over the plane, row by row from the top left. */
export interface Regions {
  side: number
  /** Of two classes how much speaks for the second, of quantities the share of their range: 0 to 1. */
  shares: Float32Array
  /** Of several classes the one answered; `shares` is then how far it is ahead of the next. */
  best: Uint8Array | undefined
}

/** A sample that the network answers wrongly, the surest first. */
export interface Mistake {
  pixels: Float32Array
  truth: number
  answer: number
}

/** The network held against the samples that were held out, or where there are none, the training data. */
export interface Examination {
  on: 'held-out' | 'training'
  samples: number
  /** Of classes: how often each (row) was taken for which (column). */
  confusion: number[][] | undefined
  /** Of quantities, in the data's own units; some of the samples with their answers. */
  error: { r2: number; mean: number; truths: Float32Array; answers: Float32Array } | undefined
  /** Of pictures. */
  mistakes: Mistake[]
}

/** How far the training is, and what the network makes of the plane. */
export interface Progress {
  type: 'progress'
  epoch: number
  step: number
  train: Score
  test: Score | null
  samplesPerSecond: number
  epochsPerSecond: number
  network: Parameters
  /** What each neuron of each layer answers over the plane: one array a layer, a point a row, a neuron a column. */
  maps: Float32Array[]
  regions: Regions | undefined
  /** Not with each report: it takes as long as there are samples. */
  examination: Examination | undefined
  /** The outputs for the picture that was drawn. */
  answer: Float32Array | undefined
  /** Moments that can be gone back to. */
  moments: number
  /** Which of them is shown; the last while training. */
  moment: number
}

/** Points along a side of the maps in the diagram's neurons. */
export const MAP_SIDE = 24

/** What a message is about: it is shown beside that. */
export type Subject = 'link' | 'data' | 'settings' | 'training' | 'backend' | 'verify'

/** What the worker tells the page. */
export type Answer =
  | Progress
  | { type: 'data'; shown: Shown; settings: Settings; scaling: ScalingNumbers | undefined; unit: Unit | undefined }
  | { type: 'opened'; file: Opened; kind: Kind; target: string }
  | { type: 'running'; backend: Running }
  /** `reason` where it stopped by itself. */
  | { type: 'state'; playing: boolean; reason?: string }
  | { type: 'verified'; verification: Verification }
  | { type: 'answer'; outputs: Float32Array }
  /** Something that was asked for cannot be; what runs goes on. */
  | { type: 'refused'; subject: Subject; message: string; during: Request['type'] | 'training' }

/** The scaling of the inputs, to be saved with a model. */
export interface ScalingNumbers {
  kind: 'standardize' | 'normalize'
  offset: Float64Array
  scale: Float64Array
}

/** Quantities are trained on as (quantity − mean) / deviation. */
export interface Unit {
  mean: number
  deviation: number
}
