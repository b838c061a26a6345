import { Profiler } from '../backend/profiler.ts'
import { usualDataMemory } from '../backend/webgpu/device/adapter.ts'
import { checkInstance, checkInteger, InputError } from '../core/errors.ts'
import { type Checked, readOptions } from '../core/schema.ts'
import { Dataset } from '../data/dataset.ts'
import { isStream } from '../data/is-stream.ts'
import type { LossName } from '../loss/loss.ts'
import { Network } from '../model/network.ts'
import type { Optimizer } from '../optimizer/optimizer.ts'
import { checkNames, checkTask, taskFor } from './decide-task.ts'
import { LoadedData, type TrainingData } from './loaded.ts'
import { type AtOnce, fitSchema, trainerSchema } from './options.ts'
import { knownPart, prepare, prepareValidation } from './prepared.ts'
import { checkDataset, checkLoss } from './validation.ts'

/** The options of a trainer, checked and complete. */
export interface Settings {
  readonly loss: LossName
  readonly optimizer: Optimizer
  readonly batchSize: number
  readonly seed: number
  readonly l1: number
  readonly l2: number
  /** One share for each hidden layer. */
  readonly dropout: readonly number[]
  readonly dataMemory: number
  readonly profiler: Profiler | undefined
}

/** @throws InputError naming the option */
export function checkSettings(network: Network, options: unknown) {
  checkInstance('network', network, Network, 'Network', ' (Network.create({ sizes }) makes one)')
  const {
    profile,
    backend,
    onLoss,
    deterministic,
    threads,
    dropout,
    dataMemory = usualDataMemory(),
    ...others
  } = readOptions(trainerSchema, options)
  checkLoss(network, others.loss)
  const settings: Settings = {
    ...others,
    dropout: spreadDropout(dropout, network.sizes.length - 2),
    dataMemory,
    profiler: profile ? new Profiler() : undefined,
  }
  return { settings, backend, onLoss, named: { deterministic, threads } }
}

/** One share for each hidden layer. */
function spreadDropout(dropout: number | readonly number[], hidden: number): readonly number[] {
  if (typeof dropout === 'number') return new Array<number>(hidden).fill(dropout)
  if (dropout.length === hidden) return dropout
  throw new InputError(`dropout: expected ${hidden} numbers, one for each hidden layer, got ${dropout.length}`)
}

/** The options of a training, checked and complete. */
export type CheckedFitOptions = Checked<(typeof fitSchema)['fields']> & {
  /** With the classes' weights. */
  readonly train: TrainingData
}

/** What training data are checked against. */
export interface Placed {
  readonly network: Network
  readonly loss: LossName
  /** Epochs trained so far. */
  readonly epoch: number
}

/**
 * @param fields options that a schema has checked
 * @throws InputError for data that do not go with the network or the options
 */
export function checkFit(placed: Placed, given: TrainingData, fields: Partial<CheckedFitOptions>): CheckedFitOptions {
  const options = { ...readOptions(fitSchema, {}), ...fields }
  const { classWeights, epochs } = options
  const train = takeData(placed, given, 'train')
  const validation = options.validation && takeValidation(placed, train, options.validation)
  checkTogether(placed, train, options)
  if (classWeights !== undefined && !(train instanceof Dataset)) {
    const hint = isStream(train)
      ? 'the classes of a stream are not known before it is read; give its chunks weights (stream.map)'
      : 'the data are loaded already; load data with weights (dataset.withClassWeights)'
    throw new InputError(`classWeights: ${hint}`)
  }
  // A resumed run may have been trained to its end.
  checkInteger('epochs', epochs, placed.epoch > 0 ? 0 : 1)
  return {
    ...options,
    validation,
    train: train instanceof Dataset && classWeights !== undefined ? train.withClassWeights(classWeights) : train,
  }
}

/** Checks what depends on the training data: the names of the validation data, and what early stopping may watch. */
function checkTogether({ network, loss }: Placed, train: TrainingData, options: Partial<CheckedFitOptions>): void {
  const { validation, earlyStopping } = options
  const known = knownPart(train)
  const task = known ? taskFor(network, loss, known) : network.task
  if (earlyStopping?.monitor === 'accuracy' && task === 'regression') {
    throw new InputError("earlyStopping: monitor: regression has no accuracy; expected 'loss'")
  }
  const held = validation && knownPart(validation)
  if (known && held) checkNames(known, held, 'validation')
}

/** The number of epochs to train at once. */
export const ask = (atOnce: AtOnce): number => (typeof atOnce === 'number' ? atOnce : checkInteger('atOnce', atOnce()))

export function checkIsDataset(data: unknown, name: string): Dataset {
  return checkInstance(name, data, Dataset, 'Dataset', ' (Dataset.from(x, y) makes one)')
}

/** Checks the data of a training before its options, because other libraries take the targets in their place. */
export function checkIsTrainingData<T extends TrainingData>(data: T): T {
  if (!(data instanceof LoadedData || isStream(data))) checkIsDataset(data, 'train')
  return data
}

function takeValidation(placed: Placed, train: TrainingData, data: TrainingData): TrainingData {
  if (!(data instanceof LoadedData || isStream(data))) checkIsDataset(data, 'validation')
  const prepared = prepareValidation(placed.network, train, data)
  checkData(placed, prepared, 'validation')
  return prepared
}

/** Data as the network takes them, checked: see {@link prepare} and {@link checkData}. */
export function takeData<D extends TrainingData>(placed: Pick<Placed, 'network' | 'loss'>, data: D, name: string): D {
  if (!(data instanceof LoadedData || isStream(data))) checkIsDataset(data, name)
  const prepared = prepare(placed.network, data, name)
  checkData(placed, prepared, name)
  return prepared
}

/** Checks that data go with a network and a loss; a stream's chunks are checked as they come. */
export function checkData({ network, loss }: Pick<Placed, 'network' | 'loss'>, data: unknown, name: string): void {
  // Loaded data were checked when they were loaded, and belong to one trainer.
  if (data instanceof LoadedData) return
  const known = isStream(data) ? data.example : checkIsDataset(data, name)
  if (known) checkKnown(network, loss, known, name)
}

/** Checks a data set, or a part of one, against a network. */
export function checkKnown(network: Network, loss: LossName, data: Dataset, name: string): void {
  checkDataset(network, loss, data, name)
  checkNames(network, data, name)
  checkTask(network, loss, data, name)
}
