import type { Matrix } from '../core/matrix.ts'
import type { LossName } from '../loss/loss.ts'
import type { InitializerName } from '../model/initializer.ts'
import type { Network } from '../model/network.ts'
import type { Optimizer } from '../optimizer/optimizer.ts'
import type { Fault } from './fault.ts'
import type { Profiler } from './profiler.ts'

/**
 * The interface between the training code and the code that computes. A backend holds parameters, the optimizer's state
 * and data sets, runs minibatches and returns results. It does not know the number of epochs of a run, learning rate
 * schedules, early stopping, checkpoints, files, or data sets that do not fit: all of that is in `src/training`.
 */
export interface Backend {
  /** 'webgpu', 'wasm' or 'cpu'. */
  readonly name: string
  /** A text for people: the adapter's name, or the precision. */
  readonly description: string
  /** Whether it is a GPU that is emulated in software. */
  readonly software: boolean
  /** Copies the network's parameters to where the backend computes, and allocates the memory that training needs. */
  place(network: Network, settings: PlacementSettings): Promise<Placement>
  /**
   * Places many networks of one shape to train them side by side. Absent where a backend trains one at a time.
   * @param settings one for each network, which differ in numbers only: learning rate, decays, momentum, l1, l2, seed
   * @throws InputError if they differ in anything else, or are too large to be trained side by side
   */
  readonly populate?:
    ((networks: readonly Network[], settings: readonly PlacementSettings[]) => Promise<Population>) | undefined
  /** Frees what the backend itself opened. */
  dispose(): void
}

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

/**
 * Epochs of a population in which each network visits the samples in the orders of its seed: epoch e in that of
 * `epochOrder(samples, seed, e, true)`, as a trainer with this seed does. The learning rates are those of the settings.
 */
export interface SeededEpochs {
  /** One for each network: whole numbers from 0 to 2³² − 1. */
  readonly seeds: Uint32Array
  /** The number of the first epoch, counted from 1 over the training's life. */
  readonly first: number
  /** How many epochs are trained. */
  readonly count: number
  readonly batchSize: number
  /** Whether {@link PopulationSums.right} counts labels. */
  readonly countsLabels?: boolean | undefined
  readonly signal?: AbortSignal | undefined
}

/** Sums over the samples of each epoch of each network, networks and epochs counted from 0. */
export interface PopulationSums {
  /** Epochs that were to be trained, and the samples of each. */
  readonly epochs: number
  readonly samples: number
  /** Of how many epochs each network has sums; fewer than `epochs` where a network diverged or was stopped. */
  readonly trained: Uint32Array
  /** As {@link Sums.loss}; that of the last epoch of a network that diverged is not finite. */
  loss(network: number, epoch: number): number
  /** As {@link Sums.right}. */
  right(network: number, epoch: number): number
}

/**
 * Many networks of one shape that a backend trains side by side on shared data, each with its own parameters, orders,
 * learning rate, momentum, decays and penalty. Every network has the same parameters afterwards as after a separate training.
 */
export interface Population {
  readonly networks: number
  /** Bytes of device memory held now, data sets included. */
  readonly held: number
  upload(data: DataSource): Promise<DataHandle>
  /**
   * Trains epochs one after another. The results are the sums of each network's epochs: `sums[network][epoch]`. Where an
   * epoch's loss is not finite, that network's sums end with that epoch, and it is trained no more: its parameters and
   * optimizer state are those of the beginning of that epoch. The other networks are not affected. The data must not be
   * disposed of before the result is known.
   * @param epochs `epochs[network][epoch]`: the same number for all networks, with orders of the same length
   */
  train(data: DataHandle, epochs: readonly (readonly EpochOrder[])[]): Underway<Sums[][]>
  /**
   * Trains epochs whose orders the backend makes: the same training as by {@link train} with the orders of the seeds, without
   * work of the host for each network and epoch. A network that diverges is treated as there.
   */
  trainSeeded(data: DataHandle, epochs: SeededEpochs): Underway<PopulationSums>
  /**
   * Sets the parameters of all networks to those of `Network.create({ sizes, init, seed })`, to the bit, and their optimizers'
   * state to what it is before the first step. Networks that diverged or were stopped are trained again.
   * @param seeds one for each network: whole numbers from 0 to 2³² − 1
   */
  initialize(seeds: Uint32Array, init: InitializerName): Promise<void>
  /** Trains these networks no more: they keep their parameters, and later epochs have no sums of them. */
  stop(networks: readonly number[]): Promise<void>
  /**
   * For a network whose sums ended with a loss that is not finite, while the data of that epoch are not disposed of: where
   * in that epoch the first value was computed that is not finite. That epoch's steps are made once more for it.
   * @returns undefined where there was no such epoch, or where the repeated steps stay finite
   */
  locateFault(network: number): Promise<Fault | undefined>
  /** Each network's loss and correct predictions over a data set; as {@link Placement.score}. */
  score(data: DataHandle, countsLabels?: boolean): Underway<Sums[]>
  /** The outputs of a network for each row of the data: samples × outputs, row-major. */
  outputs(data: DataHandle, network: number): Promise<Float32Array>
  /** Copies of a network's parameters and of its optimizer's state. */
  read(network: number): Promise<Snapshot>
  /** Copies of the parameters of all networks, read together. */
  readParameters(): Promise<Float32Array[]>
  dispose(): void
}
