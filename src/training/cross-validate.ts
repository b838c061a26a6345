import type { Backend } from '../backend/backend.ts'
import { DivergedError, InputError } from '../core/errors.ts'
import { drawSeed, Random } from '../core/random.ts'
import {
  boolean,
  callback,
  type Checked,
  type Fields,
  integer,
  name,
  optional,
  pickOptions,
  readOptions,
  seed,
  withDefault,
  withFresh,
} from '../core/schema.ts'
import type { Dataset } from '../data/dataset.ts'
import { assignFolds, takeFold, takenForTraining } from '../data/folds.ts'
import { normalize, standardize, standardizeTargets } from '../data/preprocessing.ts'
import { type Task, tasks } from '../model/description.ts'
import { Network, type NetworkOptions } from '../model/network.ts'
import { withRowNumbers } from './autopsy/words.ts'
import { chooseBackend } from './backends.ts'
import type { Epoch, History } from './history.ts'
import { type FitOptions, fitSchema, type TrainerOptions, trainerSchema } from './options.ts'
import type { Evaluation } from './score.ts'
import { checkFit, checkIsDataset } from './settings.ts'
import { taskFor } from './decide-task.ts'
import { Trainer } from './trainer.ts'
import { checkLoss } from './validation.ts'

/** How {@link crossValidate} divides the data, and how it trains on them. */
export interface CrossValidationOptions
  extends TrainerOptions, Omit<FitOptions, 'validation' | 'checkpoint' | 'onEpoch'> {
  /** Parts that the data are divided into; each is scored by a network that was trained on the others. Default 5. */
  folds?: number | undefined
  /** Keeps the shares of the classes the same in all folds. Default true; data without classes are divided at random. */
  stratify?: boolean | undefined
  /** Of the folds, and of what is random in each; random by default, and in the result. */
  seed?: number | undefined
  /** What the outputs mean. Default: what {@link taskOf} says of the data, the loss and the outputs. */
  task?: Task | undefined
  /** Scales inputs to mean 0 and deviation 1, as measured on the part that is trained on. Default false. */
  standardize?: boolean | undefined
  /** Scales inputs to 0–1, as measured on the part that is trained on. Default false. */
  normalize?: boolean | undefined
  /** Scales regression targets to mean 0 and deviation 1. Default: for regression, what `standardize` is. */
  standardizeTargets?: boolean | undefined
  /** Called after every epoch, with the number of its fold, counted from 1; awaited. */
  onEpoch?: ((epoch: Epoch, fold: number) => void | Promise<void>) | undefined
  /** Called after every fold; awaited. */
  onFold?: ((fold: Fold) => void | Promise<void>) | undefined
}

/** One of the trainings of a cross-validation. */
export interface Fold {
  /** Counted from 1. */
  fold: number
  /** Accuracy; for several labels the share of correct labels; for regression R². On the samples that were left out. */
  score: number
  /** The score on the samples that were left out. */
  evaluation: Evaluation
  /** The numbers of the samples that were left out, in ascending order. */
  samples: Uint32Array
  /** The seed of this fold's initial parameters, order and dropout. */
  seed: number
  /** The trained network, with its preprocessing. */
  network: Network
  /** The training of this fold. */
  history: History
}

/** The result of {@link crossValidate}. */
export interface CrossValidation {
  /** One per fold. */
  scores: number[]
  /** The mean of the scores. */
  mean: number
  /** The standard deviation of the scores: the root of the mean square of their differences from the mean. */
  deviation: number
  /** What the scores are. */
  scoreName: 'accuracy' | 'r2'
  /** Whether the folds were divided class by class. */
  stratified: boolean
  /** The seed of the division into folds, and of the trainings. */
  seed: number
  /** The folds, in order. */
  folds: Fold[]
}

const { validation: _validation, checkpoint: _checkpoint, onEpoch: _onEpoch, ...fitFields } = fitSchema.fields

export const crossValidateSchema = {
  name: 'crossValidate',
  fields: {
    ...trainerSchema.fields,
    ...fitFields,
    folds: withDefault(integer(2), 5, {
      flag: '--folds <count>',
      help: 'cross-validate: also train as many networks, each scored on the part of the data that it was not trained on',
    }),
    stratify: withDefault(boolean, true),
    seed: withFresh(seed, drawSeed),
    task: optional(name(tasks)),
    standardize: withDefault(boolean, false),
    normalize: withDefault(boolean, false),
    standardizeTargets: optional(boolean),
    onEpoch: optional(callback<NonNullable<CrossValidationOptions['onEpoch']>>()),
    onFold: optional(callback<NonNullable<CrossValidationOptions['onFold']>>()),
  } satisfies Fields<CrossValidationOptions>,
  elsewhere: {
    'each fold is validated on the samples that were left out': ['validation', 'test'],
    'an option of fit: folds are not resumed': ['checkpoint'],
    'an option of the network, the first argument': ['sizes', 'hidden', 'output', 'activation', 'activations', 'init'],
  },
}

type Options = Checked<(typeof crossValidateSchema)['fields']>

/**
 * Estimates how well networks of this form do on samples that they were not trained on (k-fold cross-validation): divides the
 * data into folds, trains one network per fold on all other folds, and scores it on the fold that was left out. Each network
 * begins from its own random parameters; what scales inputs and targets and fills missing values is fitted on the samples
 * that it is trained on. The samples that are left out take no part in training: early stopping watches the training loss.
 * @param networkOptions as for {@link Network.create}; a `seed` in them gives all networks the same initial parameters
 * @param data in their own units: raw, not scaled
 * @param options with those of {@link Trainer.create} and {@link Trainer.fit}
 * @throws InputError for more folds than samples, and for data that are scaled already, since that scaling has seen all samples
 * @throws DivergedError with the fold; its autopsy numbers samples as `data` does
 * @throws what `signal` was aborted with
 * @example
 * const options = { folds: 5, seed: 7, standardize: true, optimizer: adam({ learningRate: 0.01 }), epochs: 20 }
 * const { mean, deviation, folds } = await crossValidate({ sizes: [2, 8, 2] }, circle({ samples: 200, seed: 1 }), options)
 * console.log(`${mean} ± ${deviation}`, folds.map(({ score, evaluation }) => [score, evaluation.loss]))
 */
export async function crossValidate(
  networkOptions: NetworkOptions,
  data: Dataset,
  options: CrossValidationOptions = {},
): Promise<CrossValidation> {
  const example = Network.create(networkOptions)
  checkIsDataset(data, 'data')
  const checked = readOptions(crossValidateSchema, options)
  checkLoss(example, checked.loss)
  const task = checked.task ?? taskFor(example, checked.loss, data)
  checkPreprocessing(data, checked, task)
  const stratified = checked.stratify && task === 'classification'
  const assigned = assignFolds(data, { folds: checked.folds, stratify: stratified, seed: checked.seed })
  const prepare = (k: number) => prepareFold(networkOptions, data, { k, samples: assigned[k]!, task, options: checked })
  let first: PreparedFold | undefined = prepare(0)
  checkFit({ network: first.network, loss: checked.loss, epoch: 0 }, first.train, pickOptions(checked, fitFields))

  const { backend, opened } = await chooseBackend(checked.backend, checked)
  const folds: Fold[] = []
  try {
    for (let k = 0; k < checked.folds; k++) {
      checked.signal?.throwIfAborted()
      const fold = await trainFold(first ?? prepare(k), backend, checked)
      first = undefined
      folds.push(fold)
      await checked.onFold?.(fold)
    }
  } finally {
    if (opened) backend.dispose()
  }
  const scores = folds.map(({ score }) => score)
  const scoreName = task === 'regression' ? 'r2' : 'accuracy'
  return { scores, ...summarize(scores), scoreName, stratified, seed: checked.seed, folds }
}

/** @throws InputError for scalings that were fitted on all samples, and for those that do not go with the task or together */
function checkPreprocessing(data: Dataset, options: Options, task: Task): void {
  if (data.scaling ?? data.targetScaling) {
    throw new InputError(
      'data: they are scaled already, as measured on all samples; give them in their own units, with { standardize: true }',
    )
  }
  if (options.standardize && options.normalize) {
    throw new InputError('normalize: inputs are scaled by standardize or by normalize; give one of them')
  }
  if (options.standardizeTargets && task !== 'regression') {
    throw new InputError(`standardizeTargets: is for regression targets; the task of these data is ${task}`)
  }
}

/** A network that carries the preprocessing of its training data, and both parts of the data in their own units. */
interface PreparedFold {
  readonly fold: number
  readonly samples: Uint32Array
  readonly seed: number
  readonly network: Network
  readonly train: Dataset
  readonly test: Dataset
}

function prepareFold(
  networkOptions: NetworkOptions,
  data: Dataset,
  { k, samples, task, options }: { k: number; samples: Uint32Array; task: Task; options: Options },
): PreparedFold {
  const { train, test } = takeFold(data, samples)
  const seed = new Random(options.seed, 'fold', k).bits()
  const network = Network.create({ ...networkOptions, seed: networkOptions.seed ?? seed })
  const isTargetScaled = options.standardizeTargets ?? (options.standardize && task === 'regression')
  network.task = task
  network.features = train.features
  network.classes = train.classes
  network.targetNames = train.targetNames
  network.encoding = train.encoding
  network.scaling = options.standardize ? standardize(train) : options.normalize ? normalize(train) : undefined
  network.targetScaling = isTargetScaled ? standardizeTargets(train) : undefined
  return { fold: k + 1, samples, seed, network, train, test }
}

async function trainFold(
  { train, test, network, ...fold }: PreparedFold,
  backend: Backend,
  options: Options,
): Promise<Fold> {
  const { onEpoch } = options
  const settings = pickOptions(options, trainerSchema.fields)
  // The backend was opened with these options.
  const trainer = await Trainer.create(network, {
    ...settings,
    backend,
    deterministic: false,
    threads: undefined,
    seed: fold.seed,
  })
  try {
    const history = await trainer.fit(train, {
      ...pickOptions(options, fitFields),
      onEpoch: onEpoch && ((epoch: Epoch) => onEpoch(epoch, fold.fold)),
    })
    await trainer.read()
    const evaluation = await trainer.evaluate(test)
    return { ...fold, score: evaluation.r2 ?? evaluation.accuracy ?? NaN, evaluation, network, history }
  } catch (error) {
    if (!(error instanceof DivergedError)) throw error
    throw errorOfFold(error, fold.fold, takenForTraining(train.length + test.length, fold.samples))
  } finally {
    trainer.dispose()
  }
}

/** The error of a fold, with the numbers that its samples have in the whole data. */
function errorOfFold(error: DivergedError, fold: number, numbers: Uint32Array): DivergedError {
  const autopsy = error.autopsy && withRowNumbers(error.autopsy, numbers)
  const { epoch, loss, minibatch, layer, weights, biases, cause } = error
  const place = { epoch, loss, minibatch, layer, fold }
  return Object.assign(new DivergedError({ ...place, weights, biases, autopsy }), { cause })
}

function summarize(scores: readonly number[]): { mean: number; deviation: number } {
  const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length
  const square = scores.reduce((sum, score) => sum + (score - mean) ** 2, 0) / scores.length
  return { mean, deviation: Math.sqrt(square) }
}
