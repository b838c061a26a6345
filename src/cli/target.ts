import {
  type CsvOptions,
  Dataset,
  DataStream,
  InputError,
  type LossName,
  Network,
  requiredActivation,
  taskOf,
} from '../index.ts'
import { exampleOf } from './data.ts'
import { parseActivations, type TaskName } from './options.ts'

/** How the target of a file is read. */
export interface TargetReading extends Pick<CsvOptions, 'task' | 'numbers'> {
  /** Why, where it does not follow from the target alone. */
  readonly reason?: string
  /** Whether the target is the last column because nothing names one. */
  readonly isLastColumn?: boolean
}

interface NetworkOptions {
  readonly task?: TaskName | undefined
  readonly target?: readonly string[] | undefined
  readonly loss: LossName
  readonly layers: string
  readonly activation: string
}

/** What the options alone say about the target: `--task`, else the loss and the last layer. */
export function readingOf({ task = 'auto', target, loss, layers, activation }: NetworkOptions): TargetReading {
  const sizes = layers.split(',')
  const last = sizes.at(-1)!.trim()
  const output = parseActivations(activation, sizes.length - 1, loss).at(-1)!
  if (task === 'multilabel' && output === 'softmax') {
    throw new InputError('--task: softmax outputs choose one class of several; multilabel needs sigmoid outputs, such as those of --loss binaryCrossEntropy') // prettier-ignore
  }
  if (task !== 'auto') return { task, reason: '--task' }
  if (requiredActivation(loss) !== undefined) return { numbers: 'classes', reason: `the loss is ${loss}` }
  if (output === 'softmax') return { numbers: 'classes', reason: 'the outputs are softmax' }
  const isBounded = output === 'sigmoid' || output === 'tanh'
  if (!isBounded && (last === '1' || (last === '-' && output === 'linear'))) {
    return { numbers: 'targets', reason: `the last layer is ${output}, the loss ${loss}` }
  }
  // Columns of 0 and 1 are labels then.
  const isList = target !== undefined && (target.length > 1 || target[0]!.includes(','))
  return isBounded && isList ? { numbers: 'classes', reason: `the outputs are ${output}` } : {}
}

/** The number of outputs that `--layers` names; undefined where they follow from the data. */
export function outputsOf(layers: string): number | undefined {
  const last = Number(layers.split(',').at(-1))
  return Number.isInteger(last) ? last : undefined
}

/**
 * Data for a network with that number of outputs: two classes are one column where there is one output.
 * @throws InputError for more classes and one output
 */
export function fitOutputs<D extends Dataset | DataStream>(data: D, outputs: number | undefined): D {
  const { classes, targets } = exampleOf(data)
  if (outputs !== 1 || !classes || targets.cols === 1) return data
  if (classes.length > 2) {
    throw new InputError(
      `--layers: the last size is 1, but the target has ${classes.length} classes; write ${classes.length}, or '-' to take ` +
        'it; --task regression and a linear last layer predict numbers as values',
    )
  }
  return (data instanceof DataStream ? data.map((chunk) => chunk.toOneColumn()) : data.toOneColumn()) as D
}

/** How the target is read for a model: it decides the task, not the file. */
export function readingFor(network: Network): TargetReading {
  const { classes, activations } = network
  const output = activations.at(-1)!
  const isBounded = output === 'sigmoid' || output === 'tanh' || output === 'softmax'
  // Models of earlier versions do not have it.
  const task = network.task ?? (classes ? 'classification' : isBounded ? undefined : 'regression')
  if (task === 'classification' && !classes) return { numbers: 'classes' }
  return task === undefined ? {} : { task }
}

/** What the reader decided, and why, in one line. */
export function describeTask(
  network: Network,
  loss: LossName,
  data: Dataset | DataStream,
  { task, numbers, reason, isLastColumn = false }: TargetReading,
): string {
  const { classes, targets } = exampleOf(data)
  const what = taskOf(network, loss, data)
  const areNumbers = classes?.every((name) => name.trim() !== '' && Number.isFinite(Number(name))) ?? true
  const isByReason = task !== undefined || (numbers === 'classes') === (classes !== undefined) ? reason : undefined
  const found = classes
    ? areNumbers
      ? `the target has ${classes.length} different whole numbers (--task regression takes them as values)`
      : 'the target has words'
    : `the target has numbers${targets.cols === 1 ? ' (--task classification takes them as names of classes)' : ''}`
  const isOneOutput = classes?.length === 2 && targets.cols === 1
  const last = isLastColumn ? '; the target is the last column (--target names another)' : ''
  return `${what}: ${isByReason ?? found}${last}${isOneOutput ? `; one output for ${classes[0]} and ${classes[1]}` : ''}`
}
