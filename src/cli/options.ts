import { Option } from 'commander'
import { checkName } from '../errors.ts'
import {
  type ActivationName,
  activationNames,
  adagrad,
  adam,
  adamw,
  type BackendName,
  backendNames,
  initializerNames,
  InputError,
  type LossName,
  lossNames,
  type Optimizer,
  type OptimizerName,
  optimizerNames,
  rmsprop,
  sgd,
} from '../index.ts'

/** A size of --layers: a number, or '-' for what the data have. */
export type LayerSize = number | '-'

/** A number given to a flag. */
export function parseNumber(flag: string, text: string, { min = -Infinity, below = Infinity, above = -Infinity } = {}) {
  const value = text.trim() === '' ? Number.NaN : Number(text)
  if (Number.isFinite(value) && value >= min && value < below && value > above) return value
  const bounds = [
    min > -Infinity && `of at least ${min}`,
    above > -Infinity && `above ${above}`,
    below < Infinity && `below ${below}`,
  ]
  const range = bounds.filter(Boolean).join(' and ')
  throw new InputError(`${flag}: expected a number${range && ` ${range}`}, got '${text}'`)
}

/** A whole number given to a flag. */
export function parseInteger(flag: string, text: string, min: number, max = 2 ** 32 - 1): number {
  const value = /^[+-]?\d+$/.test(text.trim()) ? Number(text) : Number.NaN
  if (value >= min && value <= max) return value
  throw new InputError(`${flag}: expected a whole number from ${min} to ${max}, got '${text}'`)
}

/** 2,3,2 or -,30,-: sizes of layers, inputs first; '-' only where the data fix the size. */
export function parseLayers(text: string): LayerSize[] {
  const parts = text.split(',').map((part) => part.trim())
  if (parts.length < 2) {
    throw new InputError(`--layers: expected two sizes or more, such as 2,3,2 or -,30,-, got '${text}'`)
  }
  return parts.map((part, l) => {
    if (part !== '-') return parseInteger(`--layers: layer ${l + 1}`, part, 1, 2 ** 24)
    if (l === 0 || l === parts.length - 1) return '-'
    throw new InputError(`--layers: '-' may stand for the first and the last layer only, got '${text}'`)
  })
}

/** One name, or a comma list. */
export function parseActivations(text: string): ActivationName[] {
  return text.split(',').map((name) => checkName('--activation', name.trim(), activationNames))
}

/**
 * One activation a layer: a list as it is given; one name for every layer, but for the output layer of a loss that is
 * computed together with softmax or sigmoid.
 */
export function spreadActivations(names: readonly ActivationName[], layers: number, loss: LossName): ActivationName[] {
  if (names.length > 1 || layers === 1) {
    if (names.length !== layers) {
      const wanted = `one name, or ${layers}, one a layer after the inputs`
      throw new InputError(`--activation: expected ${wanted}, got ${names.length}: ${names.join(',')}`)
    }
  }
  const [name = 'sigmoid'] = names
  const output = { crossEntropy: 'softmax', binaryCrossEntropy: 'sigmoid' } as const
  const last = loss in output ? output[loss as keyof typeof output] : name
  const spread = names.length > 1 ? [...names] : [...Array<ActivationName>(layers - 1).fill(name), last]
  const misplaced = spread.slice(0, -1).indexOf('softmax')
  if (misplaced >= 0) {
    const mend = `such as --activation ${[...Array<string>(layers - 1).fill('sigmoid'), 'softmax'].join(',')}`
    throw new InputError(`--activation: softmax is for the output layer only; name one a layer, ${mend}`)
  }
  return spread
}

const makers: Record<OptimizerName, (options: { learningRate?: number }) => Optimizer> = {
  sgd,
  rmsprop,
  adagrad,
  adam,
  adamw,
}

/** The optimizer with its learning rate: for sgd 0.1 where none is given, else PyTorch's default. */
export function makeOptimizer(name: OptimizerName, learningRate: number | undefined): Optimizer {
  const rate = learningRate ?? (name === 'sgd' ? 0.1 : undefined)
  return makers[name](rate === undefined ? {} : { learningRate: rate })
}

/** The flags that several commands share. */
export const flags = {
  data: (what = `circle, linear, xor, moons, spirals, digits; a .csv file; or a folder with MNIST's IDX files`) =>
    new Option('--data <source>', what),
  model: () => new Option('--model <file>', 'a model file, as train writes it'),
  target: () =>
    new Option(
      '--target <column>',
      "the CSV column to predict: its name, or number from 0 (default: the last); several: --target a --target b",
    ).argParser((text: string, before: string[] | undefined) => [...(before ?? []), text]),
  task: () =>
    new Option('--task <kind>', 'classification or regression (default: as the target column looks)').argParser((text) =>
      checkName('--task', text, ['classification', 'regression'] as const),
    ),
  layers: (fallback: string) =>
    new Option('--layers <sizes>', 'layer sizes; - for what the data have')
      .default(parseLayers(fallback), fallback)
      .argParser(parseLayers),
  activation: () =>
    new Option('--activation <names>', `one for all layers, or one a layer: ${activationNames.join(', ')}`)
      .default(['sigmoid'], 'sigmoid')
      .argParser(parseActivations),
  loss: (note = 'quadratic') =>
    new Option('--loss <name>', `${lossNames.join(', ')} (default: ${note})`).argParser((text): LossName =>
      checkName('--loss', text, lossNames),
    ),
  optimizer: () =>
    new Option('--optimizer <name>', optimizerNames.join(', '))
      .default('sgd')
      .argParser((text): OptimizerName => checkName('--optimizer', text, optimizerNames)),
  lr: () =>
    new Option('--lr <number>', "learning rate (default: sgd 0.1, the others PyTorch's)").argParser((text) =>
      parseNumber('--lr', text, { min: 0 }),
    ),
  batch: () =>
    new Option('--batch <samples>', 'samples per step').default(32).argParser((text) => parseInteger('--batch', text, 1)),
  epochs: () =>
    new Option('--epochs <count>', 'passes over the data')
      .default(10)
      .argParser((text) => parseInteger('--epochs', text, 1)),
  seed: () =>
    new Option('--seed <number>', 'for data, split, first weights and order (default: drawn, and told)').argParser((text) =>
      parseInteger('--seed', text, 0),
    ),
  init: () =>
    new Option('--init <name>', `first weights: ${initializerNames.join(', ')}`)
      .default('glorotUniform')
      .argParser((text) => checkName('--init', text, initializerNames)),
  backend: () =>
    new Option('--backend <name>', 'auto (a hardware GPU, else the CPU), webgpu, cpu')
      .default('auto')
      .argParser((text): BackendName => checkName('--backend', text, backendNames)),
  samples: () =>
    new Option('--samples <count>', 'how many samples to generate').argParser((text) =>
      parseInteger('--samples', text, 1, 2 ** 28),
    ),
  noise: () =>
    new Option('--noise <deviation>', 'noise of generated data').argParser((text) =>
      parseNumber('--noise', text, { min: 0 }),
    ),
  json: (what = 'print one JSON object and nothing else') => new Option('--json', what),
}
