import type { ActivationName, BackendName, Score, Verification } from '../src/index.ts'
import type { Settings } from './settings.ts'

/** A data set as it travels to the worker. */
export interface Points {
  /** Row-major, `features.length` columns. */
  inputs: Float32Array
  targets: Float32Array
  features: string[]
  classes: string[]
}

/** What the page asks of the worker. */
export type Request =
  /** A new network on new data. */
  | { type: 'start'; settings: Settings; train: Points; test: Points; view: View }
  | { type: 'play' }
  | { type: 'pause' }
  /** Epochs a second, 0 for as many as can be. */
  | { type: 'speed'; speed: number }
  /** One minibatch, or what is left of an epoch. */
  | { type: 'step'; what: 'minibatch' | 'epoch' }
  /** Another backend for the same network, parameters and all. */
  | { type: 'backend'; backend: BackendName }
  /** The parameters as they were at a moment of the history. */
  | { type: 'rewind'; moment: number }
  | { type: 'verify' }

/** What a backend is, for people. */
export interface Running {
  name: string
  description: string
}

/** A network's parameters as they travel to the page; copies, so that training can go on. */
export interface Parameters {
  sizes: readonly number[]
  activations: readonly ActivationName[]
  weights: readonly Float32Array[]
  biases: readonly Float32Array[]
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
  /** The outputs over the plane at full resolution, a point a row. */
  regions: Float32Array
  /** Moments that can be gone back to. */
  moments: number
  /** Which of them is shown; the last while training. */
  moment: number
}

/** Points along a side of the maps in the diagram's neurons, and of the decision regions. */
export const MAP_SIDE = 24
export const REGION_SIDE = 160

/** The part of the plane that is drawn: square, around the data. */
export interface View {
  left: number
  bottom: number
  side: number
}

/** What the worker tells the page. */
export type Answer =
  | Progress
  | { type: 'running'; backend: Running }
  | { type: 'state'; playing: boolean }
  | { type: 'verified'; verification: Verification }
  | { type: 'failed'; message: string; fatal: boolean }
