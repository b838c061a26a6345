import { Command } from 'commander'
import type { InitializerName, LossName, MissingPolicy } from '../../index.ts'
import type { ArrayOptions, TextOptions } from '../data.ts'
import { addFlag, addOwn, libraryFlags, numbers, ownFlags } from '../flags.ts'
import {
  addBackendOptions,
  addColumnOptions,
  addDataOptions,
  addDataSeed,
  addNetworkOptions,
  addTaskOption,
  type BackendOptions,
  classWeights,
  type OptimizerOptions,
  type TaskName,
} from '../options.ts'

/** The options of `train`, as the command line has them. */
export interface TrainOptions extends BackendOptions, OptimizerOptions, TextOptions, ArrayOptions {
  data?: string
  target?: string[]
  task?: TaskName
  samples?: number
  noise?: number
  stream?: boolean
  layers: string
  activation: string
  loss: LossName
  init: InitializerName
  l1?: number
  l2?: number
  dropout?: number[]
  classWeights?: 'balanced' | Record<string, number>
  earlyStopping?: number
  minDelta?: number
  checkpoint?: string
  checkpointEvery: number
  resume?: string
  from?: string
  force?: boolean
  batch: number
  epochs: number
  seed?: number
  dataSeed?: number
  deterministic?: boolean
  test?: number
  folds?: number
  validation?: string
  validationTargets?: string
  features?: readonly string[]
  drop?: readonly (string | number)[]
  missing?: MissingPolicy
  standardize?: boolean
  standardizeTargets?: boolean
  normalize?: boolean
  shuffle: boolean
  out?: string
  report?: string
  json?: boolean
  profile?: boolean
}

const examples = `
Examples:
  webgpu-mlp train --data circle --layers 2,3,2 --lr 1 --epochs 500 --report report.html
  webgpu-mlp train --data flowers.csv --target species --layers -,16,- --activation relu --loss crossEntropy \\
    --optimizer adam --lr 0.01 --epochs 50 --test 0.2 --standardize --out model.json
  webgpu-mlp train --data houses.csv --target price --layers -,32,1 --activation relu,linear --loss meanSquaredError \\
    --optimizer adam --lr 0.01 --epochs 200 --early-stopping 10 --test 0.2 --standardize --out model.json
  webgpu-mlp train --resume run.checkpoint`

/** The command with its options, without an action. */
export function defineTrain(): Command {
  const command = new Command('train').description('train a network and write it to a file').optionsGroup('Data:')
  addOwn(command, ownFlags.data)
  addDataOptions(command)
  addColumnOptions(command)
  addTaskOption(command)
  addOwn(command, ownFlags.stream)
  addFlag(command, libraryFlags.test)
  addFlag(command, libraryFlags.folds)
  addOwn(command, ownFlags.validation, ownFlags.validationTargets)
  addOwn(command, ownFlags.standardize, ownFlags.standardizeTargets, ownFlags.normalize)
  addDataSeed(command)
  command.optionsGroup('Network:')
  addNetworkOptions(command)
  addFlag(command, libraryFlags.init, { isDefaultShown: true }).optionsGroup('Steps:')
  addOwn(command, ownFlags.optimizer)
  addFlag(command, libraryFlags.lr)
  addFlag(command, libraryFlags.batch, { isDefaultShown: true })
  addFlag(command, libraryFlags.epochs, { isDefaultShown: true })
  addFlag(command, libraryFlags.momentum)
  addFlag(command, libraryFlags.weightDecay)
  addOwn(command, ownFlags.schedule)
  addFlag(command, libraryFlags.warmup)
  addFlag(command, libraryFlags.clipNorm)
  addFlag(command, libraryFlags.shuffle)
  addBackendOptions(command)
  addFlag(command, libraryFlags.deterministic)
  command.optionsGroup('Against overfitting, and for classes that are rare:')
  addFlag(command, libraryFlags.dropout, { read: numbers })
  addFlag(command, libraryFlags.l1)
  addFlag(command, libraryFlags.l2)
  addFlag(command, libraryFlags.earlyStopping)
  addFlag(command, libraryFlags.minDelta)
  addFlag(command, libraryFlags.classWeights, { read: classWeights }).optionsGroup('Files:')
  addOwn(command, ownFlags.out, ownFlags.report, ownFlags.checkpoint)
  addFlag(command, libraryFlags.checkpointEvery, { isDefaultShown: true })
  addOwn(command, ownFlags.resume, ownFlags.from, ownFlags.force).optionsGroup('Output:')
  addFlag(command, libraryFlags.profile)
  return addOwn(command, ownFlags.json).addHelpText('after', examples)
}

/** The options that the words of a command line give, not those that have their defaults. */
export function givenOptions(given: readonly string[]): Set<string> {
  const command = defineTrain()
    .exitOverride()
    .configureOutput({ outputError: () => undefined })
  command.parse([...given], { from: 'user' })
  return new Set(Object.keys(command.opts()).filter((name) => command.getOptionValueSource(name) === 'cli'))
}

/**
 * Reads the arguments of a `train` once more.
 * @throws CommanderError or InputError for those that do not fit
 */
export function parseTrain(given: readonly string[]): TrainOptions {
  const command = defineTrain()
    .exitOverride()
    .configureOutput({ outputError: () => undefined })
  return command.parse([...given], { from: 'user' }).opts<TrainOptions>()
}
