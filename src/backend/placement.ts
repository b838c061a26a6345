import type { Matrix } from '../core/matrix.ts'
import type { LossName } from '../loss/loss.ts'
import type { Optimizer } from '../optimizer/optimizer.ts'
import type { Fault } from './fault.ts'
import type { Profiler } from './profiler.ts'

/** How a placed network is trained. */
export interface PlacementSettings {
  readonly loss: LossName
  readonly optimizer: Optimizer
  /** The size of the largest minibatch. */
  readonly batchSize: number
  /** Factors of a penalty l1·Σ|w| + l2·Σw² on all weights, whose gradient is added to the loss's; default 0. */
  readonly l1?: number
  readonly l2?: number
  /** The share of each hidden layer's units that is dropped in every step, 0 up to but not including 1; default 0. */
  readonly dropout?: readonly number[]
  /** The seed of dropout (optimizer/dropout.ts); default 0. */
  readonly seed?: number
  /** Collects timings. Timing costs time, so there is none without it. */
  readonly profiler?: Profiler | undefined
}

/** Samples in host memory: a Dataset, or inputs alone, which can be predicted but neither trained on nor scored. */
export interface DataSource {
  /** samples × inputs */
  readonly inputs: Matrix
  /** samples × outputs */
  readonly targets?: Matrix
  /** One weight per sample, where the samples count differently. */
  readonly weights?: Float32Array | undefined
}

/**
 * How uploaded data are used. 'repeatedly': trained on for many epochs, perhaps stored with the orders of several
 * epochs. 'once': visited once in the order given, as a window of a larger data set.
 */
export type DataUse = 'repeatedly' | 'once'

/** A data set in a backend's memory. Whoever uploaded it disposes of it. */
export interface DataHandle {
  readonly samples: number
  /** Bytes of device memory that it occupies. */
  readonly memory: number
  dispose(): void
}

/** What fits, and how much work is worth handing over at once. */
export interface Capacity {
  /** Bytes of device memory held now, data sets included. */
  readonly held: number
  /** Bytes that a data set occupies once it is uploaded. */
  bytesOf(data: DataSource, use: DataUse): number
  /** Bytes that scoring or predicting `samples` samples needs in addition to what is held now. */
  bytesToScore(samples: number): number
  /**
   * How many rows of such data fit at once within `bytes` bytes, as a window ('once'); Infinity where data stay in host
   * memory. With bytes = Infinity, as many as the device can bind.
   */
  rowsWithin(data: DataSource, bytes: number): number
  /** How many epochs are worth handing over together, and how many may be under way at a time; both at least 1. */
  epochs(data: DataHandle, batchSize: number): EpochCounts
}

/** Numbers of epochs, as {@link Capacity.epochs} gives them. */
export interface EpochCounts {
  /** In one call of {@link Placement.train}, where nothing is needed between them. */
  readonly together: number
  /** Handed over in all before the results of the first are known. */
  readonly ahead: number
}

/** One pass over the data in minibatches. */
export interface EpochOrder {
  /** Indices of samples, in the order in which they are visited. */
  readonly order: Uint32Array
  readonly batchSize: number
  readonly learningRate: number
  /** The number of steps that were made before this epoch, over the trainer's life. */
  readonly stepsBefore: number
  /** Whether the epoch's {@link Sums.right} counts labels. */
  readonly countsLabels?: boolean | undefined
  readonly signal?: AbortSignal | undefined
}

/** Sums over samples; divide by `samples` for means. */
export interface Sums {
  /** Not finite if a parameter is infinite or NaN after the last step, even if the losses before the steps were finite. */
  loss: number
  /**
   * The number of correct predictions: of samples, where one output is on the same side of the decision boundary as its target
   * or the largest of several is the largest target; or, where labels are counted, of outputs on the same side of it.
   */
  right: number
  samples: number
}

/** The sums of an epoch that left a parameter infinite or NaN: a loss that is finite is no longer the network's. */
export const brokenSums = ({ loss, right, samples }: Sums): Sums => ({
  loss: Number.isFinite(loss) ? NaN : loss,
  right: Math.max(0, right),
  samples,
})

/** All values of the pass over one minibatch, layer by layer, each row-major with one row per sample. */
export interface Trace {
  /** Mean over the minibatch. */
  loss: number
  weightedInputs: ArrayLike<number>[]
  activations: ArrayLike<number>[]
  deltas: ArrayLike<number>[]
  /** Laid out as the parameters; the mean over the minibatch. */
  gradient: Float32Array | Float64Array
}

/** What training changes, in the precision of the computation. */
export interface Snapshot {
  /** Laid out as `network.parameters`. */
  readonly parameters: Float32Array | Float64Array
  /** The optimizer's slots, one after another, each laid out as the parameters. */
  readonly state: Float32Array | Float64Array
}

/** Work that was handed over. Both promises reject with the same error; neither has to be awaited. */
export interface Underway<T> {
  /** Resolves when the host's part is done. Work that is handed over later is carried out after this. */
  readonly accepted: Promise<unknown>
  readonly result: Promise<T>
}

/** Hands work over: `work` resolves when the host's part is done, with the result to come. */
export function underway<T>(work: () => Promise<{ readonly result: Promise<T> | T }>): Underway<T> {
  const accepted = work()
  const result = accepted.then((started) => started.result)
  result.catch(() => undefined)
  return { accepted, result }
}

/**
 * What decides the last bits of a training besides the network, the data and the settings. It is known before the first
 * step, and checkpoints keep it.
 */
export interface Arithmetic {
  /** The backend's name. */
  readonly backend: string
  /** The backend's name for a precision, or for a way of training: 'float32', 'straight'. */
  readonly form: string
  /** The name of the device where different ones give different bits. */
  readonly device?: string | undefined
}

/** A network in a backend's memory. */
export interface Placement {
  readonly capacity: Capacity
  readonly arithmetic: Arithmetic
  /**
   * Goes on with the arithmetic of an earlier training; comes before the first step.
   * @returns why the bits of the steps to come differ from those of that training nevertheless; undefined if they do not
   * @throws InputError where they would differ and the backend is deterministic
   */
  adopt(arithmetic: Arithmetic): Promise<string | undefined>
  upload(data: DataSource, use?: DataUse): Promise<DataHandle>
  /**
   * Whether the arrays of data must not change although their handle was disposed of, because they may be uploaded again.
   * Absent where they never are.
   */
  holds?(data: DataSource): boolean
  /**
   * Trains epochs one after another, alike but for their orders and rates; the results are the sums of their losses, each
   * taken before its step. The data must not be disposed of before.
   *
   * Where an epoch's loss is not finite, the results end with that epoch. From then on epochs are not trained and have no
   * results, until the parameters are read or written: parameters and optimizer state are those of the beginning of that
   * epoch.
   */
  train(data: DataHandle, epochs: readonly EpochOrder[]): Underway<Sums[]>
  /**
   * After an epoch whose loss is not finite, before the parameters are read or written, and while its data are not disposed
   * of: where in that epoch the first value was computed that is not finite. That epoch's steps are made once more for it.
   * @returns undefined where there was no such epoch, or where the repeated steps stay finite
   */
  locateFault(): Promise<Fault | undefined>
  /**
   * Loss and correct predictions over a data set, with the parameters after all that was handed over before.
   * @param countsLabels whether {@link Sums.right} counts labels; default false
   */
  score(data: DataHandle, countsLabels?: boolean): Underway<Sums>
  /** The outputs for each row of the data: samples × outputs, row-major. */
  outputs(data: DataHandle): Promise<Float32Array>
  /** Forward and backward pass over the data as one minibatch, without an update. */
  trace(minibatch: DataSource): Promise<Trace>
  /** The parameters, laid out as `network.parameters`. */
  readParameters(): Promise<Float32Array>
  /** Copies of the parameters and the optimizer's state. */
  read(): Promise<Snapshot>
  /** Sets the parameters, and the optimizer's state; without one, the state is what it is before the first step. */
  write(snapshot: { parameters: Snapshot['parameters']; state?: Snapshot['state'] }): Promise<void>
  dispose(): void
}
