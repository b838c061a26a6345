import { checkInstance, checkObject } from '../../core/errors.ts'
import { integer, kind, name, optional, readOptions, required } from '../../core/schema.ts'
import type { Dataset } from '../../data/dataset.ts'
import { type LossName, lossNames } from '../../loss/loss.ts'
import type { Task } from '../../model/description.ts'
import { Network } from '../../model/network.ts'
import type { Optimizer } from '../../optimizer/optimizer.ts'
import { taskFor } from '../decide-task.ts'
import { optimizerKind } from '../optimizer-option.ts'
import { prepare } from '../prepared.ts'
import type { Evaluation } from '../score.ts'
import { checkIsDataset } from '../settings.ts'
import { describeWorse } from './baseline.ts'
import { numberColumns, targetColumns } from './columns.ts'
import { largeRates } from './rates.ts'
import { libraryRemedies, type Remedies } from './remedies.ts'
import { describeInputs, describeTargets, sayRange, short, spreadOf } from './spread.ts'

/** What advice is about, in addition to network and data. */
export interface AdviceSettings {
  /** The loss that the network is trained with. */
  readonly loss: LossName
  /** How the program that shows the advice calls each remedy. */
  readonly remedies?: Partial<Remedies> | undefined
}

const objectOf = <T extends object>(expected: string) =>
  kind<T>((argument, value) => {
    checkObject(argument, value, expected)
    return value as T
  })

const fields = {
  loss: required(name(lossNames)),
  remedies: optional(objectOf<Partial<Remedies>>('an object of texts, such as { inputs }')),
}
const beforeSchema = { name: 'adviseBefore', fields }
const afterSchema = {
  name: 'adviseAfter',
  fields: {
    ...fields,
    training: required(objectOf<Evaluation>('what trainer.evaluate returns')),
    validation: optional(
      kind<Evaluation | null>((argument, value) =>
        value === null ? null : objectOf<Evaluation>('what trainer.evaluate returns').check(argument, value),
      ),
    ),
    epochs: optional(integer(0)),
  },
}
const divergedSchema = { name: 'adviseDiverged', fields: { ...fields, optimizer: required(optimizerKind) } }

interface Known {
  /** Without those that are scaled; clauses of {@link describeInputs} and {@link describeTargets}. */
  readonly inputs: string | undefined
  readonly targets: string | undefined
  /** Targets that the outputs cannot reach. */
  readonly reach: string | undefined
  readonly task: Task
  readonly remedies: Remedies
}

function examine(network: Network, given: Dataset, { loss, remedies }: AdviceSettings): Known {
  checkInstance('network', network, Network, 'Network')
  checkIsDataset(given, 'data')
  const data = prepare(network, given, 'data')
  const task = taskFor(network, loss, data)
  const areTargetsScaled = data.targetScaling !== undefined || task !== 'regression'
  return {
    inputs: data.scaling ? undefined : describeInputs(spreadOf(data.inputs, numberColumns(data))),
    targets: areTargetsScaled ? undefined : describeTargets(spreadOf(data.exactTargets, targetColumns(data))),
    reach: describeReach(network, data, task),
    task,
    remedies: { ...libraryRemedies, ...remedies },
  }
}

/**
 * What will probably keep a network from learning these data, known before training: inputs and regression targets that are
 * not scaled, and targets that the outputs cannot reach. Nothing for data that are scaled, by this library or otherwise.
 * @param network the network that will be trained; data are judged as they are after the preprocessing that it carries
 * @param data as they are given to `fit`
 * @param settings the `loss` that it will be trained with, and how the program calls what helps (`remedies`, default by
 *   the names of the library's functions)
 * @returns sentences without the full stop, each with what helps
 * @example
 * const data = Dataset.from([[0.2, 1680], [0.3, 410], [0.1, 940]], ['a', 'b', 'a'])
 * adviseBefore(Network.create({ sizes: [2, 4, 2] }), data, { loss: 'quadratic' })
 * // ['the inputs are of very different sizes: input 2 reaches from 410 to 1680, input 1 from 0.1 to 0.3; take …']
 */
export function adviseBefore(network: Network, data: Dataset, settings: AdviceSettings): string[] {
  return describeProblems(examine(network, data, readOptions(beforeSchema, settings)))
}

const describeProblems = ({ inputs, reach, targets, remedies }: Known): string[] => [
  ...(inputs === undefined ? [] : [`${inputs}; ${remedies.inputs}`]),
  ...(reach === undefined ? [] : [`${reach}; ${remedies.output}`]),
  ...(targets === undefined ? [] : [`${targets}; ${remedies.targets}`]),
]

function extremes(values: ArrayLike<number>): [low: number, high: number] {
  let [low, high] = [Infinity, -Infinity]
  for (let i = 0; i < values.length; i++) {
    low = Math.min(low, values[i]!)
    high = Math.max(high, values[i]!)
  }
  return [low, high]
}

/** Targets beyond what the output's activation can return. */
function describeReach(
  network: Network,
  { classes, exactTargets, targetScaling }: Dataset,
  task: Task,
): string | undefined {
  const output = network.activations.at(-1)!
  if (classes || task === 'multilabel' || (output !== 'sigmoid' && output !== 'softmax' && output !== 'tanh'))
    return undefined
  const [low, high] = extremes(exactTargets.data)
  const floor = output === 'tanh' ? -1 : 0
  if (low >= floor && high <= 1) return undefined
  const scaled = targetScaling ? 'scaled targets' : 'targets'
  return `the ${scaled} reach ${sayRange({ low, high })}, ${output} outputs only from ${floor} to 1`
}

/** How a run ended, for {@link adviseAfter}. */
export interface EndedRun extends AdviceSettings {
  /** On the training data. */
  readonly training: Evaluation
  /** The score on validation data, if there are any. */
  readonly validation?: Evaluation | null | undefined
  /** Trained so far: fewer than 10 say little, unless a cause is known. Default: enough. */
  readonly epochs?: number | undefined
}

/** Epochs before which a network is not expected to have learned anything. */
const FEW_EPOCHS = 10

/**
 * Whether a trained network is worse than an answer that ignores the inputs (the mean of the targets, the commonest class, for
 * each label the commoner value), with the likely cause.
 * @param network the network that was trained
 * @param data that it was trained on
 * @param run the `loss`; the scores on the `training` data and, if there are any, on the `validation` data, as
 *   `trainer.evaluate` returns them; how many `epochs` were trained (with fewer than 10, there is advice only where a
 *   cause is known; default 10); and how the program calls what helps (`remedies`, default by the names of the
 *   library's functions)
 * @returns sentences without the full stop; none where the network is better
 * @example
 * const data = circle({ samples: 100, seed: 1 })
 * const network = Network.create({ sizes: [2, 8, 2], seed: 1 })
 * await fit(network, data, { epochs: 1, seed: 1, backend: 'cpu' })
 * const trainer = await Trainer.create(network, { backend: 'cpu' })
 * adviseAfter(network, data, { loss: 'quadratic', training: await trainer.evaluate(data) })
 */
export function adviseAfter(network: Network, data: Dataset, run: EndedRun): string[] {
  const checked = readOptions(afterSchema, run)
  const { training, validation, epochs = FEW_EPOCHS } = checked
  const known = examine(network, data, checked)
  const worse = describeWorse(training, data, known.task)
  if (describeProblems(known).length === 0 && epochs < FEW_EPOCHS) return []
  if (worse !== undefined) return [`${worse}; ${describeCause(known)}`]
  if (validation?.r2 === undefined || validation.r2 >= 0) return []
  return [
    `on the validation data the network is worse than always answering the mean of the targets (R² ${short(validation.r2)}; ` +
      `training data ${short(training.r2!)}): it does not carry over to new samples; more data, fewer neurons, or early stopping help`,
  ]
}

function describeCause(known: Known): string {
  const causes = describeProblems(known)
  if (causes.length > 0) return `the likely cause: ${causes.join('; ')}`
  return 'train for more epochs, with another learning rate, or with more neurons'
}

/** What a run that diverged was trained with, for {@link adviseDiverged}. */
export interface DivergedRun extends AdviceSettings {
  /** The optimizer of the run. */
  readonly optimizer: Optimizer
}

/**
 * The likely causes of a divergence, in the order in which they are worth changing: learning rate, inputs, targets, the loss.
 * What is scaled already is not named.
 * @param network the network whose training diverged; its parameters are not looked at
 * @param data the samples that it was trained on, as they were given to `fit`
 * @param run the `loss` and the `optimizer` of the run, and how the program calls what helps (`remedies`, default by
 *   the names of the library's functions)
 * @returns a clause that goes after the message of a DivergedError
 * @example
 * adviseDiverged(network, train, { loss: 'quadratic', optimizer: sgd({ learningRate: 50 }) })
 * // 'lower the learning rate, which is 50'
 */
export function adviseDiverged(network: Network, data: Dataset, run: DivergedRun): string {
  const checked = readOptions(divergedSchema, run)
  const { inputs, targets, task, remedies } = examine(network, data, checked)
  const { learningRate, name, clipNorm } = checked.optimizer as Optimizer & { clipNorm?: number }
  const rate = typeof learningRate === 'number' ? learningRate : undefined
  const isLarge = rate !== undefined && rate >= largeRates[name]
  const lower = `lower the learning rate${rate === undefined ? '' : `, which is ${short(rate)}`}`
  const scales = [
    ...(inputs === undefined ? [] : [`${inputs}: ${remedies.inputs}`]),
    ...(targets === undefined ? [] : [`${targets}: ${remedies.targets}`]),
  ]
  if (scales.length > 0) return isLarge ? [lower, ...scales].join('; ') : `${scales.join('; ')}; or ${lower}`
  const isSquare = task === 'regression' && (checked.loss === 'quadratic' || checked.loss === 'meanSquaredError')
  const other = isSquare ? ['take the loss huber, whose slope is bounded'] : []
  const clip = clipNorm ? [] : [remedies.clipping]
  return isLarge ? lower : [lower, ...clip, ...other].join(', or ')
}
