import { Command } from 'commander'
import {
  type BackendName,
  ClassificationTally,
  Dataset,
  DataStream,
  decisionBoundary,
  InputError,
  type LossName,
  Network,
  scale,
  Trainer,
} from '../index.ts'
import { readModel } from '../node/files.ts'
import {
  type ArrayOptions,
  describeData,
  exampleOf,
  isStreamed,
  loadData,
  openCsv,
  type TextOptions,
  textOptions,
} from './data.ts'
import { addFlag, addOwn, addRequired, libraryFlags, ownFlags } from './flags.ts'
import { addDataOptions } from './options.ts'
import { decimal, percent, print } from './output.ts'
import { classNames, describeScores } from './scores.ts'

interface EvaluateOptions extends TextOptions, ArrayOptions {
  model: string
  data: string
  target?: string
  samples?: number
  noise?: number
  stream?: boolean
  seed?: number
  loss?: LossName
  topK?: number
  backend: BackendName
  json?: boolean
}

export function evaluateCommand(): Command {
  const command = new Command('evaluate').description(
    'score a trained model on data (in a folder with IDX files, on t10k-*)',
  )
  addRequired(command, ownFlags.model)
  addRequired(command, ownFlags.data)
  addDataOptions(command)
  addOwn(command, ownFlags.stream)
  addFlag(command, libraryFlags.backend, { isDefaultShown: true })
  addFlag(command, libraryFlags.dataSeed)
  addFlag(command, libraryFlags.usualLoss)
  addFlag(command, libraryFlags.topK)
  return addOwn(command, ownFlags.json).action(evaluate)
}

/** The loss that a model is scored with where none is named. */
export function usualLoss(network: Network): LossName {
  return network.activations.at(-1) === 'softmax' ? 'crossEntropy' : 'quadratic'
}

/** The samples as the file has them, and as the network takes them. */
async function loadSamples(options: EvaluateOptions, network: Network) {
  const { features, classes, scaling } = network
  const { data, target, stream } = options
  const scaled = (part: Dataset) => (scaling ? scale(part, scaling) : part)
  if (isStreamed(data, stream)) {
    const { train, close } = await openCsv(data, { ...textOptions(options, data), target, features, classes, shuffle: false }) // prettier-ignore
    return { raw: train, scaled: train.map(scaled), close }
  }
  const loaded = await loadData({ ...options, features, classes })
  const raw = loaded.validation ?? loaded.train
  return { raw, scaled: scaled(raw), close: () => undefined }
}

/** The number of samples of a stream that are evaluated at once. */
const AT_ONCE = 8192

async function reportOf(trainer: Trainer, data: Dataset | DataStream, topK: number | undefined) {
  const tally = new ClassificationTally(exampleOf(data).targets.cols, {
    topK,
    boundary: decisionBoundary(trainer.network),
  })
  for await (const part of data instanceof DataStream ? data.windows(AT_ONCE) : [data]) {
    tally.add(await trainer.predict(part.inputs), part)
  }
  return tally.report()
}

async function evaluate(options: EvaluateOptions): Promise<void> {
  const network = await readModel(options.model)
  const loss = options.loss ?? usualLoss(network)
  const { raw, scaled, close } = await loadSamples(options, network)
  const trainer = await Trainer.create(network, { backend: options.backend, loss })
  try {
    const evaluation = await trainer.evaluate(scaled)
    const { classes, targets } = exampleOf(raw)
    const ofClasses = evaluation.r2 === undefined || network.classes !== undefined
    const { topK } = options
    if (topK !== undefined && !ofClasses) throw new InputError('--top-k: is for classes; these are regression targets')
    const most = Math.max(2, targets.cols)
    if (topK !== undefined && topK > most) {
      throw new InputError(`--top-k: expected a whole number from 1 to ${most}, got ${topK}`)
    }
    const report = ofClasses ? await reportOf(trainer, scaled, topK) : undefined
    const names = classNames(network.classes ?? classes, report?.classes.length ?? 0)
    const { name, description } = trainer.backend
    if (options.json) {
      const named = report && { ...report, classes: report.classes.map((one, i) => ({ name: names[i], ...one })) }
      print(JSON.stringify({ backend: { name, description }, lossFunction: loss, ...named, ...evaluation }))
      return
    }
    print(`Data   ${options.data}: ${describeData(raw)}`)
    print(`Loss   ${decimal(evaluation.loss)} (${loss})`)
    if (report) {
      print(`Score  ${percent(evaluation.accuracy ?? NaN)}`)
      print(describeScores(names, report))
    } else {
      print(`R²     ${decimal(evaluation.r2 ?? NaN)}`)
      print(`Error  ${decimal(evaluation.meanAbsoluteError ?? NaN)} on average`)
    }
  } finally {
    trainer.dispose()
    close()
  }
}
