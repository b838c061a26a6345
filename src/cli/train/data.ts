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
import { holdOut, isGenerated, isStreamed, loadData, openCsv, textOptions } from '../data.ts'
import { fitOutputs, outputsOf, readingFor, readingOf, type TargetReading } from '../target.ts'
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
  /** How the target was read; undefined for generated data. */
  readonly reading: TargetReading | undefined
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

/** How the target is read: as the model needs it that training begins from, else as the options say. */
const readingWith = (options: TrainOptions, start: Start | undefined): TargetReading =>
  start ? { ...readingFor(start.network), reason: 'the model' } : readingOf(options)

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
  const reading = isGenerated(data) ? undefined : readingWith(options, start)
  if (!reading && (options.task ?? 'auto') !== 'auto') {
    throw new InputError(`--task: '${data}' is generated, its targets are fixed`)
  }
  const { task, numbers } = reading ?? {}
  const read = await loadData({ ...options, task, numbers, seed, ...namesOf(start) })
  const fit = (part: Dataset) => fitOutputs(part, start ? start.network.sizes.at(-1) : outputsOf(options.layers))
  const loaded = { train: fit(read.train), ...(read.validation && { validation: fit(read.validation) }) }
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
    reading,
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
  const reading = readingWith(options, start)
  const { task, numbers } = reading
  const opened = await openCsv(data, {
    ...textOptions(options, data),
    target,
    task,
    numbers,
    test,
    scaling,
    shuffle,
    seed,
    ...namesOf(start),
  })
  const { counts, close } = opened
  const outputs = start ? start.network.sizes.at(-1) : outputsOf(options.layers)
  const [train, validation] = [fitOutputs(opened.train, outputs), opened.test && fitOutputs(opened.test, outputs)]
  const prepared = { train, weighted: train, validation, scaling: opened.scaling, reading, close }
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
