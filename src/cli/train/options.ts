import { Command } from 'commander'
import { initializerNames, optimizerNames } from '../../index.ts'
import {
  addBackendOption,
  addDataOptions,
  addNetworkOptions,
  addStreamOption,
  classWeights,
  number,
  numbers,
  type OptimizerOptions,
} from '../options.ts'
import { addForceOption } from '../outputs/plan.ts'
import { scheduleHelp } from '../schedules.ts'

/** What `train` is told, as the command line has it. */
export interface TrainOptions extends OptimizerOptions {
  data?: string
  target?: string
  samples?: number
  noise?: number
  maxUnpackedBytes?: number
  stream?: boolean
  layers: string
  activation: string
  loss: string
  init: string
  l1?: number
  l2?: number
  dropout?: number[]
  classWeights?: 'balanced' | Record<string, number>
  earlyStopping?: number
  minDelta?: number
  checkpoint?: string
  checkpointEvery: number
  resume?: string
  force?: boolean
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

const examples = `
Examples:
  webgpu-mlp train --data circle --layers 2,3,2 --lr 1 --epochs 500 --report report.html
  webgpu-mlp train --data flowers.csv --target species --layers -,16,- --activation relu --loss crossEntropy \\
    --optimizer adam --lr 0.01 --epochs 50 --test 0.2 --standardize --out model.json
  webgpu-mlp train --data houses.csv --target price --layers -,32,1 --activation relu,linear --loss meanSquaredError \\
    --optimizer adam --lr 0.01 --epochs 200 --early-stopping 10 --test 0.2 --standardize --out model.json
  webgpu-mlp train --resume run.checkpoint`

/** The command with its options; what it does is for the caller to say. */
export function defineTrain(): Command {
  const command = new Command('train')
    .description('train a network and write it to a file')
    .optionsGroup('Data:')
    .option('--data <name>', 'circle, linear, xor, moons, spirals, digits, a CSV file, or a folder with IDX files')
  addDataOptions(command)
  addStreamOption(command)
    .option('--test <share>', 'hold out this share of the samples for validation', number)
    .option('--standardize', 'scale inputs to mean 0 and deviation 1 (kept in the model)')
    .option('--normalize', 'scale inputs to 0–1 (kept in the model)')
    .optionsGroup('Network:')
  addNetworkOptions(command)
    .option('--init <name>', initializerNames.join(', '), 'glorotUniform')
    .optionsGroup('Steps:')
    .option('--optimizer <name>', optimizerNames.join(', '), 'sgd')
    .option('--lr <rate>', "learning rate (default: 0.1 for sgd, else PyTorch's)", number)
    .option('--batch <size>', 'samples per step', number, 32)
    .option('--epochs <count>', 'passes over the data', number, 10)
    .option('--momentum <share>', 'for sgd and rmsprop', number)
    .option('--weight-decay <factor>', 'how much of each parameter a step takes away', number)
    .option('--schedule <form>', `how the rate changes from epoch to epoch:\n${scheduleHelp}`)
    .option('--warmup <epochs>', 'epochs in which the rate grows from a third', number)
    .option('--clip-norm <length>', 'shorten gradients that are longer than this', number)
    .option('--no-shuffle', 'take the samples in the order given')
  addBackendOption(command)
    .optionsGroup('Against overfitting, and for classes that are rare:')
    .option(
      '--dropout <shares>',
      'share of the hidden units to drop in each step; or one a hidden layer: 0.2,0.5',
      numbers,
    )
    .option('--l1 <factor>', 'press weights to zero', number)
    .option('--l2 <factor>', 'keep weights small', number)
    .option('--early-stopping <epochs>', 'stop after so many epochs without an improvement; keep the best', number)
    .option('--min-delta <amount>', 'what counts as an improvement of the loss', number)
    .option('--class-weights <weights>', "'balanced', or a weight a class: ill=20,healthy=1", classWeights)
    .optionsGroup('Files:')
    .option('--out <file>', 'where the trained model goes (JSON)')
    .option('--report <file>', 'where a report goes (one HTML file; history.csv beside it)')
    .option('--checkpoint <file>', 'write a checkpoint there as training goes on')
    .option('--checkpoint-every <epochs>', 'how often', number, 1)
    .option('--resume <file>', 'go on from a checkpoint; options that are not given are those of its run')
  return addForceOption(command)
    .optionsGroup('Output:')
    .option('--profile', 'say where the time went (training is slower by it)')
    .option('--json', 'print one JSON object instead of text')
    .addHelpText('after', examples)
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
