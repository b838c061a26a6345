import { Dataset, DataStream, InputError, type LossName, type Network } from '../../index.ts'
import { readModel } from '../../node/files.ts'
import { exampleOf } from '../data.ts'
import { usualLoss } from '../evaluate.ts'
import { parseActivations, parseLayers } from '../options.ts'
import { givenOptions, type TrainOptions } from './options.ts'

/** A model that training begins from, with the options that the command line gives. */
export interface Start {
  /** The option that names it, for errors. */
  readonly option: string
  readonly path: string
  readonly network: Network
  readonly loss: LossName
  readonly given: ReadonlySet<string>
}

/** Options that a model decides, with the reason. */
const decided: Readonly<Partial<Record<keyof TrainOptions, string>>> = {
  folds: 'the model may have been trained on samples that a fold leaves out',
  init: 'the parameters are those of the model',
  task: 'the task is that of the model',
  standardize: "the model's own scaling of inputs applies to the new data",
  normalize: "the model's own scaling of inputs applies to the new data",
  standardizeTargets: "the model's own scaling of targets applies to the new data",
}

/**
 * The model of `--from`; undefined without it.
 * @param words of the command line, and of the run that is resumed
 * @throws InputError for a file that is no model, and options that the model decides
 */
export async function readStart(
  options: TrainOptions,
  words: readonly string[],
  option = '--from',
): Promise<Start | undefined> {
  const { from: path } = options
  if (path === undefined) return undefined
  const given = givenOptions(words)
  for (const [name, reason] of Object.entries(decided)) {
    if (given.has(name)) throw new InputError(`--${name}: with --from, ${reason}; leave the option out`)
  }
  const network = await readModel(path)
  return { option, path, network, loss: given.has('loss') ? options.loss : (network.loss ?? usualLoss(network)), given }
}

/**
 * The network that training begins with.
 * @throws InputError where the data or the options are not those of the model
 */
export function startNetwork(
  { option, path, network, loss, given }: Start,
  data: Dataset | DataStream,
  options: TrainOptions,
): Network {
  // prettier-ignore
  const { inputs, targets, features, classes, targetNames } = exampleOf(data)
  const { sizes, activations } = network
  const [first, last] = [sizes[0]!, sizes.at(-1)!]
  if (first !== inputs.cols)
    throw new InputError(`${option}: ${path} has ${first} inputs, the data have ${inputs.cols}`)
  if (last !== targets.cols) {
    throw new InputError(`${option}: ${path} has ${last} outputs, the data have ${targets.cols} targets (classes or columns)`) // prettier-ignore
  }
  if (given.has('layers') && parseLayers(options.layers, { inputs: first, outputs: last }).join() !== sizes.join()) {
    throw new InputError(`--layers: ${path} has ${sizes.join()}; leave the option out, or give the same`)
  }
  if (
    given.has('activation') &&
    parseActivations(options.activation, sizes.length - 1, loss).join() !== activations.join()
  ) {
    // prettier-ignore
    throw new InputError(`--activation: ${path} has ${activations.join()}; leave the option out, or give the same`)
  }
  network.features ??= features
  network.classes ??= classes
  network.targetNames ??= targetNames
  return network
}
