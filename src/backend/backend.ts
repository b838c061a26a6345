import type { Dataset } from '../data/dataset.ts'
import type { Matrix } from '../core/matrix.ts'
import type { Network } from '../model/network.ts'
import type { LossName } from '../loss/loss.ts'
import type { Optimizer } from '../optimizer/optimizer.ts'
import type { Profiler } from './profiler.ts'

/**
 * The one small interface between the trainer and what computes. A backend knows nothing of epochs, histories, splits,
 * schedules or files: it holds a network's parameters and data sets, runs steps, and answers.
 */
export interface Backend {
  /** 'cpu' or 'webgpu'. */
  readonly name: string
  /** What runs, for people: the adapter's name, or the precision. */
  readonly description: string
  /** Whether it is a GPU emulated in software. */
  readonly software: boolean
  /** Puts a copy of the network's parameters where it computes, with everything allocated that training needs. */
  place(network: Network, settings: PlacementSettings): Promise<PlacedNetwork>
  /** Frees what the backend itself opened. */
  dispose(): void
}

export interface PlacementSettings {
  readonly loss: LossName
  readonly optimizer: Optimizer
  /** The largest minibatch that will be trained on. */
  readonly batchSize: number
  /** Factors of a penalty l1·Σ|w| + l2·Σw² on all weights, whose gradient is added to the loss's; default 0. */
  readonly l1?: number
  readonly l2?: number
  /** The share of each hidden layer's units that is dropped in every step, 0 up to but not including 1; default 0. */
  readonly dropout?: readonly number[]
  /** What is dropped follows from it (training/dropout.ts); default 0. */
  readonly seed?: number
  /** Where clocks report to; they cost time, so there are none without it. */
  readonly profiler?: Profiler | undefined
}

/** A data set where the backend computes: inputs, targets and an order to visit them in. */
export interface LoadedData {
  readonly samples: number
  /** Bytes held for it. */
  readonly memory: number
  dispose(): void
}

/** Sums over samples; divide by `samples` for means. */
export interface Sums {
  /** Not finite, also, where a parameter is infinite or NaN after the last step, whatever the losses before the steps. */
  loss: number
  /** How many samples were answered right. */
  right: number
  samples: number
}

/** The sums of an epoch that left a parameter infinite or NaN: a loss that is finite is no longer the network's. */
export const brokenSums = ({ loss, right, samples }: Sums): Sums => ({
  loss: Number.isFinite(loss) ? NaN : loss,
  right: Math.max(0, right),
  samples,
})

/** One pass over the data in minibatches. */
export interface EpochPlan {
  /** One index a sample. */
  readonly order: Uint32Array
  readonly batchSize: number
  readonly learningRate: number
  /** How many steps were made before, over the trainer's life. */
  readonly stepsBefore: number
  readonly signal?: AbortSignal | undefined
}

/** All that one minibatch's pass computes, layer by layer, each row-major with one row a sample. */
export interface Trace {
  /** Mean over the minibatch. */
  loss: number
  weightedInputs: ArrayLike<number>[]
  activations: ArrayLike<number>[]
  deltas: ArrayLike<number>[]
  /** Laid out as the parameters; the mean over the minibatch. */
  gradient: Float32Array | Float64Array
}

/** What training changes. */
export interface Snapshot {
  /** Laid out as `network.parameters`. */
  readonly parameters: Float32Array | Float64Array
  /** The optimizer's slots, one after another, each laid out as the parameters. */
  readonly state: Float32Array | Float64Array
}

/** A network placed on a backend. */
export interface PlacedNetwork {
  /** Bytes of device memory held now, data sets included. */
  readonly memory: number
  /** Bytes that will be held while training on a data set, and scoring another, in place of what is held now. */
  memoryFor(train: Dataset, validation?: Dataset): number
  /** @param passing whether each of them will be visited once, and then they go */
  load(data: Dataset, passing?: boolean): Promise<LoadedData>
  /**
   * How many rows of such data can pass through at once, within so many bytes; Infinity where they stay where they are.
   * @param mostBytes Infinity for as many as the device can bind
   */
  mostRows(data: Dataset, mostBytes: number): number
  /** Bytes of device memory that data take while they pass through. */
  passingBytes(data: Dataset): number
  /**
   * Hands epochs over, alike but for their order and rate, to be trained one after another: resolves when the host's part
   * is done, with the sums of their losses (each taken before its step) to come. What is started next comes after them,
   * and until their sums are known the data must stay. The sums end with the first epoch whose loss is not finite; those
   * of epochs that were handed over after that one are empty.
   */
  startEpochs(data: LoadedData, plans: readonly EpochPlan[]): Promise<{ readonly sums: Promise<Sums[]> }>
  /** How many epochs it is good to hand over at once, where nothing is wanted between them; at least 1. */
  epochsAtOnce(data: LoadedData, batchSize: number): number
  /** How many it is good to have handed over before the sums of the first are known; at least 1. */
  epochsAhead(data: LoadedData, batchSize: number): number
  /** Begins to find loss and right answers over a data set, with the parameters that stand after all that was started. */
  startScore(data: LoadedData): Promise<{ readonly sums: Promise<Sums> }>
  /** The outputs for each row: rows × last size, row-major. */
  predict(inputs: Matrix): Promise<Float32Array>
  /** One minibatch forward and back, no update. */
  trace(minibatch: Dataset): Promise<Trace>
  /** The parameters as they are now, laid out as `network.parameters`. */
  readParameters(): Promise<Float32Array>
  /** Copies of the parameters and the optimizer's state as they are now, in the precision that is computed in. */
  snapshot(): Promise<Snapshot>
  /** Puts back what {@link snapshot} gave, here or on another backend. */
  restore(snapshot: Snapshot): Promise<void>
  /**
   * Puts the parameters back to where the epoch began whose loss is not finite, or the last one, and the optimizer's state
   * to its start. Nothing may be under way.
   */
  restoreCheckpoint(): Promise<void>
  dispose(): void
}
