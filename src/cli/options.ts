import { randomInt } from 'node:crypto'
import { type Command, InvalidArgumentError } from 'commander'
import { checkNumber, describe } from '../core/errors.ts'
import {
  type ActivationName,
  activationNames,
  adagrad,
  adam,
  adamw,
  checkName,
  InputError,
  type LossName,
  lossNames,
  nadam,
  type Optimizer,
  optimizerNames,
  requiredActivation,
  rmsprop,
  sgd,
} from '../index.ts'
import { parseSchedule } from './schedules.ts'

/** A seed for a run that names none. */
export const randomSeed = (): number => randomInt(2 ** 32)

/** A number in an option's value; whole numbers and ranges are checked where they are used, by the library. */
export function number(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || Number.isNaN(value))
    throw new InvalidArgumentError(`expected a number, got ${describe(text)}.`)
  return value
}

/** Numbers with commas between them. */
export const numbers = (text: string): number[] => text.split(',').map(number)

/** `balanced`, or `ill=20,healthy=1`. */
export function classWeights(text: string): 'balanced' | Record<string, number> {
  if (text === 'balanced') return text
  const weights = new Map<string, number>()
  for (const part of text.split(',')) {
    const [name = '', weight = ''] = part.split('=')
    if (weights.has(name.trim())) throw new InvalidArgumentError(`the class ${describe(name.trim())} has two weights.`)
    weights.set(name.trim(), number(weight))
  }
  // Own properties, whatever they are called: __proto__ and constructor are names like others.
  return Object.fromEntries(weights)
}

const list = (names: readonly string[]) => names.join(', ')

/** The options that name a data set. */
export function addDataOptions(command: Command): Command {
  return command
    .option('--target <column>', 'CSV: the column to predict, by name or number (default: the last)')
    .option('--samples <count>', 'generated data: how many samples', number)
    .option('--noise <deviation>', 'generated points: how far they are moved at random', number)
    .option(
      '--max-unpacked-bytes <count>',
      'IDX files: what a gzipped one may unpack to (default: 64 MiB, or 16 times the file)',
      number,
    )
}

/** The option that has a CSV file read a part at a time. */
export function addStreamOption(command: Command): Command {
  return command.option('--stream', 'read a CSV file a part at a time (done by itself from 256 MB on)')
}

/** The option that names a backend. */
export function addBackendOption(command: Command): Command {
  return command.option('--backend <name>', 'auto, webgpu or cpu; auto takes a hardware GPU, else the CPU', 'auto')
}

/** The options that shape a network and its loss. */
export function addNetworkOptions(command: Command): Command {
  return command
    .option('--layers <sizes>', "neurons per layer, inputs first; '-' takes a size from the data", '-,3,-')
    .option('--activation <names>', `one for all layers, or one a layer: ${list(activationNames)}`, 'sigmoid')
    .option('--loss <name>', list(lossNames), 'quadratic')
    .option('--seed <number>', 'for everything that is drawn (default: drawn, and told)', number)
}

/** The data's ends of a network. */
export interface Ends {
  inputs: number
  outputs: number
}

/**
 * `--layers 2,3,2`, or with `-` for what the data fix.
 * @throws InputError where a size is not one, or does not fit the data
 */
export function parseLayers(text: string, data?: Ends): number[] {
  const parts = text.split(',').map((part) => part.trim())
  if (parts.length < 2) throw new InputError(`--layers: expected at least two sizes, such as 2,3,2, got '${text}'`)
  return parts.map((part, l) => {
    const fixed = l === 0 ? data?.inputs : l === parts.length - 1 ? data?.outputs : undefined
    if (part === '-') {
      if (fixed !== undefined) return fixed
      throw new InputError(`--layers: '-' stands for a size that the data fix: the first or the last, in '${text}'`)
    }
    const size = Number(part)
    if (!Number.isInteger(size) || size < 1)
      throw new InputError(`--layers: '${part}' in '${text}' is not a layer's size`)
    if (fixed !== undefined && fixed !== size) {
      const end = l === 0 ? ['first', 'input columns'] : ['last', 'targets (classes or columns)']
      throw new InputError(
        `--layers: the ${end[0]} size is ${size}, but the data have ${fixed} ${end[1]}; write ${fixed}, or '-' to take it`,
      )
    }
    return size
  })
}

/**
 * `--activation relu`, or one a layer. One name goes for all layers, but for an output layer that the loss fixes.
 * @throws InputError for unknown names (with the nearest known one) and a count that is not the layers'
 */
export function parseActivations(text: string, layers: number, loss: LossName): ActivationName[] {
  const names = text.split(',').map((name) => checkName('--activation', name.trim(), activationNames))
  if (names.length === 1) {
    const [name] = names as [ActivationName]
    const output = requiredActivation(loss) ?? name
    return [...Array<ActivationName>(layers - 1).fill(name), output]
  }
  if (names.length !== layers) {
    throw new InputError(
      `--activation: expected one name, or ${layers}, one a layer after the first; got ${names.length}`,
    )
  }
  return names
}

export const parseLoss = (text: string): LossName => checkName('--loss', text, lossNames)

/** What the optimizer's options came as. */
export interface OptimizerOptions {
  optimizer: string
  lr?: number
  momentum?: number
  weightDecay?: number
  clipNorm?: number
  schedule?: string
  warmup?: number
}

/** @throws InputError for unknown names, negative rates, and a momentum where there is none */
export function parseOptimizer({
  optimizer,
  lr,
  momentum,
  weightDecay,
  clipNorm,
  schedule,
  warmup,
}: OptimizerOptions): Optimizer {
  const name = checkName('--optimizer', optimizer, optimizerNames)
  if (lr !== undefined && !(lr >= 0 && lr < Infinity)) {
    throw new InputError(`--lr: expected a learning rate of at least 0, got ${lr}`)
  }
  if (weightDecay !== undefined) checkNumber('--weight-decay', weightDecay, { min: 0 })
  if (momentum !== undefined) checkNumber('--momentum', momentum, { min: 0 })
  if (momentum !== undefined && name !== 'sgd' && name !== 'rmsprop') {
    throw new InputError(`--momentum: is for sgd and rmsprop; ${name} has its own`)
  }
  // Alone, sgd takes the article's rate, as a trainer without an optimizer does.
  const rule = { sgd, rmsprop, adagrad, adam, adamw, nadam }[name]
  const base = lr ?? (name === 'sgd' ? 0.1 : (rule().learningRate as number))
  const learningRate = parseSchedule(schedule, base, warmup)
  const options = {
    learningRate,
    ...(clipNorm !== undefined && { clipNorm }),
    ...(momentum !== undefined && { momentum }),
    ...(weightDecay !== undefined && { weightDecay }),
  }
  return rule(options)
}
