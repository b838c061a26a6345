import { InputError } from '../core/errors.ts'
import { areEqual } from '../core/values.ts'
import { Dataset } from '../data/dataset.ts'
import { isStream } from '../data/is-stream.ts'
import type { Network } from '../model/network.ts'
import { LoadedData, sourceOf, type TrainingData } from './loaded.ts'

/** What was last made of a data set, and for which preprocessing. */
const preparations = new WeakMap<Dataset, { readonly key: Preprocessing; readonly prepared: Dataset }>()

type Preprocessing = Pick<Network, 'encoding' | 'scaling' | 'targetScaling'>

/**
 * Data as a network takes them: encoded and scaled as it carries it. Data that went through the same preprocessing are
 * returned as they are. The result is kept, so the same data set gives the same result.
 * @param name how errors call the data
 * @throws InputError for data that were preprocessed in another way, or whose columns are of other kinds
 */
export function prepare<D extends TrainingData>(network: Network, data: D, name: string): D {
  // A network that was never fitted takes its preprocessing from the data.
  return !isPreprocessing(network) && network.task === undefined ? data : prepareAs(network, data, name)
}

/**
 * Validation data with the preprocessing that the network has, or that it takes from its training data when it is first
 * fitted.
 * @throws InputError as {@link prepare} does
 */
export function prepareValidation<D extends TrainingData>(network: Network, train: TrainingData, data: D): D {
  const known = knownPart(train)
  const isNew = !isPreprocessing(network) && network.task === undefined
  return prepareAs(isNew && known ? known : network, data, 'validation')
}

/** Samples that show what data are; undefined for a stream without an example. */
export function knownPart(data: TrainingData): Dataset | undefined {
  const source = data instanceof LoadedData ? sourceOf(data) : data
  return isStream(source) ? source.example : source
}

function prepareAs<D extends TrainingData>(network: Preprocessing, data: D, name: string): D {
  if (data instanceof LoadedData) {
    checkLoaded(network, data, name)
    return data
  }
  if (isStream(data)) return data.map((chunk) => prepareDataset(network, chunk, name)) as D
  return prepareKept(network, data, name) as D
}

const isPreprocessing = ({ encoding, scaling, targetScaling }: Preprocessing) =>
  encoding !== undefined || scaling !== undefined || targetScaling !== undefined

/** Loaded data are on the device, so their preprocessing cannot change any more. */
function checkLoaded(network: Preprocessing, data: LoadedData, name: string): void {
  const known = knownPart(data)
  if (!known) return
  const { encoding, scaling, targetScaling } = network
  if (
    areEqual(encoding, known.encoding) &&
    areEqual(scaling, known.scaling) &&
    areEqual(targetScaling, known.targetScaling)
  ) {
    return
  }
  throw new InputError(`${name}: these data were loaded with another preprocessing than the network's; load them again`)
}

function prepareKept(network: Preprocessing, data: Dataset, name: string): Dataset {
  const kept = preparations.get(data)
  const { encoding, scaling, targetScaling } = network
  const isSame =
    kept?.key.encoding === encoding && kept?.key.scaling === scaling && kept?.key.targetScaling === targetScaling
  if (kept && isSame) return kept.prepared
  const prepared = prepareDataset(network, data, name)
  preparations.set(data, { key: { encoding, scaling, targetScaling }, prepared })
  return prepared
}

function prepareDataset({ encoding, scaling, targetScaling }: Preprocessing, data: Dataset, name: string): Dataset {
  let prepared = data
  if (encoding) prepared = prepared.withEncoding(encoding, name)
  else if (data.encoding) throw new InputError(`${name}: has columns of words; the network was fitted on numbers`)
  if (scaling) prepared = prepared.withScaling(scaling, name)
  else if (data.scaling) throw new InputError(`${name}: are scaled; the network was fitted on data that are not`)
  if (targetScaling) prepared = prepared.withTargetScaling(targetScaling, name)
  else if (data.targetScaling) throw new InputError(`${name}: has scaled targets; the network was fitted on others`)
  return prepared
}

/**
 * Puts the preprocessing of training data on a network that has none yet, so that it carries all that lies between a row of
 * data and its answer.
 */
export function adoptPreprocessing(network: Network, data: TrainingData): void {
  const example = isStream(data) ? data.example : data instanceof Dataset ? data : undefined
  if (!example || isPreprocessing(network)) return
  if (!isPreprocessing(example) || network.task !== undefined) return
  network.features ??= example.features
  network.encoding = example.encoding
  network.scaling = example.scaling
  network.targetScaling = example.targetScaling
}
