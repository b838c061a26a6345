import { stat } from 'node:fs/promises'
import { nearestName } from '../errors.ts'
import {
  circle,
  Dataset,
  digits,
  type GeneratorOptions,
  InputError,
  linear,
  Matrix,
  moons,
  type Network,
  scale,
  spirals,
  xor,
} from '../index.ts'
import { readDataset } from '../node/files.ts'
import type { LayerSize } from './options.ts'
import { count, grouped, list } from './format.ts'

const generators: Readonly<Record<string, (options: GeneratorOptions) => Dataset>> = {
  circle,
  linear,
  xor,
  moons,
  spirals,
  digits,
}

/** What the flags of a command say about its data. */
export interface DataFlags {
  data: string
  target?: string[]
  task?: 'classification' | 'regression'
  samples?: number
  noise?: number
}

/** Data as they were read or generated. */
export interface Source {
  /** What they are called, for people. */
  name: string
  kind: 'generated' | 'csv' | 'images'
  train: Dataset
  validation: Dataset | undefined
}

/**
 * Generates or reads the data that --data names. The generators' names come first; ./circle is a folder of that name.
 * @param known names of the columns and classes that a model expects
 */
export async function loadData(
  flags: DataFlags,
  seed: number,
  known: { features?: readonly string[] | undefined; classes?: readonly string[] | undefined } = {},
): Promise<Source> {
  const { data: name, target, task, samples, noise } = flags
  const generate = Object.hasOwn(generators, name) ? generators[name] : undefined
  if (generate) {
    if (target || task) throw new InputError(`--${target ? 'target' : 'task'}: goes with CSV files, not with ${name}`)
    const kind = name === 'digits' ? 'images' : 'generated'
    return { name, kind, train: generate({ samples, noise, seed }), validation: undefined }
  }
  const found = await stat(name).catch(() => undefined)
  if (!found) throw new InputError(explainMissing(name))
  const stray = samples !== undefined ? 'samples' : noise !== undefined ? 'noise' : undefined
  if (stray) throw new InputError(`--${stray}: goes with generated data (${list(Object.keys(generators))}), not files`)
  if (found.isDirectory() && (target || task)) {
    throw new InputError(`--${target ? 'target' : 'task'}: goes with CSV files, not with a folder of IDX files`)
  }
  const { train, validation } = await readDataset(name, { ...known, target, task })
  return { name, kind: found.isDirectory() ? 'images' : 'csv', train, validation }
}

function explainMissing(name: string): string {
  const near = /[./\\]/.test(name) ? undefined : nearestName(name, Object.keys(generators))
  const hint = near === undefined ? '' : ` (did you mean '${near}'?)`
  const names = Object.keys(generators).join(', ')
  return `--data: there is no file or folder '${name}'${hint}; expected a .csv file, a folder with IDX files, or ${names}`
}

/**
 * The same samples for a network of so many outputs: two classes may be one column (0 or 1) or two (one-hot), and each is
 * made from the other as the last layer asks. Anything else is left as it is.
 */
export function fitOutputs(data: Dataset, outputs: number): Dataset {
  const { inputs, targets, features, classes } = data
  if (classes?.length !== 2 || targets.cols === outputs || outputs > 2) return data
  const labels = data.labels()
  const y = outputs === 1 ? new Matrix(labels.length, 1, Float32Array.from(labels)) : labels
  return Dataset.from(inputs, y, { features, classes })
}

/** The sizes of --layers with the data's in place of '-'. @throws InputError where they do not fit the data */
export function fitLayers(layers: readonly LayerSize[], { name, train }: Source): { sizes: number[]; train: Dataset } {
  const last = layers.at(-1)
  const fitted = typeof last === 'number' ? fitOutputs(train, last) : train
  const [features, outputs] = [fitted.inputs.cols, fitted.targets.cols]
  const sizes = layers.map((size, l) => (size !== '-' ? size : l === 0 ? features : outputs))
  const mend = `expected --layers ${['-', ...layers.slice(1, -1), '-'].join(',')} (that is ${[features, ...sizes.slice(1, -1), outputs].join(',')})`
  if (sizes[0] !== features) {
    throw new InputError(`--layers: begins with ${sizes[0]}, but ${name} has ${count(features, 'feature')}; ${mend}`)
  }
  if (sizes.at(-1) !== outputs) {
    const what = fitted.classes ? count(fitted.classes.length, 'class', 'classes') : count(outputs, 'target column')
    throw new InputError(`--layers: ends with ${sizes.at(-1)}, but ${name} has ${what}; ${mend}`)
  }
  return { sizes, train: fitted }
}

/** Data as a model expects them: with its outputs, behind its scaling. @throws InputError where they do not fit */
export function fitModel(data: Dataset, network: Network, name: string): Dataset {
  const fitted = fitOutputs(data, network.sizes.at(-1) ?? 0)
  const sizes = network.sizes.join('-')
  if (fitted.inputs.cols !== network.sizes[0]) {
    const wanted = network.features ? ` (${list(network.features)})` : ''
    throw new InputError(
      `--data: ${name} has ${count(fitted.inputs.cols, 'feature')}, the model ${sizes} expects ${network.sizes[0]}${wanted}`,
    )
  }
  if (fitted.targets.cols !== network.sizes.at(-1)) {
    const what = count(fitted.targets.cols, 'target column')
    throw new InputError(`--data: ${name} has ${what}, the model ${sizes} gives ${network.sizes.at(-1)}`)
  }
  return network.scaling ? scale(fitted, network.scaling) : fitted
}

/** What the data are, in a line. */
export function describeData({ name, train, validation }: Source): string {
  const outputs = train.classes
    ? `${count(train.classes.length, 'class', 'classes')} (${list(train.classes)})`
    : count(train.targets.cols, 'target')
  const held = validation ? `, ${grouped(validation.length)} more for validation` : ''
  return `${name}: ${count(train.length, 'sample')}${held}, ${count(train.inputs.cols, 'feature')}, ${outputs}`
}
