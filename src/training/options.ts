import type { Backend } from '../backend/backend.ts'
import { Profiler } from '../backend/profiler.ts'
import { type ClassWeights, Dataset } from '../data/dataset.ts'
import { DataStream } from '../data/stream.ts'
import {
  checkFloat32,
  checkInstance,
  checkInteger,
  checkKeys,
  checkName,
  describe,
  InputError,
} from '../core/errors.ts'
import { Network } from '../model/network.ts'
import { drawSeed } from '../core/random.ts'
import type { CheckpointOptions } from './checkpoint.ts'
import { type LossName, lossNames } from '../loss/loss.ts'
import { type Optimizer, optimizerNames, sgd } from '../optimizer/optimizer.ts'
import type { Epoch, ValidatedEpoch } from './history.ts'
import { LoadedData, type TrainingData } from './loaded.ts'
import type { BackendName } from './backends.ts'
import type { Score } from './score.ts'
import { checkEarlyStopping, type EarlyStopping } from './stopping.ts'
import { checkDataset, checkLoss } from './validation.ts'

/** How a network is placed and trained. */
export interface TrainerOptions {
  /** Default 'auto': a hardware WebGPU adapter, else the CPU. */
  backend?: BackendName | Backend | undefined
  /** Default 'quadratic'. */
  loss?: LossName | undefined
  /** Default sgd({ learningRate: 0.1 }). */
  optimizer?: Optimizer | undefined
  /** Samples per step; the last minibatch of an epoch may be shorter. Default 32. */
  batchSize?: number | undefined
  /** Shuffling; a whole number from 0 to 2³² − 1. Drawn, and reported in the history, where it is left out. */
  seed?: number | undefined
  /**
   * Keeps weights small: l1·Σ|w| + l2·Σw² over all weights (not biases) is minimised beside the loss, as Keras's l1 and
   * l2. The loss that is told is without it. Default 0.
   */
  l1?: number | undefined
  l2?: number | undefined
  /**
   * The share of units that is dropped at random in each step: one number for all hidden layers, or one a hidden layer.
   * What is kept is divided by the share kept (inverted dropout), so nothing changes where no training is. The loss that
   * training tells is with units dropped. From 0 up to, but not including, 1; default 0.
   */
  dropout?: number | readonly number[] | undefined
  /**
   * The most bytes of device memory that the training data take. Larger data pass through in windows, two of which are
   * there at once: the steps are the same, to the bit where the plan is the same. The losses that are reported may differ
   * by a share of n · 2⁻²³ for an epoch of n steps: a GPU adds them up in float32, here window by window. Default: what one
   * binding takes.
   */
  dataMemory?: number | undefined
  /** Measures where the time goes, for {@link Trainer.profile}; training is slower by it. Default false. */
  profile?: boolean | undefined
}

/** How long and on what is trained. */
export interface FitOptions<E extends Epoch = Epoch> {
  /** Passes over the training data. Default 10. 0 only of a trainer that has epochs behind it: it finishes a resumed run. */
  epochs?: number | undefined
  /** Scored after every epoch. */
  validation?: TrainingData | undefined
  /** Default true; false takes the samples in the order given. */
  shuffle?: boolean | undefined
  /** Weights for the training samples of each class, as {@link Dataset.withClassWeights} takes them. Default: all 1. */
  classWeights?: ClassWeights | undefined
  /**
   * Ends training when it no longer gets better, by the validation data where there are any, and then (or when the epochs
   * are over) goes back to the best parameters. Default: never.
   */
  earlyStopping?: EarlyStopping | undefined
  /** Hands out checkpoints, from which {@link Trainer.resume} goes on. */
  checkpoint?: CheckpointOptions | undefined
  /** Called after every epoch, before its checkpoint is written; awaited. */
  onEpoch?: ((epoch: E) => void | Promise<void>) | undefined
  /** Aborting stops within some milliseconds; what was trained until then stays, and the call rejects with the reason. */
  signal?: AbortSignal | undefined
}

/** Options with validation data: then every epoch has their score. */
export interface ValidatedFitOptions extends FitOptions<ValidatedEpoch> {
  validation: TrainingData
}

/** An option of {@link Trainer.epochs}. */
export interface AtOnceOption {
  /**
   * Epochs that are trained in one go, or a function that is asked before each time; default 1. With more, the trainer has
   * trained all of them when the first is reported. Where answers of the device come late (in Firefox ten times a second),
   * this is what makes short epochs fast.
   */
  atOnce?: AtOnce | undefined
}

/** Options of {@link Trainer.epochs}. */
export type EpochsOptions = FitOptions & AtOnceOption

/** The same with validation data. */
export type ValidatedEpochsOptions = ValidatedFitOptions & AtOnceOption

export type AtOnce = number | (() => number)

/** What one step came to: its loss is the minibatch's before the step. */
export interface Step extends Score {
  /** Counted from 1 over the trainer's life. */
  step: number
  /** The epoch that it is part of. */
  epoch: number
  /** Of the minibatch. */
  samples: number
}

/** {@link TrainerOptions}, checked and complete. */
export interface Settings {
  readonly loss: LossName
  readonly optimizer: Optimizer
  readonly batchSize: number
  readonly seed: number
  readonly l1: number
  readonly l2: number
  /** One share a hidden layer. */
  readonly dropout: readonly number[]
  readonly dataMemory: number
  readonly profiler: Profiler | undefined
}

const trainerKeys = [
  'backend',
  'loss',
  'optimizer',
  'batchSize',
  'seed',
  'l1',
  'l2',
  'dropout',
  'dataMemory',
  'profile',
]

export function checkSettings(network: Network, options: TrainerOptions): Settings {
  checkInstance('network', network, Network, 'Network')
  checkKeys('Trainer.create', options, trainerKeys)
  const loss = checkName('loss', options.loss ?? 'quadratic', lossNames)
  checkLoss(network, loss)
  const optimizer = options.optimizer ?? sgd({ learningRate: 0.1 })
  if (typeof optimizer !== 'object' || !optimizerNames.includes(optimizer.name)) {
    const mend = `one of ${optimizerNames.map((name) => `${name}()`).join(', ')}`
    throw new InputError(`optimizer: expected ${mend}, got ${describe(optimizer)}`)
  }
  const { profile = false } = options
  if (typeof profile !== 'boolean') throw new InputError(`profile: expected true or false, got ${describe(profile)}`)
  return {
    loss,
    optimizer,
    l1: checkFloat32('l1', options.l1 ?? 0),
    l2: checkFloat32('l2', options.l2 ?? 0),
    dropout: checkDropout(options.dropout ?? 0, network.sizes.length - 2),
    dataMemory:
      options.dataMemory === undefined ? Infinity : checkInteger('dataMemory', options.dataMemory, 1, 2 ** 53),
    profiler: profile ? new Profiler() : undefined,
    batchSize: checkInteger('batchSize', options.batchSize ?? 32),
    seed: checkInteger('seed', options.seed ?? drawSeed(), 0),
  }
}

function checkDropout(dropout: unknown, hidden: number): number[] {
  if (typeof dropout !== 'number' && !Array.isArray(dropout)) {
    throw new InputError(`dropout: expected a number, or one a hidden layer, got ${describe(dropout)}`)
  }
  const shares = Array.isArray(dropout) ? (dropout as unknown[]) : new Array<number>(hidden).fill(dropout)
  if (shares.length !== hidden) {
    throw new InputError(`dropout: expected ${hidden} numbers, one a hidden layer, got ${shares.length}`)
  }
  shares.forEach((share, l) => {
    const fits = typeof share === 'number' && share >= 0 && share < 1
    const name = Array.isArray(dropout) ? `dropout[${l}]` : 'dropout'
    if (!fits)
      throw new InputError(`${name}: expected a share from 0 up to, but not including, 1, got ${describe(share)}`)
  })
  return shares as number[]
}

/** {@link FitOptions}, checked and complete. */
export interface CheckedFitOptions {
  /** With the classes' weights. */
  readonly train: TrainingData
  readonly epochs: number
  readonly shuffle: boolean
  readonly validation: TrainingData | undefined
  readonly earlyStopping: Required<EarlyStopping> | undefined
  readonly checkpoint: Required<CheckpointOptions> | undefined
  readonly onEpoch: FitOptions['onEpoch']
  readonly signal: AbortSignal | undefined
}

/** @param placed the network and loss that the data must go with, and the epochs that are behind it */
export function checkFit(
  { network, loss, epoch }: { network: Network; loss: LossName; epoch: number },
  train: TrainingData,
  options: FitOptions,
): CheckedFitOptions {
  checkKeys('fit', options, [
    'epochs',
    'validation',
    'shuffle',
    'classWeights',
    'earlyStopping',
    'checkpoint',
    'onEpoch',
    'signal',
  ])
  const { shuffle = true, validation, classWeights, onEpoch, signal } = options
  checkData({ network, loss }, train, 'train')
  if (validation !== undefined) checkData({ network, loss }, validation, 'validation')
  if (classWeights !== undefined && !(train instanceof Dataset)) {
    const hint =
      train instanceof DataStream
        ? 'a stream is not known beforehand; give its chunks weights (stream.map)'
        : 'the data are loaded already; load data with weights (dataset.withClassWeights)'
    throw new InputError(`classWeights: ${hint}`)
  }
  if (typeof shuffle !== 'boolean') throw new InputError(`shuffle: expected true or false, got ${describe(shuffle)}`)
  return {
    train: train instanceof Dataset && classWeights !== undefined ? train.withClassWeights(classWeights) : train,
    // None, once there are some: a resumed run may have been trained to its end.
    epochs: checkInteger('epochs', options.epochs ?? 10, epoch > 0 ? 0 : 1),
    shuffle,
    validation,
    earlyStopping: options.earlyStopping && checkEarlyStopping(options.earlyStopping),
    checkpoint: options.checkpoint && checkCheckpointOptions(options.checkpoint),
    onEpoch,
    signal,
  }
}

export function checkAtOnce(value: AtOnce): AtOnce {
  return typeof value === 'function' ? value : checkInteger('atOnce', value)
}

/** How many epochs are wanted now. */
export const ask = (atOnce: AtOnce): number => (typeof atOnce === 'number' ? atOnce : checkInteger('atOnce', atOnce()))

function checkCheckpointOptions(options: CheckpointOptions): Required<CheckpointOptions> {
  checkKeys('checkpoint', options, ['every', 'write'])
  const { every = 1, write } = options
  if (typeof write !== 'function')
    throw new InputError(`checkpoint: write: expected a function, got ${describe(write)}`)
  return { every: checkInteger('checkpoint: every', every), write }
}

export function checkIsDataset(data: unknown, name: string): Dataset {
  return checkInstance(name, data, Dataset, 'Dataset', ' (Dataset.from(x, y) makes one)')
}

/** Checks that data go with a network and a loss; a stream's chunks are checked as they come. */
export function checkData({ network, loss }: { network: Network; loss: LossName }, data: unknown, name: string): void {
  // Loaded data were checked when they were loaded, and belong to one trainer.
  if (data instanceof LoadedData) return
  const known = data instanceof DataStream ? data.example : checkIsDataset(data, name)
  if (known) checkDataset(network, loss, known, name)
}
