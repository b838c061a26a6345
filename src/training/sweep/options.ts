import type { Backend } from '../../backend/backend.ts'
import { describe, InputError } from '../../core/errors.ts'
import {
  boolean,
  callback,
  type Checked,
  type Fields,
  integer,
  kind,
  list,
  name,
  nested,
  optional,
  required,
  seed,
  withDefault,
} from '../../core/schema.ts'
import { type ClassWeights, Dataset } from '../../data/dataset.ts'
import type { LossName } from '../../loss/loss.ts'
import { type ActivationName, activationNames } from '../../model/activation.ts'
import { type InitializerName, initializerNames } from '../../model/initializer.ts'
import { networkSchema } from '../../model/network.ts'
import type { Optimizer } from '../../optimizer/optimizer.ts'
import type { LearningRate } from '../../optimizer/schedule.ts'
import { learningRateKind } from '../../optimizer/schedule.ts'
import type { BackendName } from '../backends.ts'
import { optimizerKind, usualOptimizer } from '../optimizer-option.ts'
import type { LossChoice } from '../recovery/choices.ts'
import type { SharedRecovery } from '../recovery/shared-replacement.ts'
import { fitSchema, trainerSchema } from '../options.ts'
import type { EarlyStopping } from '../stopping.ts'
import type { SweepCheckpoint } from './checkpoint/checkpoint.ts'
import type { SweepRound } from './results.ts'
import { arrays, type OneOrMore, seedsKind, type SweepRange, values, valuesOrRange } from './values.ts'

/** How many random combinations a sweep trains, in the place of all. */
export interface RandomSearch {
  /** Each is trained with every seed. */
  count: number
  /** Of the choice of combinations, so that it can be repeated. Default 1. */
  seed?: number | undefined
}

/** Successive halving: all networks train for some epochs, the best of them train on, and so forth. */
export interface Halving {
  /** The last one ends with all epochs. Default 4; at least 2. */
  rounds?: number | undefined
  /**
   * The share of the networks that train on after each round, above 0 and below 1; also how much shorter each round is than
   * the next one. Default 0.5: of 100 networks, 50 train on after an eighth of the epochs, 25 after a quarter, 13 after half.
   */
  keep?: number | undefined
}

/** Cross-validation: each network is trained once for each fold, on the other folds, and once on all samples. */
export interface SweepFolds {
  /** Parts that the data are divided into, at least 2. Default 5. */
  count?: number | undefined
  /** Keeps the shares of the classes the same in all folds. Default true; data without classes are divided at random. */
  stratify?: boolean | undefined
  /** Of the division. Default 1. */
  seed?: number | undefined
  /** Scales inputs to mean 0 and deviation 1, as measured on the samples that are trained on. Default false. */
  standardize?: boolean | undefined
  /** Scales inputs to 0–1, as measured on the samples that are trained on. Default false. */
  normalize?: boolean | undefined
  /** Scales regression targets to mean 0 and deviation 1, as measured on the samples that are trained on. Default false. */
  standardizeTargets?: boolean | undefined
}

/** One of several parts of a sweep, each of them trained by another process or machine. */
export interface SweepShard {
  /** From 1 on. */
  index: number
  /** The number of shards. */
  count: number
}

/** Which networks {@link sweep} trains, and how. What takes one value also takes an array of values to try. */
export interface SweepOptions {
  /** Neurons per layer, the inputs first: [2, 3, 2]; or several such lists. */
  sizes: readonly number[] | readonly (readonly number[])[]
  /** One activation for every layer; as the other options of networks, those of {@link Network.create}. */
  activation?: OneOrMore<ActivationName> | undefined
  /** The activation of the hidden layers. */
  hidden?: OneOrMore<ActivationName> | undefined
  /** Default: the activation that the loss needs, if it needs one and no other option has activations. */
  output?: OneOrMore<ActivationName> | undefined
  /** One for each layer; or several such lists. */
  activations?: readonly ActivationName[] | readonly (readonly ActivationName[])[] | undefined
  /** The rule for the initial weights. */
  init?: OneOrMore<InitializerName> | undefined
  /** As the options that follow, those of {@link Trainer.create}. */
  loss?: OneOrMore<LossName> | undefined
  /** The optimizers; `learningRate` overrides theirs. */
  optimizer?: OneOrMore<Optimizer> | undefined
  /** Replaces that of each optimizer. Default: the optimizer's. */
  learningRate?: OneOrMore<LearningRate> | SweepRange | undefined
  /** Samples per minibatch. */
  batchSize?: OneOrMore<number> | SweepRange | undefined
  /** Factors of the L1 penalty. */
  l1?: OneOrMore<number> | SweepRange | undefined
  /** Factors of the L2 penalty. */
  l2?: OneOrMore<number> | SweepRange | undefined
  /** An array holds values to try; a list for the hidden layers is an array within it: [0.2, [0.1, 0.5]]. */
  dropout?: number | readonly (number | readonly number[])[] | SweepRange | undefined
  /** Passes over the training data. Default 10. */
  epochs?: OneOrMore<number> | undefined
  /** Whether each epoch has another order of samples. */
  shuffle?: OneOrMore<boolean> | undefined
  /** How many seeds to train each combination with, from 1 on; or an array of the seeds. Default 1. */
  seeds?: number | readonly number[] | undefined
  /** Trains random combinations of the values and of numbers in ranges. Default: all combinations of the values. */
  random?: RandomSearch | undefined
  /** Ends the training of weak networks early; true for the usual rounds. Default false. */
  halving?: boolean | Halving | undefined
  /**
   * Scores each network by cross-validation, in this number of folds: the score is the mean over the folds, each scored by a network
   * that was trained on the others. The network of a result is trained on all samples. Default: no cross-validation.
   */
  folds?: number | SweepFolds | undefined
  /**
   * Trains a part of the networks: every `count`-th, so that all shards take about the same time. With halving, networks are
   * compared within their shard. Default: all.
   */
  shard?: SweepShard | undefined
  /** Goes on from {@link Sweep.checkpoint} of a sweep with the same data and options. Backends may differ. */
  resume?: SweepCheckpoint | undefined
  /** The most networks that may be trained. Default 100,000. */
  limit?: number | undefined
  /** Scores the networks. Default: they are scored by their training data. */
  validation?: Dataset | undefined
  /** For all networks alike, as {@link FitOptions.classWeights}. */
  classWeights?: ClassWeights | undefined
  /** For all networks alike, as {@link FitOptions.earlyStopping}; each is then trained separately. */
  earlyStopping?: EarlyStopping | undefined
  /** For all networks alike, as the options that follow; those of {@link Trainer.create}. */
  backend?: BackendName | Backend | undefined
  /**
   * On the CPU, how many threads train, each of them whole networks; the results do not depend on it. Default: all cores, in
   * browsers all but one, and one where the sweep is over in a moment.
   */
  threads?: number | undefined
  /** As in {@link WebGPUOptions}. */
  deterministic?: boolean | undefined
  /** As in {@link TrainerOptions}. */
  dataMemory?: number | undefined
  /** As {@link TrainerOptions.onLoss}: a sweep goes on where its networks last were. */
  onLoss?: LossChoice | undefined
  /** Called when the sweep goes on after the GPU device was lost. */
  onRecovery?: ((recovery: SharedRecovery) => void) | undefined
  /** Aborting stops within some milliseconds, and rejects with the reason. */
  signal?: AbortSignal | undefined
  /** Called with each round; awaited. */
  onRound?: ((round: SweepRound) => void | Promise<void>) | undefined
}

const randomSchema = {
  name: 'random',
  prefix: 'random: ',
  fields: {
    count: required(integer()),
    seed: withDefault(seed, 1),
  } satisfies Fields<RandomSearch>,
}

const halvingSchema = {
  name: 'halving',
  prefix: 'halving: ',
  fields: {
    rounds: withDefault(integer(2, 32), 4),
    keep: withDefault(
      kind((argument, value) => {
        if (typeof value === 'number' && value > 0 && value < 1) return value
        throw new InputError(`${argument}: expected a number above 0 and below 1, got ${describe(value)}`)
      }, true),
      0.5,
    ),
  } satisfies Fields<Halving>,
}

const foldsSchema = {
  name: 'folds',
  prefix: 'folds: ',
  fields: {
    count: withDefault(integer(2), 5),
    stratify: withDefault(boolean, true),
    seed: withDefault(seed, 1),
    standardize: withDefault(boolean, false),
    normalize: withDefault(boolean, false),
    standardizeTargets: withDefault(boolean, false),
  } satisfies Fields<SweepFolds>,
}

/** {@link SweepFolds}, checked and complete. */
export type CheckedFolds = Checked<(typeof foldsSchema)['fields']>

const folds = kind<CheckedFolds>((argument, value) =>
  nested(foldsSchema).check(argument, typeof value === 'number' ? { count: value } : value),
)

const shardSchema = {
  name: 'shard',
  prefix: 'shard: ',
  fields: { index: required(integer(1)), count: required(integer(1)) } satisfies Fields<SweepShard>,
}

const shard = kind<SweepShard>((argument, value) => {
  const { index, count } = nested(shardSchema).check(argument, value)
  if (index <= count) return { index, count }
  throw new InputError(`${argument}: index: expected a number from 1 to count, which is ${count}, got ${index}`)
})

/** {@link Halving}, checked and complete. */
export type CheckedHalving = Checked<(typeof halvingSchema)['fields']>

const halving = kind<CheckedHalving | false>((argument, value) => {
  if (value === false) return false
  return nested(halvingSchema).check(argument, value === true ? {} : value)
})

const validation = kind<Dataset>((argument, value) => {
  if (value instanceof Dataset) return value
  throw new InputError(`${argument}: expected a Dataset (Dataset.from(x, y) makes one), got ${describe(value)}`)
})

const resume = kind<SweepCheckpoint>((argument, value) => {
  if (typeof value === 'object' && value !== null && !ArrayBuffer.isView(value)) return value as SweepCheckpoint
  throw new InputError(
    `${argument}: expected a checkpoint of a sweep (decodeSweepCheckpoint reads bytes), got ${describe(value)}`,
  )
})

const { fields: trainer } = trainerSchema
const { fields: fit } = fitSchema
const activationKind = name(activationNames)

/** The options with several values: each combination of theirs is trained with every seed. */
export const axisFields = {
  sizes: required(arrays<number>(networkSchema.fields.sizes)),
  activation: optional(values(activationKind)),
  hidden: optional(values(activationKind)),
  output: optional(values(activationKind)),
  activations: optional(arrays<ActivationName>(list(activationKind, 'a list of activations, one a layer'))),
  init: withDefault(values(name(initializerNames)), ['glorotUniform'] as const),
  loss: withDefault(values<LossName>(trainer.loss), ['quadratic'] as const),
  optimizer: withDefault(values<Optimizer>(optimizerKind), [usualOptimizer()]),
  learningRate: optional(valuesOrRange<LearningRate>(learningRateKind)),
  batchSize: withDefault(valuesOrRange<number>(trainer.batchSize, true), [32]),
  l1: withDefault(valuesOrRange<number>(trainer.l1), [0]),
  l2: withDefault(valuesOrRange<number>(trainer.l2), [0]),
  dropout: withDefault(valuesOrRange<number | readonly number[]>(trainer.dropout), [0]),
  epochs: withDefault(values<number>(integer()), [10]),
  shuffle: withDefault(values<boolean>(boolean), [true]),
}

export const sweepSchema = {
  name: 'sweep',
  fields: {
    ...axisFields,
    seeds: withDefault(seedsKind, [1]),
    random: optional(nested(randomSchema)),
    halving: withDefault(halving, false),
    folds: optional(folds),
    shard: optional(shard),
    resume: optional(resume),
    limit: withDefault(integer(1, 2 ** 24), 100_000),
    validation: optional(validation),
    classWeights: optional(fit.classWeights),
    earlyStopping: optional(fit.earlyStopping),
    backend: withDefault(trainer.backend, 'auto' as const),
    threads: optional(trainer.threads),
    deterministic: withDefault(boolean, false),
    dataMemory: optional(trainer.dataMemory),
    onLoss: trainer.onLoss,
    onRecovery: optional(callback<NonNullable<SweepOptions['onRecovery']>>()),
    signal: optional(fit.signal),
    onRound: optional(callback<NonNullable<SweepOptions['onRound']>>()),
  } satisfies Fields<SweepOptions>,
  elsewhere: {
    'give how many seeds, or an array of them: seeds: 32': ['seed'],
    'an option of the optimizer: optimizer: sgd({ momentum: 0.9 })': [
      'momentum',
      'nesterov',
      'weightDecay',
      'clipNorm',
    ],
    'split the data first: split(data, { test: 0.2 })': ['test', 'validationSplit', 'validation_split'],
    'a sweep reports rounds: onRound': ['onEpoch'],
    'make one while it trains: await run.checkpoint(), with run = sweep(…)': ['checkpoint'],
  },
}

/** {@link SweepOptions}, checked and complete. */
export type CheckedSweep = Checked<(typeof sweepSchema)['fields']>
