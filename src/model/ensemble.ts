import { checkConstructor, KEY } from '../core/constructors.ts'
import { describe, InputError } from '../core/errors.ts'
import { Matrix } from '../core/matrix.ts'
import type { LossName } from '../loss/loss.ts'
import { checkAlike, joinEncodings } from './alike-networks.ts'
import type { Task } from './description.ts'
import type { Encoding } from './encoding.ts'
import type { NetworkJSON } from './json.ts'
import { Network } from './network.ts'
import { checkClassifies, type ClassPrediction, classesOf, labelsOf } from './predict.ts'
import { outputBoundary } from './activation.ts'
import type { PredictRows } from './rows.ts'

/** What an ensemble is made of: a network, or a result of a sweep, which makes one. */
export type EnsembleMember =
  | Network
  | {
      /** Returns the trained network, as results of a sweep do. */
      network(): Network
    }

/** The mean of the outputs of several networks and how much they differ. */
export interface SpreadPrediction {
  /** Rows × outputs. */
  mean: Matrix
  /** Rows × outputs: the standard deviation over the networks, the root of the mean square of the differences from the mean. */
  deviation: Matrix
}

/** One answer of {@link Ensemble.classify}. */
export interface EnsembleClassPrediction extends ClassPrediction {
  /** The standard deviation of the probability over the networks. */
  deviation: number
  /** The share of the networks that predict this class, from 0 to 1. */
  agreement: number
}

/** The file of an ensemble. */
export interface EnsembleJSON {
  /** Identifies the format. */
  format: 'webgpu-mlp ensemble'
  /** The version of the format. */
  version: 1
  /** The networks. */
  networks: NetworkJSON[]
}

/**
 * Several networks for the same data, whose prediction is the mean of theirs. Each preprocesses the rows as it was trained,
 * and has layers and activations as it likes; columns, outputs, classes and task are the same.
 * @example
 * const networks = [1, 2, 3].map((seed) => Network.create({ sizes: [2, 8, 2], output: 'softmax', seed }))
 * const ensemble = Ensemble.from(networks)
 * const { mean, deviation } = ensemble.predictWithSpread([[0.2, 0.7]])
 * console.log(mean.toArray(), deviation.toArray())
 */
export class Ensemble {
  /** The networks whose mean is the prediction. */
  readonly networks: readonly Network[]

  private constructor(key: unknown, networks: readonly Network[]) {
    checkConstructor(key, 'Ensemble', 'Ensemble.from(networks)')
    this.networks = Object.freeze([...networks])
  }

  /**
   * An ensemble of copies of the networks.
   * @param networks at least one: networks, or results of a sweep
   * @throws InputError for networks that differ in columns, outputs, classes, task or names, and for parameters that are not
   *   finite: it names the network, counted from 0, and the difference
   * @example
   * const results = await sweep(data, { sizes: [2, 4, 2], seeds: 6, epochs: 5, backend: 'cpu' })
   * const ensemble = Ensemble.from(results.slice(0, 3))
   * ensemble.classify([[0.5, 0.5]])[0]?.agreement // 1
   */
  static from(networks: readonly EnsembleMember[]): Ensemble {
    if (!Array.isArray(networks))
      throw new InputError(`networks: expected a list of networks, got ${describe(networks)}`)
    if (networks.length === 0) throw new InputError('networks: expected at least one network, got none')
    // Not map: it passes over holes.
    const copies = Array.from(networks as readonly unknown[], (member, i) =>
      networkOf(member, `networks[${i}]`).clone(),
    )
    checkAlike(copies)
    return new Ensemble(KEY, copies)
  }

  /** What the columns of the data are called, where known. */
  get features(): readonly string[] | undefined {
    return this.networks[0]!.features
  }

  /** What the classes are called, where known. */
  get classes(): readonly string[] | undefined {
    return this.networks[0]!.classes
  }

  /** What the regression targets are called, where known. */
  get targetNames(): readonly string[] | undefined {
    return this.networks[0]!.targetNames
  }

  /** What the outputs mean; undefined for networks that were never fitted. */
  get task(): Task | undefined {
    return this.networks[0]!.task
  }

  /**
   * How rows are read, such as those of a CSV file: with all categories that one of the networks knows. Each network encodes them
   * as it was trained. Undefined where all columns are numbers, and for one of the networks none may be missing.
   */
  get encoding(): Encoding | undefined {
    return joinEncodings(this.networks.map(({ encoding }) => encoding))
  }

  /** The number of outputs. */
  get outputs(): number {
    return this.networks[0]!.sizes.at(-1)!
  }

  /** The loss that all networks were last fitted with; undefined where they differ. */
  get loss(): LossName | undefined {
    const { loss } = this.networks[0]!
    return this.networks.every((network) => network.loss === loss) ? loss : undefined
  }

  /**
   * The mean of the networks' outputs, in the units of the data; regression targets are in their own units.
   * @param rows as for {@link Network.predict}
   * @returns rows × outputs
   * @throws InputError as {@link Network.predict} does
   */
  predict(rows: PredictRows): Matrix {
    return meanOf(this.#predictEach(rows))
  }

  /**
   * The mean of the networks' outputs with their standard deviation, which is large where the networks disagree.
   * @param rows as for {@link Network.predict}
   * @throws InputError as {@link Network.predict} does
   */
  predictWithSpread(rows: PredictRows): SpreadPrediction {
    const outputs = this.#predictEach(rows)
    return { mean: meanOf(outputs), deviation: deviationOf(outputs) }
  }

  /**
   * The class that the mean of the outputs names, with its probability and how much the networks agree.
   * @param rows as for {@link Network.predict}
   * @throws InputError as {@link Network.classify} does
   * @example
   * const certain = { sizes: [1, 2], activations: ['linear'] as const, weights: [[0, 0]] }
   * const networks = [[0.9, 0.1], [0.8, 0.2], [0.4, 0.6]].map((biases) => Network.from({ ...certain, biases: [biases] }))
   * Ensemble.from(networks).classify([[5]]) // [{ class: '0', probability: 0.70, deviation: 0.216, agreement: 0.67 }]
   */
  classify(rows: PredictRows): EnsembleClassPrediction[] {
    checkClassifies(this.task)
    const outputs = this.#predictEach(rows)
    const [mean, deviation] = [meanOf(outputs), deviationOf(outputs)]
    const output = this.networks[0]!.layers.at(-1)!
    const labels = labelsOf(mean, output)
    const votes = outputs.map((one) => labelsOf(one, output))
    // The range of a single tanh, whose boundary is 0, is −1 to 1.
    const scale = this.outputs === 1 && outputBoundary(output.activation) === 0 ? 0.5 : 1
    return classesOf(mean, this.classes, output).map((prediction, i) => ({
      ...prediction,
      deviation: scale * deviation.data[this.outputs === 1 ? i : i * this.outputs + labels[i]!]!,
      agreement: votes.filter((vote) => vote[i] === labels[i]).length / votes.length,
    }))
  }

  #predictEach(rows: PredictRows): Matrix[] {
    return this.networks.map((network) => network.predict(rows))
  }

  /** A value that JSON.stringify can write: the networks as {@link Network.toJSON} writes them. */
  toJSON(): EnsembleJSON {
    return { format: 'webgpu-mlp ensemble', version: 1, networks: this.networks.map((network) => network.toJSON()) }
  }

  /**
   * Back from {@link Ensemble.toJSON}.
   * @param value what {@link Ensemble.toJSON} returned, or what `JSON.parse` makes of the file of an ensemble
   * @throws InputError naming the network and the first field that does not fit
   */
  static fromJSON(value: unknown): Ensemble {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new InputError(`ensemble: expected an object as Ensemble.toJSON() makes, got ${describe(value)}`)
    }
    const json = value as Partial<Record<keyof EnsembleJSON, unknown>>
    if (json.format !== 'webgpu-mlp ensemble') {
      throw new InputError(`ensemble: not a webgpu-mlp ensemble (its "format" is ${describe(json.format)})`)
    }
    if (json.version !== 1) {
      throw new InputError(`ensemble: version ${describe(json.version)} is not known here (1 is); a newer webgpu-mlp wrote it?`) // prettier-ignore
    }
    const { networks } = json
    if (!Array.isArray(networks)) {
      throw new InputError(`ensemble: "networks" is ${describe(networks)}, expected a list of models`)
    }
    return Ensemble.from(networks.map(decodeMember))
  }
}

function decodeMember(value: unknown, i: number): Network {
  try {
    return Network.fromJSON(value)
  } catch (cause) {
    if (!(cause instanceof InputError)) throw cause
    throw new InputError(`ensemble: networks[${i}]: ${cause.message}`, { cause })
  }
}

function networkOf(member: unknown, name: string): Network {
  const made: unknown = isMaker(member) ? member.network() : member
  if (!(made instanceof Network)) throw new InputError(`${name}: expected a Network or a result of a sweep, got ${describe(made)}`) // prettier-ignore
  const bad = made.parameters.findIndex((value) => !Number.isFinite(value))
  if (bad < 0) return made
  throw new InputError(`${name}: parameter ${bad} is ${made.parameters[bad]}, expected a finite number`)
}

const isMaker = (member: unknown): member is { network(): unknown } =>
  typeof member === 'object' && member !== null && 'network' in member && typeof member.network === 'function'

/** The mean of each value, in float64, rounded to float32 once. */
function meanOf(outputs: readonly Matrix[]): Matrix {
  const { rows, cols } = outputs[0]!
  const mean = new Matrix(rows, cols)
  for (let at = 0; at < mean.data.length; at++) mean.data[at] = meanAt(outputs, at)
  return mean
}

function meanAt(outputs: readonly Matrix[], at: number): number {
  let sum = 0
  for (const { data } of outputs) sum += data[at]!
  return sum / outputs.length
}

function deviationOf(outputs: readonly Matrix[]): Matrix {
  const { rows, cols } = outputs[0]!
  const deviation = new Matrix(rows, cols)
  for (let at = 0; at < deviation.data.length; at++) {
    const mean = meanAt(outputs, at)
    let squares = 0
    for (const { data } of outputs) squares += (data[at]! - mean) ** 2
    deviation.data[at] = Math.sqrt(squares / outputs.length)
  }
  return deviation
}
