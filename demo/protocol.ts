import type {
  ActivationName,
  BackendName,
  CsvColumn,
  MultilabelReport,
  NetworkJSON,
  Score,
  TargetScore,
  Verification,
} from '../src/index.ts'
import type { RunState } from './kept/run-state.ts'
import type { FileUse, Kind, Settings } from './settings.ts'
import type { ShownData } from './shown-data.ts'

export { hasSeveralOutputs } from './shown-data.ts'
export type { PictureSamples, PlottedSamples, ShownColumn, ShownData, ShownInput, View } from './shown-data.ts'

/** Messages from the page to the worker. */
export type Request =
  /**
   * Creates a new network on the data that the settings describe; `from` is the state from which it trains on. `number` is
   * that of the run, 0 by default.
   */
  | { type: 'start'; settings: Settings; number?: number; from?: StartState }
  /** Keeps the network and changes the data. */
  | { type: 'data'; settings: Settings }
  /** Opens files that the user dropped or chose. */
  | { type: 'open'; files: readonly File[] }
  /** Chooses other target columns of the opened file, or another task. */
  | { type: 'target'; use: FileUse }
  | ContinuingRequest
  | { type: 'pause' }
  /** Changes hyperparameters of the current run: learning rate, batch size, penalties, dropout. */
  | { type: 'hyperparameters'; settings: Settings }
  /** Sets the speed in epochs per second; 0 for no limit. */
  | { type: 'speed'; speed: number }
  /** Sets the rule by which training stops automatically. */
  | { type: 'stopping'; rule: StopRule }
  /** Moves the network with its current parameters to another backend. */
  | { type: 'backend'; backend: BackendName }
  /** Restores the moment with this number. The later moments are kept until training continues. */
  | { type: 'rewind'; moment: number }
  /** Classifies a drawing, now and with each progress report; undefined ends that. */
  | { type: 'classify'; pixels: Float32Array | undefined }
  | { type: 'verify' }

/**
 * Requests that continue from the moment that is shown. If there are later moments, the worker first asks
 * ({@link LaterRunQuestion}) whether it may discard them; the same request with `discardLater` says so.
 */
export type ContinuingRequest = { discardLater?: boolean } & (
  | { type: 'play' }
  /** Trains on one minibatch, or on the remaining minibatches of the epoch. */
  | { type: 'step'; what: 'minibatch' | 'epoch' }
  /** Sets a weight or a bias. */
  | { type: 'edit'; edit: ParameterEdit }
)

/** The state of another training with the same settings and data; with scores, that of a run that was kept. */
export type StartState = Pick<RunState, 'checkpoint'> & Partial<RunState>

/** The session of the run that the page shows. */
export const SHOWN = 0

/** A request and a message with the session that they belong to: several sessions train side by side in one worker. */
export interface ToSession {
  session: number
  /** `close` ends the session and frees what it holds. */
  request: Request | { type: 'close' }
}
export interface FromSession {
  session: number
  message: WorkerMessage
}

/** A place in a run: the epochs that are complete, and all steps that were made. */
export interface Place {
  epoch: number
  step: number
}

/** The moments of a run that can be restored, in their order; the last is the end of the run so far. */
export interface MomentList {
  /** Identify the moments. */
  numbers: Float64Array
  /** When the moments were: the epochs that were complete, and all steps that were made. */
  epochs: Float64Array
  steps: Float64Array
}

/** Training should continue from the place that is shown, but the run was trained further: until `latest`. */
export interface LaterRunQuestion {
  type: 'laterRun'
  request: ContinuingRequest
  shown: Place
  latest: Place
}

/** Training stops after `stop` epochs, or after `patience` epochs without a lower loss; 0 disables a limit. */
export type StopRule = Pick<Settings, 'stop' | 'patience'>

/** A new value of the bias of a neuron, or of its weight for neuron `from` of the layer before; layer 0 holds the inputs. */
export interface ParameterEdit {
  layer: number
  index: number
  from: number | undefined
  value: number
}

/** The name of a backend, and a description to display. */
export interface BackendInfo {
  name: string
  description: string
}

/** A file that the worker has read. */
export interface FileInfo {
  name: string
  kind: 'csv' | 'idx'
  samples: number
  /** For CSV: the columns, and whether the first line holds their names. */
  columns: CsvColumn[]
  header: boolean
  /** A sentence about each surprise in the file, such as a first column without name that is left out. */
  notes: readonly string[]
  /** Whether test files were opened with it (MNIST's t10k). */
  test: boolean
}

/** The parameters of a network. */
export interface Parameters {
  sizes: readonly number[]
  activations: readonly ActivationName[]
  weights: readonly Float32Array[]
  biases: readonly Float32Array[]
}

/** The predictions over the plane, row by row from the top left. */
export interface Regions {
  side: number
  /** 0 to 1: the score of the second of two classes or of the label, or an output relative to the range of its target. */
  shares: Float32Array
  /** For more than two classes: the predicted class. `shares` then holds its margin over the next best class. */
  best: Uint8Array | undefined
}

/** A misclassified sample. */
export interface Mistake {
  pixels: Float32Array
  label: number
  prediction: number
  /** The output of the predicted class. */
  certainty: number
}

/** The errors of a regression, in the units of the data. */
export interface RegressionError {
  /** The mean over the targets. */
  r2: number
  mean: number
  /** Of each target. */
  each: readonly TargetScore[]
  /** Values and predictions of the target that the plane shows, of some samples. */
  targets: Float32Array
  predictions: Float32Array
}

/** An evaluation of the network on the test data, or on the training data if no test data exist. */
export interface Evaluation {
  on: 'held-out' | 'training'
  samples: number
  /** For classification: the number of samples by true class (row) and predicted class (column). */
  confusion: number[][] | undefined
  /** For labels: how many of them are predicted correctly. */
  labels: MultilabelReport | undefined
  /** For regression, in the units of the data. */
  error: RegressionError | undefined
  /** For pictures: misclassified samples, the most confident first. */
  mistakes: Mistake[]
}

/** The state of the training run. */
export interface Report extends Place {
  type: 'progress'
  train: Score
  test: Score | null
  samplesPerSecond: number
  epochsPerSecond: number
  /** Of the network that {@link Description} describes: layer by layer weights, then biases. */
  parameters: Float32Array
  /** Outputs of every neuron over the plane: one array per layer, of shape points × neurons. */
  maps: Float32Array[]
  regions: Regions | undefined
  /** Absent from some reports, because its cost grows with the number of samples. */
  evaluation: Evaluation | undefined
  /** The outputs of the network for the user's drawing. */
  drawingOutputs: Float32Array | undefined
  /** The number of the moment that is shown. */
  moment: number
  moments: MomentList
}

/** The state of the training run as the page uses it. */
export interface Progress extends Omit<Report, 'parameters'> {
  network: Parameters
}

/** Points along each side of the maps in the neurons of the diagram. */
export const MAP_SIDE = 24

/** The part of the page that a message concerns; the message is displayed there. */
export type Subject = 'link' | 'data' | 'settings' | 'training' | 'backend' | 'verify'

/** Training diverged, and stopped: sentences. */
export interface DivergenceMessage {
  type: 'diverged'
  /** What happened. */
  what: string
  /** The likely cause; undefined where it is not known. */
  why: string | undefined
  /** What helps. */
  help: string
  /** The settings that help, if it is they. */
  changed: Partial<Settings> | undefined
}

/** Messages from the worker to the page. */
export type WorkerMessage =
  | Report
  | LaterRunQuestion
  | DivergenceMessage
  /** `number` is that of the run. */
  | { type: 'data'; shown: ShownData; settings: Settings; description: Description; number: number }
  | { type: 'opened'; file: FileInfo; kind: Kind; use: FileUse }
  /** The current run uses these settings; it was not started again. */
  | { type: 'accepted'; settings: Settings }
  /** What probably keeps the network from learning, and what helps: sentences. */
  | { type: 'advice'; sentences: readonly string[] }
  | { type: 'running'; backend: BackendInfo }
  /** The GPU was lost. The network is as it was at this epoch: on another device, else on the CPU, which is slower. */
  | { type: 'recovered'; epoch: number; isSlower: boolean }
  /** `reason` is present if training stopped automatically. */
  | { type: 'state'; playing: boolean; reason?: string }
  | { type: 'verified'; verification: Verification }
  | { type: 'classified'; outputs: Float32Array }
  /** A request or the training failed; the current run remains usable. */
  | { type: 'refused'; subject: Subject; message: string; during: Request['type'] | 'training' }

/** A network without its parameters: names, classes, and the preprocessing between a row of the data and a prediction. */
export type Description = Omit<NetworkJSON, 'weights' | 'biases'>
