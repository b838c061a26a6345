import { Command } from 'commander'
import { scale } from '../data/preprocessing.ts'
import { checkInteger, checkName, InputError } from '../errors.ts'
import type { Network } from '../model/network.ts'
import { readModel } from '../node/files.ts'
import type { LossName } from '../training/loss.ts'
import { classificationReport } from '../training/metrics.ts'
import { backendNames } from '../training/placement.ts'
import { Trainer } from '../training/trainer.ts'
import { describeData, loadData } from './data.ts'
import { addBackendOption, addDataOptions, number, parseLoss } from './options.ts'
import { decimal, percent, print } from './output.ts'
import { boundaryOf, classNames, describeScores } from './scores.ts'

interface EvaluateOptions {
  model: string
  data: string
  target?: string
  samples?: number
  noise?: number
  seed?: number
  loss?: string
  topK?: number
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
    .option('--top-k <count>', 'also count as right what is among that many largest answers (default: 2)', number)
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
    const scored = scaling ? scale(raw, scaling) : raw
    const evaluation = await trainer.evaluate(scored)
    const ofClasses = evaluation.r2 === undefined || classes !== undefined
    const { topK } = options
    if (topK !== undefined && !ofClasses) throw new InputError('--top-k: is for classes; these targets are quantities')
    if (topK !== undefined) checkInteger('--top-k', topK, 1, Math.max(2, raw.targets.cols))
    const boundary = boundaryOf(network)
    const report = ofClasses
      ? classificationReport(await trainer.predict(scored.inputs), scored, { topK, boundary })
      : undefined
    const names = classNames(classes ?? raw.classes, report?.classes.length ?? 0)
    const { name, description } = trainer.backend
    if (options.json) {
      const named = report && { ...report, classes: report.classes.map((one, i) => ({ name: names[i], ...one })) }
      print(JSON.stringify({ backend: { name, description }, lossFunction: loss, ...named, ...evaluation }))
      return
    }
    print(`Data   ${data}: ${describeData(raw)}`)
    print(`Loss   ${decimal(evaluation.loss)} (${loss})`)
    if (report) {
      print(`Score  ${percent(evaluation.accuracy)}`)
      print(describeScores(names, report))
    } else {
      print(`R²     ${decimal(evaluation.r2 ?? NaN)}`)
      print(`Error  ${decimal(evaluation.meanAbsoluteError ?? NaN)} on average`)
    }
  } finally {
    trainer.dispose()
  }
}
