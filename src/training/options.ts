import type { Backend } from '../backend/backend.ts'
import { describe, InputError } from '../core/errors.ts'
import { drawSeed } from '../core/random.ts'
import {
  boolean,
  callback,
  type Fields,
  float32,
  integer,
  kind,
  name,
  nested,
  optional,
  required,
  seed,
  share,
  withDefault,
  withFresh,
} from '../core/schema.ts'
import { type ClassWeights, Dataset } from '../data/dataset.ts'
import { isStream } from '../data/is-stream.ts'
import { type LossName, lossNames } from '../loss/loss.ts'
import type { Optimizer } from '../optimizer/optimizer.ts'
import { threadsOption } from '../backend/host/wasm/backend.ts'
import { type BackendName, backendKind, backendFlag } from './backends.ts'
import type { CheckpointOptions } from './checkpoint.ts'
import type { Epoch, ValidatedEpoch } from './history.ts'
import { LoadedData, type TrainingData } from './loaded.ts'
import { type LossChoice, lossChoices, type Recovery } from './recovery/choices.ts'
import { optimizerKind, usualOptimizer } from './optimizer-option.ts'
import type { Score } from './score.ts'
import { type EarlyStopping, earlyStoppingSchema } from './stopping.ts'

/** How a network is placed and trained. */
export interface TrainerOptions {
  /**
   * Default 'auto': a hardware WebGPU adapter, else WebAssembly, else the CPU; for small networks the one that was measured
   * to be the fastest.
   */
  backend?: BackendName | Backend | undefined
  /** Of the backend 'wasm', also where 'auto' takes it: {@link WasmOptions.threads}. Default: all cores. */
  threads?: number | undefined
  /**
   * Makes all choices by rule, and none by measurement: {@link WebGPUOptions.deterministic}. The CPU backends always give
   * the same bits. Default false.
   */
  deterministic?: boolean | undefined
  /** Default 'quadratic'. */
  loss?: LossName | undefined
  /** Default sgd({ learningRate: 0.1 }). */
  optimizer?: Optimizer | undefined
  /** Samples per step; the last minibatch of an epoch may be shorter. Default 32. */
  batchSize?: number | undefined
  /** Shuffling; a whole number from 0 to 2³² − 1. Random by default, and reported in the history. */
  seed?: number | undefined
  /**
   * Keeps weights small: l1·Σ|w| + l2·Σw² over all weights (not biases) is minimised in addition to the loss, as Keras's l1 and
   * l2. The reported loss does not include it. Default 0.
   */
  l1?: number | undefined
  /** The factor of the penalty Σ w² over the weights. Default: 0. */
  l2?: number | undefined
  /**
   * The share of units that is dropped at random in each step: one number for all hidden layers, or one for each. The
   * others are divided by the share that is kept (inverted dropout), so nothing changes outside of training. The loss that
   * training reports is with units dropped. From 0 up to, but not including, 1; default 0.
   */
  dropout?: number | readonly number[] | undefined
  /**
   * The most bytes of device memory that the training data take. Larger data pass through in windows, two of which are
   * in memory at once: the steps are the same, to the bit where the plan is the same. The losses that are reported may differ
   * by a share of n · 2⁻²³ for an epoch of n steps: a GPU adds them up in float32, here window by window. Default: what one
   * binding takes; in browsers on iPhones and iPads at most 256 MiB, because pages that hold much more are ended there, and
   * where a browser says that the machine has less than 8 GiB of memory, an eighth of that.
   */
  dataMemory?: number | undefined
  /**
   * What happens when the GPU device is lost, for example because the driver is reset. 'recover': training goes on on a new
   * device from the last snapshot, to the same bits; where there is no device, or three are lost in a row over the same work,
   * on the CPU. 'throw': the call rejects with a {@link DeviceLostError}. Default 'recover'.
   */
  onLoss?: LossChoice | undefined
  /** Measures where the time goes, for {@link Trainer.profile}; training is slower by it. Default false. */
  profile?: boolean | undefined
}

/** How long to train, and what to do between epochs. */
export interface FitOptions<E extends Epoch = Epoch> {
  /** Passes over the training data. Default 10. 0 only for a trainer that has trained epochs: it finishes a resumed run. */
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
  /** Called when training goes on after the GPU device was lost, before the next result; see {@link TrainerOptions.onLoss}. */
  onRecovery?: ((recovery: Recovery) => void) | undefined
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
   * Epochs that are trained in one go, or a function that is asked before each time; default 1. With more, the trainer may
   * have trained all of them when the first is reported. Where results arrive late (in Firefox ten times a second), this
   * makes short epochs fast.
   */
  atOnce?: AtOnce | undefined
}

/** Options of {@link Trainer.epochs}. */
export type EpochsOptions = FitOptions & AtOnceOption

/** The same with validation data. */
export type ValidatedEpochsOptions = ValidatedFitOptions & AtOnceOption

/** How many epochs are handed to the backend at once: a number, or a function that is called before each group. */
export type AtOnce = number | (() => number)

/** The result of one step: its loss is the minibatch's before the step. */
export interface Step extends Score {
  /** Counted from 1 over the trainer's life. */
  step: number
  /** The epoch that it is part of. */
  epoch: number
  /** Of the minibatch. */
  samples: number
}

const dropout = kind<number | readonly number[]>((argument, value) => {
  if (typeof value === 'number') return share.check(argument, value)
  if (Array.isArray(value)) return Array.from(value as unknown[], (one, l) => share.check(`${argument}[${l}]`, one))
  throw new InputError(`${argument}: expected a number, or one for each hidden layer, got ${describe(value)}`)
})

const classWeights = kind<ClassWeights>((argument, value) => {
  if (value === 'balanced' || (typeof value === 'object' && value !== null)) return value as ClassWeights
  throw new InputError(`${argument}: expected 'balanced' or a number for each class, got ${describe(value)}`)
})

const trainingData = kind<TrainingData>((argument, value) => {
  if (value instanceof Dataset || isStream(value) || value instanceof LoadedData) return value
  throw new InputError(
    `${argument}: expected a Dataset (Dataset.from(x, y) makes one) or a DataStream, got ${describe(value)}`,
  )
})

/** Not instanceof: a signal may come from another realm, such as a frame. */
const signal = kind<AbortSignal>((argument, value) => {
  const { aborted, throwIfAborted, addEventListener } = (value ?? {}) as Partial<AbortSignal>
  const isSignal = typeof throwIfAborted === 'function' && typeof addEventListener === 'function'
  if (isSignal && typeof aborted === 'boolean') return value as AbortSignal
  throw new InputError(
    `${argument}: expected an AbortSignal, such as AbortSignal.timeout(1000), got ${describe(value)}`,
  )
})

export const lossOption = withDefault(name(lossNames), 'quadratic', {
  flag: '--loss <name>',
  help: lossNames.join(', '),
})

const trainerFields = {
  backend: withDefault(backendKind, 'auto', backendFlag),
  threads: threadsOption,
  deterministic: withDefault(boolean, false, {
    flag: '--deterministic',
    help: 'the same bits in every run on the same GPU and driver; may be slower',
  }),
  loss: lossOption,
  optimizer: withFresh(optimizerKind, usualOptimizer),
  batchSize: withDefault(integer(), 32, { flag: '--batch <size>', help: 'samples per step' }),
  seed: withFresh(seed, drawSeed, {
    flag: '--seed <number>',
    help: 'seed of everything random (default: random, and printed)',
  }),
  l1: withDefault(float32(), 0, { flag: '--l1 <factor>', help: 'penalty that drives weights to zero' }),
  l2: withDefault(float32(), 0, { flag: '--l2 <factor>', help: 'penalty that keeps weights small' }),
  dropout: withDefault(dropout, 0, {
    flag: '--dropout <shares>',
    help: 'share of the hidden units to drop in each step; or one for each hidden layer: 0.2,0.5',
  }),
  dataMemory: optional(integer(1, 2 ** 53)),
  onLoss: withDefault(name(lossChoices), 'recover'),
  profile: withDefault(boolean, false, {
    flag: '--profile',
    help: 'print where the time went (training is slower by it)',
  }),
} satisfies Fields<TrainerOptions>

export const checkpointSchema = {
  name: 'checkpoint',
  prefix: 'checkpoint: ',
  fields: {
    every: withDefault(integer(), 1, { flag: '--checkpoint-every <epochs>', help: 'how often' }),
    write: required(callback<CheckpointOptions['write']>()),
  } satisfies Fields<CheckpointOptions>,
}

const fitFields = {
  // 0 is checked against the epochs that were trained.
  epochs: withDefault(integer(0), 10, { flag: '--epochs <count>', help: 'passes over the data' }),
  validation: optional(trainingData),
  shuffle: withDefault(boolean, true, { flag: '--no-shuffle', help: 'take the samples in the order given' }),
  classWeights: optional(classWeights, {
    flag: '--class-weights <weights>',
    help: "'balanced', or a weight for each class: ill=20,healthy=1",
  }),
  earlyStopping: optional(nested(earlyStoppingSchema)),
  checkpoint: optional(nested(checkpointSchema)),
  onEpoch: optional(callback<NonNullable<FitOptions['onEpoch']>>()),
  onRecovery: optional(callback<NonNullable<FitOptions['onRecovery']>>()),
  signal: optional(signal),
} satisfies Fields<FitOptions>

const atOnce = kind<AtOnce>((argument, value) =>
  typeof value === 'function' ? (value as () => number) : integer().check(argument, value),
)

/** Names of options that are often given in the wrong place. */
const optimizerOptions = ['learningRate', 'momentum', 'nesterov', 'weightDecay', 'betas', 'epsilon', 'clipNorm']
const networkOptions = ['sizes', 'hidden', 'output', 'activation', 'activations', 'init']
const misplaced = {
  'an option of the optimizer: optimizer: sgd({ learningRate: 0.1 })': optimizerOptions,
  'an option of Network.create': networkOptions,
  'split the data first: split(data, { test: 0.2 })': ['test', 'validationSplit', 'validation_split'],
}

export const trainerSchema = {
  name: 'Trainer.create',
  fields: trainerFields,
  elsewhere: { ...misplaced, 'an option of trainer.fit': Object.keys(fitFields) },
}

export const fitSchema = {
  name: 'fit',
  fields: fitFields,
  elsewhere: { ...misplaced, 'an option of Trainer.create': Object.keys(trainerFields) },
}

/** Options of the function `fit`, which makes the trainer, too. */
export const fitOnceSchema = { name: 'fit', fields: { ...trainerFields, ...fitFields }, elsewhere: misplaced }

export const epochsSchema = {
  ...fitSchema,
  name: 'epochs',
  fields: { ...fitFields, atOnce: withDefault(atOnce, 1) } satisfies Fields<EpochsOptions>,
}

const { shuffle, validation } = fitFields

export const stepsSchema = {
  ...fitSchema,
  name: 'steps',
  fields: {
    shuffle,
    classWeights: fitFields.classWeights,
    onRecovery: fitFields.onRecovery,
    signal: fitFields.signal,
  },
}

export const memoryForSchema = {
  ...fitSchema,
  name: 'memoryFor',
  fields: { validation, classWeights: fitFields.classWeights },
}
