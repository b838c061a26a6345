import { Command } from 'commander'
import { initializerNames } from '../../model/initializer.ts'
import {
  addBackendOption,
  addDataOptions,
  addNetworkOptions,
  addStreamOption,
  classWeights,
  number,
  numbers,
} from '../options.ts'
import { scheduleHelp } from '../schedules.ts'

/** What `train` is told, as the command line has it. */
export interface TrainOptions {
  data?: string
  target?: string
  samples?: number
  noise?: number
  stream?: boolean
  layers: string
  activation: string
  loss: string
  init: string
  optimizer: string
  lr?: number
  momentum?: number
  weightDecay?: number
  clipNorm?: number
  schedule?: string
  warmup?: number
  l1?: number
  l2?: number
  dropout?: number[]
  classWeights?: 'balanced' | Record<string, number>
  earlyStopping?: number
  minDelta?: number
  checkpoint?: string
  checkpointEvery: number
  resume?: string
  batch: number
  epochs: number
  seed?: number
  backend: string
  test?: number
  standardize?: boolean
  normalize?: boolean
  shuffle: boolean
  out?: string
  report?: string
  json?: boolean
  profile?: boolean
}

/** The command with its options; what it does is for the caller to say. */
export function defineTrain(): Command {
  const command = new Command('train')
    .description('train a network and write it to a file')
    .option('--data <name>', 'circle, linear, xor, moons, spirals, digits, a CSV file, or a folder with IDX files')
  addDataOptions(command)
  addStreamOption(command)
  addNetworkOptions(command)
  addBackendOption(command)
  return command
    .option('--init <name>', initializerNames.join(', '), 'glorotUniform')
    .option('--optimizer <name>', 'sgd, rmsprop, adagrad, adam, adamw', 'sgd')
    .option('--lr <rate>', "learning rate (default: 0.1 for sgd, else PyTorch's)", number)
    .option('--momentum <share>', 'for sgd and rmsprop', number)
    .option('--weight-decay <factor>', 'how much of each parameter a step takes away', number)
    .option('--schedule <form>', `how the rate changes from epoch to epoch: ${scheduleHelp}`)
    .option('--warmup <epochs>', 'epochs in which the rate grows from a third', number)
    .option('--clip-norm <length>', 'shorten gradients that are longer than this', number)
    .option('--l1 <factor>', 'press weights to zero', number)
    .option('--l2 <factor>', 'keep weights small', number)
    .option(
      '--dropout <shares>',
      'drop this share of the hidden units in each step; or one a hidden layer: 0.2,0.5',
      numbers,
    )
    .option('--class-weights <weights>', "'balanced', or a weight a class: ill=20,healthy=1", classWeights)
    .option('--early-stopping <epochs>', 'stop after so many epochs without an improvement; keep the best', number)
    .option('--min-delta <amount>', 'what counts as an improvement of the loss', number)
    .option('--checkpoint <file>', 'write a checkpoint there as training goes on')
    .option('--checkpoint-every <epochs>', 'how often', number, 1)
    .option('--resume <file>', 'go on from a checkpoint; options that are not given are those of its run')
    .option('--batch <size>', 'samples per step', number, 32)
    .option('--epochs <count>', 'passes over the data', number, 10)
    .option('--test <share>', 'hold out this share of the samples for validation', number)
    .option('--standardize', 'scale inputs to mean 0 and deviation 1 (kept in the model)')
    .option('--normalize', 'scale inputs to 0–1 (kept in the model)')
    .option('--no-shuffle', 'take the samples in the order given')
    .option('--out <file>', 'where the trained model goes (JSON)')
    .option('--report <file>', 'where a report goes (one HTML file; history.csv beside it)')
    .option('--profile', 'say where the time went (training is slower by it)')
    .option('--json', 'print one JSON object instead of text')
}

/**
 * Reads the arguments of a `train` once more.
 * @throws CommanderError for those that do not fit
 */
export function parseTrain(given: readonly string[]): TrainOptions {
  const command = defineTrain()
    .exitOverride()
    .configureOutput({ outputError: () => undefined })
  return command.parse([...given], { from: 'user' }).opts<TrainOptions>()
}
