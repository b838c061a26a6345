import { randomInt } from 'node:crypto'
import { type Command, InvalidArgumentError } from 'commander'
import {
  type ActivationName,
  activationNames,
  adagrad,
  adam,
  adamw,
  type BackendName,
  checkName,
  InputError,
  type LossName,
  nadam,
  type Optimizer,
  optimizerNames,
  optionSchemas,
  requiredActivation,
  rmsprop,
  sgd,
  type TrainerOptions,
} from '../index.ts'
import { addFlag, addOwn, libraryFlags, longName, number, numbers, ownFlags, quote } from './flags.ts'
import { parseSchedule } from './schedules.ts'

export { number, numbers }

/** The tasks that `--task` takes. */
export const taskNames = ['auto', 'classification', 'multilabel', 'regression'] as const
export type TaskName = (typeof taskNames)[number]

/** A seed for a run that names none. */
export const randomSeed = (): number => randomInt(2 ** 32)

/** `balanced`, or `ill=20,healthy=1`: the weight follows the last `=`; names may have commas, and quotes around them. */
export function classWeights(text: string): 'balanced' | Record<string, number> {
  if (text === 'balanced') return text
  const weights = new Map<string, number>()
  let begun = ''
  const parts = text.match(/(?<=^|,)(?:\s*"(?:[^"]|"")*"[^,]*|[^,]*)/g) ?? []
  for (const [i, last] of parts.entries()) {
    const part = begun + last
    const end = part.lastIndexOf('=')
    // A name with a comma goes on behind it.
    if (end < 0 && i < parts.length - 1) {
      begun = `${part},`
      continue
    }
    begun = ''
    if (end < 0) throw new InvalidArgumentError(`expected a weight for each class, such as ill=20, got ${quote(part)}.`)
    const given = part.slice(0, end).trim()
    const name = /^".+"$/s.test(given) ? given.slice(1, -1).replaceAll('""', '"') : given
    if (weights.has(name)) throw new InvalidArgumentError(`the class ${quote(name)} has two weights.`)
    weights.set(name, number(part.slice(end + 1)))
  }
  // Own properties only: __proto__ and constructor are names like any other.
  return Object.fromEntries(weights)
}

/** The options that say how a CSV file is read. */
export function addTextOptions(command: Command): Command {
  const { delimiter, header, decimal, comment, encoding, maxUnpackedBytes } = libraryFlags
  for (const option of [delimiter, header, decimal, comment, encoding, maxUnpackedBytes]) addFlag(command, option)
  return command
}

/** The options that say which columns of a CSV file are inputs. */
export function addColumnOptions(command: Command): Command {
  return addFlag(addFlag(command, libraryFlags.features), libraryFlags.drop)
}

/** What runs a network, as the command line has it. */
export interface BackendOptions {
  backend: BackendName
  threads?: number
}

/** The options that say what runs a network. */
export function addBackendOptions(command: Command): Command {
  return addFlag(addFlag(command, libraryFlags.backend, { isDefaultShown: true }), libraryFlags.threads)
}

/**
 * The options of a trainer that say what runs it.
 * @throws InputError for --threads with a backend that has none
 */
export function checkBackend({ backend, threads }: BackendOptions): Pick<TrainerOptions, 'backend' | 'threads'> {
  if (threads === undefined || backend === 'wasm' || backend === 'auto') return { backend, threads }
  throw new InputError(`--threads: is for --backend wasm or auto, not for ${backend}`)
}

/** The same for a sweep, which trains on threads of the backend cpu, too. */
export function checkSweepBackend({ backend, threads }: BackendOptions): Pick<TrainerOptions, 'backend' | 'threads'> {
  if (threads === undefined || backend !== 'webgpu') return { backend, threads }
  throw new InputError(`--threads: is for --backend wasm, cpu or auto, not for ${backend}`)
}

/** @throws InputError for a backend on which ensembles do not compute */
export function checkEnsembleBackend({ backend }: Pick<TrainerOptions, 'backend'>): void {
  if (backend === undefined || backend === 'auto' || backend === 'cpu') return
  throw new InputError('--backend: the model is an ensemble, which computes on the CPU; expected auto or cpu')
}

/** The options that name a data set. */
export function addDataOptions(command: Command): Command {
  const { target, samples, noise } = libraryFlags
  const add = (text: string, earlier: readonly string[] = []) => [...earlier.filter((one) => one !== text), text]
  command.option(target.flag!, target.help!, add)
  for (const option of [samples, noise]) addFlag(command, option)
  addFlag(addTextOptions(command), libraryFlags.missing)
  return addOwn(command, ownFlags.targets, ownFlags.arrays)
}

/** The seed of the data, where it is another one than that of the networks. */
export function addDataSeed(command: Command): Command {
  const { flag, help } = ownFlags.dataSeed
  const { check } = optionSchemas.split.fields.seed
  return command.option(flag, help, (text: string) => check(longName(flag), number(text)))
}

/** What the outputs are to mean. */
export function addTaskOption(command: Command): Command {
  const { flag, help } = ownFlags.task
  return command.option(flag, help, (text: string) => checkName('--task', text, taskNames))
}

/** The options that shape a network and its loss. */
export function addNetworkOptions(command: Command): Command {
  addOwn(command, ownFlags.layers, ownFlags.activation)
  addFlag(command, libraryFlags.loss, { isDefaultShown: true })
  return addFlag(command, libraryFlags.seed)
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
      throw new InputError(
        `--layers: '-' takes a size from the data, which is possible for the first and the last layer only, in '${text}'`,
      )
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

/** @throws InputError for unknown names, negative rates, and a momentum for an optimizer without momentum */
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
  if (momentum !== undefined && !('momentum' in optionSchemas[name].fields)) {
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
