import {
  balancedWeights,
  type ClassWeights,
  Dataset,
  DataStream,
  Encoding,
  InputError,
  normalize,
  Scaling,
  standardize,
  standardizeTargets,
} from '../../index.ts'
import { holdOut, isCsv, isGenerated, isStreamed, loadData, openCsv, textOptions } from '../data.ts'
import { parseActivations } from '../options.ts'
import { fitOutputs, outputsOf, readingFor, readingOf, type TargetReading } from '../target.ts'
import type { Start } from './from.ts'
import type { TrainOptions } from './options.ts'
import { openValidation } from './validation.ts'

/**
 * The data of a run. Those that are read as a whole and those of `--validation` are in their own units: the network carries the
 * scalings, and the trainer applies them. Streams for training are scaled already.
 */
export interface PreparedData {
  readonly train: Dataset | DataStream
  /** The same, with the weights of their classes, where there are any: what the steps are made with. */
  readonly weighted: Dataset | DataStream
  readonly validation: Dataset | DataStream | undefined
  readonly scaling: Scaling | undefined
  readonly targetScaling: Scaling | undefined
  /** How the target was read; undefined for generated data. */
  readonly reading: TargetReading | undefined
  /** Removes temporary files. */
  close(): void
}

type Options = TrainOptions & { data: string }

/** @throws InputError as the readers do, and for two scalings */
export async function prepareData(options: Options, seed: number, start?: Start): Promise<PreparedData> {
  const { data, stream } = options
  if (options.standardize && options.normalize) {
    throw new InputError('--normalize: is the other of --standardize; take one')
  }
  if (options.validation !== undefined && options.test !== undefined) {
    throw new InputError('--validation: is the other of --test; take one')
  }
  return (await isStreamed(data, stream)) ? openStream(options, seed, start) : readWhole(options, seed, start)
}

/** What the model knows which training begins from. */
function known(start: Start | undefined) {
  if (!start) return {}
  const { features, classes, targetNames, encoding, sizes } = start.network
  return {
    ...(features && { features }),
    ...(classes && { classes }),
    ...(targetNames && { targetNames }),
    columns: encoding ?? Encoding.ofNumbers(sizes[0]!),
  }
}

/** How the target is read: as the model needs it that training begins from, else as the options say. */
async function readingWith(options: Options, start: Start | undefined): Promise<TargetReading> {
  if (start) return { ...readingFor(start.network), reason: 'the model' }
  const { target, features, drop, data } = options
  const isLastColumn = [target, features, drop].every((one) => one === undefined) && (await isCsv(data))
  return { ...readingOf(options), isLastColumn }
}

async function readWhole(options: Options, seed: number, start: Start | undefined): Promise<PreparedData> {
  const { data, test, classWeights } = options
  const reading = isGenerated(data) ? undefined : await readingWith(options, start)
  if (!reading && (options.task ?? 'auto') !== 'auto') {
    throw new InputError(`--task: '${data}' is generated, its targets are fixed`)
  }
  const { task, numbers } = reading ?? {}
  const read = await loadData({ ...options, task, numbers, seed, ...known(start) })
  const outputs = start ? start.network.sizes.at(-1) : outputsOf(options.layers)
  const fit = (part: Dataset) => fitOutputs(part, outputs)
  const own = read.validation && fit(read.validation)
  if (own && (test !== undefined || options.validation !== undefined)) {
    throw new InputError(`--${test === undefined ? 'validation' : 'test'}: '${data}' has its own validation set`)
  }
  const all = fit(read.train)
  const { train, validation } = test === undefined ? { train: all, validation: own } : holdOut(all, test, seed)
  const weighted = classWeights === undefined ? train : train.withClassWeights(classWeights)
  const scalings = fitScalings(options, train, start)
  const { samples, close } = await openValidation(options, train, reading)
  return { train, weighted, validation: validation ?? samples, ...scalings, reading, close }
}

/** The scalings of inputs and targets, fitted on the training data; those of a model that training begins from. */
function fitScalings(options: Options, train: Dataset, start: Start | undefined) {
  if (start) return { scaling: start.network.scaling, targetScaling: start.network.targetScaling }
  const scaling = options.standardize ? standardize(train) : options.normalize ? normalize(train) : undefined
  return { scaling, targetScaling: scalesTargets(options, train) ? standardizeTargets(train) : undefined }
}

/** Whether regression targets are scaled: where asked for, and with `--standardize` for outputs without bounds. */
function scalesTargets(options: Options, { classes }: Dataset): boolean {
  if (options.standardizeTargets && classes) {
    throw new InputError('--standardize-targets: is for regression targets; these are classes')
  }
  return options.standardizeTargets === true || (options.standardize === true && !classes && hasLinearOutput(options))
}

function hasLinearOutput({ activation, layers, loss }: Options): boolean {
  return parseActivations(activation, layers.split(',').length - 1, loss).at(-1) === 'linear'
}

async function openStream(options: Options, seed: number, start: Start | undefined): Promise<PreparedData> {
  const { data, target, samples, noise, test, folds, shuffle, classWeights, features, drop, missing } = options
  if (folds !== undefined) {
    throw new InputError('--folds: needs all samples in memory; these are read a part at a time (--stream, or a large file)') // prettier-ignore
  }
  if (samples !== undefined) throw new InputError(`--samples: is for generated data, '${data}' is read`)
  if (noise !== undefined) throw new InputError(`--noise: is for generated data, '${data}' is read`)
  const reading = await readingWith(options, start)
  const { task, numbers } = reading
  const opened = await openCsv(data, {
    ...{ ...textOptions(options, data), target, features, drop, missing, task, numbers, test, shuffle, seed },
    ...known(start),
    scaling: start ? undefined : options.standardize ? 'standardize' : options.normalize ? 'normalize' : undefined,
    standardizeTargets: !start && (options.standardizeTargets ?? (options.standardize === true && hasLinearOutput(options) && 'automatic')), // prettier-ignore
  })
  try {
    const outputs = start ? start.network.sizes.at(-1) : outputsOf(options.layers)
    const [train, held] = [fitOutputs(opened.train, outputs), opened.test && fitOutputs(opened.test, outputs)]
    const weighted = classWeights === undefined ? train : weigh(train, opened.counts, classWeights)
    const { scaling, targetScaling } = start ? start.network : opened
    const { samples, close } = await openValidation(options, train, reading)
    const closeAll = () => {
      close()
      opened.close()
    }
    return { train, weighted, validation: held ?? samples, scaling, targetScaling, reading, close: closeAll }
  } catch (error) {
    opened.close()
    throw error
  }
}

/** A stream with the weights of its classes. @param counts samples of each class */
function weigh(train: DataStream, counts: number[] | undefined, given: ClassWeights | 'balanced'): DataStream {
  if (!counts) throw new InputError('classWeights: the data have no classes')
  const weights: ClassWeights = given === 'balanced' ? balancedWeights(counts) : given
  return train.map((chunk) => chunk.withClassWeights(weights))
}
