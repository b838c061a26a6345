import { Command } from 'commander'
import {
  ClassificationTally,
  Dataset,
  DataStream,
  decisionBoundary,
  Encoding,
  Ensemble,
  evaluateEnsemble,
  type Evaluation,
  InputError,
  type LossName,
  Matrix,
  type MissingPolicy,
  MultilabelTally,
  Network,
  RegressionTally,
  taskOf,
  Trainer,
} from '../index.ts'
import { readAnyModel } from '../node/files.ts'
import {
  type ArrayOptions,
  describeData,
  exampleOf,
  isGenerated,
  isNpy,
  isStreamed,
  loadData,
  openCsv,
  type TextOptions,
  textOptions,
} from './data.ts'
import { fitOutputs, readingFor } from './target.ts'
import { addFlag, addOwn, addRequired, libraryFlags, ownFlags } from './flags.ts'
import {
  addBackendOptions,
  addDataOptions,
  type BackendOptions,
  checkBackend,
  checkEnsembleBackend,
} from './options.ts'
import { decimal, percent, print } from './output.ts'
import { classNames, describeScores, labelTable, targetNames, targetTable } from './scores.ts'

interface EvaluateOptions extends BackendOptions, TextOptions, ArrayOptions {
  model: string
  data: string
  target?: string[]
  samples?: number
  noise?: number
  missing?: MissingPolicy
  stream?: boolean
  seed?: number
  loss?: LossName
  topK?: number
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
  addBackendOptions(command)
  addFlag(command, libraryFlags.dataSeed)
  addFlag(command, libraryFlags.usualLoss)
  addFlag(command, libraryFlags.topK)
  return addOwn(command, ownFlags.json).action(evaluate)
}

/** The loss that a model is scored with where none is named: the one that it was trained with, if it is known. */
export function usualLoss(network: Network): LossName {
  return network.loss ?? (network.activations.at(-1) === 'softmax' ? 'crossEntropy' : 'quadratic')
}

/** The samples as the file has them. The model says what the columns and the target are, not the file. */
async function loadSamples(options: EvaluateOptions, network: Network, encoding: Encoding | undefined) {
  const { features, classes, targetNames } = network
  const { data, target, stream, missing } = options
  const columns = encoding ?? Encoding.ofNumbers(network.sizes[0]!)
  const known = { features, classes, targetNames, columns, missing, ...readingFor(network) }
  const outputs = network.sizes.at(-1)
  const hasColumns = !isGenerated(data) && !(await isNpy(data))
  if (network.task === 'regression' && !targetNames && outputs! > 1 && target === undefined && hasColumns) {
    throw new InputError(`--target: the model predicts ${outputs} targets and does not know their names; name their columns, in its order`) // prettier-ignore
  }
  if (await isStreamed(data, stream)) {
    const opened = await openCsv(data, { ...textOptions(options, data), target, ...known, shuffle: false })
    const raw = fitOutputs(opened.train, outputs)
    return { samples: raw, close: opened.close }
  }
  const loaded = await loadData({ ...options, ...known })
  const raw = fitOutputs(loaded.validation ?? loaded.train, outputs)
  return { samples: raw, close: () => undefined }
}

/** The number of samples of a stream that are evaluated at once. */
const AT_ONCE = 8192

/** What is scored: a network on a backend, or an ensemble on the CPU. */
interface Scorer {
  /** Of an ensemble the first network, which says what outputs mean. */
  readonly network: Network
  readonly backend: { readonly name: string; readonly description: string }
  readonly evaluate: (data: Dataset | DataStream) => Promise<Evaluation>
  readonly predict: (inputs: Matrix) => Promise<Matrix> | Matrix
  readonly dispose: () => void
}

async function openScorer(model: Network | Ensemble, loss: LossName, options: EvaluateOptions): Promise<Scorer> {
  const backend = checkBackend(options)
  if (!(model instanceof Ensemble)) return Trainer.create(model, { ...backend, loss })
  checkEnsembleBackend(backend)
  return {
    network: model.networks[0]!,
    backend: { name: 'cpu', description: `ensemble of ${model.networks.length} networks` },
    evaluate: (data) => evaluateEnsemble(model, data, { loss }),
    predict: (inputs) => model.predict(inputs),
    dispose: () => undefined,
  }
}

/** Feeds a tally with the outputs for all samples. */
async function tallyOutputs(
  scorer: Scorer,
  data: Dataset | DataStream,
  add: (outputs: Matrix, part: Dataset) => void,
): Promise<void> {
  for await (const part of data instanceof DataStream ? data.windows(AT_ONCE) : [data]) {
    add(await scorer.predict(part.inputs), part)
  }
}

async function classReport(scorer: Scorer, data: Dataset | DataStream, topK: number | undefined) {
  const boundary = decisionBoundary(scorer.network)
  const tally = new ClassificationTally(exampleOf(data).targets.cols, { topK, boundary })
  await tallyOutputs(scorer, data, (outputs, part) => {
    tally.add(outputs, part)
  })
  return tally.report()
}

async function labelReport(scorer: Scorer, data: Dataset | DataStream) {
  const tally = new MultilabelTally({ boundary: decisionBoundary(scorer.network) })
  await tallyOutputs(scorer, data, (outputs, part) => {
    tally.add(outputs, part)
  })
  return tally.report()
}

async function targetReport(scorer: Scorer, data: Dataset | DataStream) {
  const tally = new RegressionTally()
  await tallyOutputs(scorer, data, (outputs, part) => {
    tally.add(outputs, part)
  })
  return tally.report()
}

async function evaluate(options: EvaluateOptions): Promise<void> {
  const model = await readAnyModel(options.model)
  const network = model instanceof Ensemble ? model.networks[0]! : model
  const loss = options.loss ?? model.loss ?? usualLoss(network)
  const { samples, close } = await loadSamples(options, network, model.encoding)
  const scorer = await openScorer(model, loss, options)
  try {
    const evaluation = await scorer.evaluate(samples)
    const { classes, targets } = exampleOf(samples)
    const { topK } = options
    const task = taskOf(network, loss, samples)
    if (topK !== undefined && task !== 'classification') {
      throw new InputError(`--top-k: is for classes; the task of this model is ${task}`)
    }
    const most = Math.max(2, targets.cols)
    if (topK !== undefined && topK > most) {
      throw new InputError(`--top-k: expected a whole number from 1 to ${most}, got ${topK}`)
    }
    const report = task === 'classification' ? await classReport(scorer, samples, topK) : undefined
    const labels = task === 'multilabel' ? await labelReport(scorer, samples) : undefined
    const regression = task === 'regression' ? await targetReport(scorer, samples) : undefined
    const names = regression
      ? targetNames(network, options.target, targets.cols)
      : classNames(network.classes ?? classes ?? network.targetNames, report?.classes.length ?? targets.cols)
    const named = <T>(scores: readonly T[]) => scores.map((one, i) => ({ name: names[i], ...one }))
    const { name, description } = scorer.backend
    if (options.json) {
      const all = { ...(report && { ...report, classes: named(report.classes) }), ...(labels && { ...labels, labels: named(labels.labels) }), ...(regression && { targets: named(regression.targets) }) } // prettier-ignore
      print(JSON.stringify({ backend: { name, description }, lossFunction: loss, ...all, ...evaluation }))
      return
    }
    print(`Data   ${options.data}: ${describeData(samples)}`)
    print(`Loss   ${decimal(evaluation.loss)} (${loss})`)
    if (evaluation.accuracy !== undefined) print(`Score  ${percent(evaluation.accuracy)}`)
    if (evaluation.exactMatch !== undefined)
      print(`Exact  ${percent(evaluation.exactMatch)} of the samples have all labels right`)
    if (evaluation.r2 !== undefined) print(`R²     ${decimal(evaluation.r2)}`)
    if (evaluation.meanAbsoluteError !== undefined) print(`Error  ${decimal(evaluation.meanAbsoluteError)} on average`)
    if (report) print(describeScores(names, report))
    if (labels)
      print([`Labels are predicted where the output is above ${labels.boundary}`, '', ...labelTable(names, labels)])
    if (regression) print(['', ...targetTable(names, regression)])
  } finally {
    scorer.dispose()
    close()
  }
}
