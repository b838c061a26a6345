import { Command } from 'commander'
import { scale } from '../data/preprocessing.ts'
import { checkName } from '../errors.ts'
import type { Network } from '../model/network.ts'
import { readModel } from '../node/files.ts'
import type { LossName } from '../training/loss.ts'
import { backendNames } from '../training/placement.ts'
import { Trainer } from '../training/trainer.ts'
import { describeData, loadData } from './data.ts'
import { addBackendOption, addDataOptions, number, parseLoss } from './options.ts'
import { decimal, percent, print } from './output.ts'

interface EvaluateOptions {
  model: string
  data: string
  target?: string
  samples?: number
  noise?: number
  seed?: number
  loss?: string
  backend: string
  json?: boolean
}

export function evaluateCommand(): Command {
  const command = new Command('evaluate')
    .description('score a trained model on data (in a folder with IDX files, on t10k-*)')
    .requiredOption('--model <file>', 'a model that train wrote')
    .requiredOption('--data <name>', 'the name of a generator, a CSV file, or a folder with IDX files')
  addDataOptions(command)
  addBackendOption(command)
  return command
    .option('--seed <number>', 'for generated data', number)
    .option('--loss <name>', 'default: crossEntropy for softmax outputs, else quadratic')
    .option('--json', 'print one JSON object instead of text')
    .action(evaluate)
}

/** The loss that a model is scored with where none is named. */
export function usualLoss(network: Network): LossName {
  return network.activations.at(-1) === 'softmax' ? 'crossEntropy' : 'quadratic'
}

async function evaluate(options: EvaluateOptions): Promise<void> {
  const backend = checkName('--backend', options.backend, backendNames)
  const network = await readModel(options.model)
  const loss = options.loss === undefined ? usualLoss(network) : parseLoss(options.loss)
  const { features, classes, scaling } = network
  const { data, target, samples, noise, seed } = options
  const loaded = await loadData({ data, target, samples, noise, seed, features, classes })
  const raw = loaded.validation ?? loaded.train
  const trainer = await Trainer.create(network, { backend, loss })
  try {
    const evaluation = await trainer.evaluate(scaling ? scale(raw, scaling) : raw)
    const { name, description } = trainer.backend
    if (options.json) {
      print(JSON.stringify({ backend: { name, description }, lossFunction: loss, ...evaluation }))
      return
    }
    print(`Data   ${data}: ${describeData(raw)}`)
    print(`Loss   ${decimal(evaluation.loss)} (${loss})`)
    if (evaluation.r2 === undefined || classes) print(`Score  ${percent(evaluation.accuracy)}`)
    else {
      print(`R²     ${decimal(evaluation.r2)}`)
      print(`Error  ${decimal(evaluation.meanAbsoluteError ?? NaN)} on average`)
    }
  } finally {
    trainer.dispose()
  }
}
