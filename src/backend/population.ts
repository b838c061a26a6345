import type { InitializerName } from '../model/initializer.ts'
import type { Fault } from './fault.ts'
import type { DataHandle, DataSource, EpochOrder, Snapshot, Sums, Underway } from './placement.ts'

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
 * All that decides how the training of a population goes on: parameters, optimizer state, and which networks are trained no
 * more. With the same seeds, settings and data, a population of the same form that is given it ({@link Population.writeState})
 * continues with the same bits, whatever the number and the order of its networks. Where and why networks diverged is not
 * part of it.
 */
export interface PopulationState {
  /** The arithmetic, which decides the last bits: {@link Population.form}. */
  readonly form: string
  /** networks × parameters, each row laid out as `network.parameters`. */
  readonly parameters: Float32Array
  /** networks × (slots × parameters), each row as {@link Snapshot.state}; empty where the optimizer keeps none. */
  readonly state: Float32Array
  /** For each network 1 if it is trained no more, because it diverged or was stopped, else 0. */
  readonly ended: Uint8Array
}

/** The sums of a network over a data set. */
export interface PopulationScore extends Sums {
  /** Where they were asked for: Σ(a − y)² of each output, from which R² follows. */
  readonly squares?: Float32Array
}

/**
 * Many networks of one shape that a backend trains side by side on shared data, each with its own parameters, orders,
 * learning rate, momentum, decays and penalty. Every network has the same parameters afterwards as after a separate training.
 */
export interface Population {
  readonly networks: number
  /** The backend's name for the way in which they are trained, which decides the last bits. */
  readonly form: string
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
  /**
   * Each network's loss and correct predictions over a data set, as {@link Placement.score} up to the rounding of float32:
   * all networks at once, read back together.
   * @param countsLabels whether {@link Sums.right} counts labels; default false
   * @param wantsSquares whether the squared errors of each output are summed up too; default false
   */
  score(data: DataHandle, countsLabels?: boolean, wantsSquares?: boolean): Underway<PopulationScore[]>
  /** The outputs of a network for each row of the data: samples × outputs, row-major. */
  outputs(data: DataHandle, network: number): Promise<Float32Array>
  /** Copies of a network's parameters and of its optimizer's state. */
  read(network: number): Promise<Snapshot>
  /** The parameters of all networks, read together: networks × parameters, each row laid out as `network.parameters`. */
  readParameters(): Promise<Float32Array>
  /** Copies of all that decides how training goes on, of all networks, read together. */
  readState(): Promise<PopulationState>
  /**
   * Sets parameters, optimizer state and which networks are trained no more, after all that was handed over before.
   * @param state of the same number of networks of this shape
   * @throws InputError if it has another form or other sizes
   */
  writeState(state: PopulationState): Promise<void>
  dispose(): void
}
