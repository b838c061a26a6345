import {
  balancedWeights,
  type ClassWeights,
  Dataset,
  DataStream,
  InputError,
  normalize,
  scale,
  Scaling,
  standardize,
} from '../../index.ts'
import { holdOut, isStreamed, loadData, openCsv, textOptions } from '../data.ts'
import { preprocessFor, type Start } from './from.ts'
import type { TrainOptions } from './options.ts'

/** The data as they are trained on, with what they were scaled by. */
export interface PreparedData {
  readonly train: Dataset | DataStream
  /** With `--folds`: the same in their own units. */
  readonly raw?: Dataset | undefined
  /** The same, with the weights of their classes, where there are any: what the steps are made with. */
  readonly weighted: Dataset | DataStream
  readonly validation: Dataset | DataStream | undefined
  readonly scaling: Scaling | undefined
  /** Removes temporary files. */
  close(): void
}

/** @throws InputError as the readers do, and for two scalings */
export async function prepareData(
  options: TrainOptions & { data: string },
  seed: number,
  start?: Start,
): Promise<PreparedData> {
  const { data, standardize, normalize, stream } = options
  if (standardize && normalize) throw new InputError('--normalize: is the other of --standardize; take one')
  const kind = standardize ? 'standardize' : normalize ? 'normalize' : undefined
  const prepared = await (isStreamed(data, stream) ? openStream(options, seed, kind, start) : readWhole(options, seed, kind, start)) // prettier-ignore
  if (!start) return prepared
  const { train, weighted, validation } = prepared
  const own = preprocessFor(start, train)
  return {
    ...prepared,
    train: own,
    weighted: weighted === train ? own : preprocessFor(start, weighted),
    validation: validation && preprocessFor(start, validation),
    scaling: start.network.scaling,
  }
}

/** The names that the model has which training begins from. */
function namesOf(start: Start | undefined) {
  const { features, classes } = start?.network ?? {}
  return { ...(features && { features }), ...(classes && { classes }) }
}

async function readWhole(
  options: TrainOptions & { data: string },
  seed: number,
  kind: Scaling['kind'] | undefined,
  start: Start | undefined,
): Promise<PreparedData> {
  const { data, test, classWeights } = options
  const loaded = await loadData({ ...options, seed, ...namesOf(start) })
  if (test !== undefined && loaded.validation) {
    throw new InputError(`--test: '${data}' brings its own validation set (t10k-*)`)
  }
  const { train, validation } = test === undefined ? loaded : holdOut(loaded.train, test, seed)
  const scaling = kind && (kind === 'standardize' ? standardize(train) : normalize(train))
  const scaled = scaling ? scale(train, scaling) : train
  return {
    train: scaled,
    raw: options.folds === undefined ? undefined : train,
    weighted: classWeights === undefined ? scaled : scaled.withClassWeights(classWeights),
    validation: validation && scaling ? scale(validation, scaling) : validation,
    scaling,
    close: () => undefined,
  }
}

async function openStream(
  options: TrainOptions & { data: string },
  seed: number,
  scaling: Scaling['kind'] | undefined,
  start: Start | undefined,
): Promise<PreparedData> {
  const { data, target, samples, noise, test, folds, shuffle, classWeights } = options
  if (folds !== undefined) {
    throw new InputError('--folds: needs all samples in memory; these are read a part at a time (--stream, or a large file)') // prettier-ignore
  }
  if (samples !== undefined) throw new InputError(`--samples: is for generated data, '${data}' is read`)
  if (noise !== undefined) throw new InputError(`--noise: is for generated data, '${data}' is read`)
  const opened = await openCsv(data, {
    ...textOptions(options, data),
    target,
    test,
    scaling,
    shuffle,
    seed,
    ...namesOf(start),
  })
  const { train, test: validation, counts, close } = opened
  const prepared = { train, weighted: train, validation, scaling: opened.scaling, close }
  if (classWeights === undefined) return prepared
  try {
    if (!counts) throw new InputError('classWeights: the data have no classes')
    const weights: ClassWeights = classWeights === 'balanced' ? balancedWeights(counts) : classWeights
    return { ...prepared, weighted: train.map((chunk) => chunk.withClassWeights(weights)) }
  } catch (error) {
    close()
    throw error
  }
}
