import { describe, InputError, listNames } from '../core/errors.ts'
import type { Matrix } from '../core/matrix.ts'
import type { Dataset } from '../data/dataset.ts'
import { sayAlike } from '../data/names.ts'
import { type LossName, losses } from '../loss/loss.ts'
import { outputBoundary } from '../model/activation.ts'
import type { Task } from '../model/description.ts'
import type { Network } from '../model/network.ts'

/**
 * What all targets of a data set have in common: one 1 per row and else low values; only 1 and low values; only one of them.
 */
type TargetForm = 'oneHot' | 'binary' | 'constant' | 'numbers'

/** A data set is examined once; its targets do not change. */
const knownForms = new WeakMap<Matrix, Map<number, TargetForm>>()

/** @param low the value of what is not true: 0, or −1 where the boundary is 0 (tanh) */
function formOf(targets: Matrix, low: number): TargetForm {
  const known = knownForms.get(targets) ?? new Map<number, TargetForm>()
  const form = known.get(low) ?? findForm(targets, low)
  knownForms.set(targets, known.set(low, form))
  return form
}

function findForm({ rows, cols, data }: Matrix, low: number): TargetForm {
  let isOneHot = cols > 1
  let total = 0
  for (let i = 0, at = 0; i < rows; i++) {
    let ones = 0
    for (let j = 0; j < cols; j++, at++) {
      if (data[at] === 1) ones++
      else if (data[at] !== low) return 'numbers'
    }
    isOneHot &&= ones === 1
    total += ones
  }
  if (isOneHot) return 'oneHot'
  return total > 0 && total < data.length ? 'binary' : 'constant'
}

/** The form of targets with 0, or with −1 where the outputs are tanh, in the place of what is not true. */
function targetForm({ activations }: Network, targets: Matrix): TargetForm {
  const form = formOf(targets, 0)
  return form === 'numbers' && outputBoundary(activations.at(-1)!) === 0 ? formOf(targets, -1) : form
}

type TaskData = Pick<Dataset, 'targets' | 'classes'>

/**
 * What the outputs of a network mean that is trained on these data with this loss:
 * - softmax outputs: classification;
 * - one output: classification where the data have two classes, where the loss is binaryCrossEntropy, and where all targets
 *   are 0 or 1 (for tanh outputs also −1 or 1); else regression;
 * - several outputs: classification where every row of the targets is one-hot; multilabel where all targets are 0 or 1, and
 *   the outputs are sigmoid or tanh or the data have class names; otherwise classification where there are class names,
 *   multilabel for binaryCrossEntropy, else regression.
 */
export function decideTask(network: Network, loss: LossName, data: TaskData): Task {
  const output = network.activations.at(-1)!
  const classes = data.classes ?? network.classes
  const isBounded = output === 'sigmoid' || output === 'tanh'
  const isPaired = losses[loss].requires !== undefined
  if (output === 'softmax') return 'classification'
  const form = targetForm(network, data.targets)
  if (data.targets.cols === 1) {
    const areClasses = form === 'binary' || (form === 'constant' && isBounded)
    return classes || isPaired || areClasses ? 'classification' : 'regression'
  }
  if (form === 'oneHot') return 'classification'
  if (form !== 'numbers' && (isBounded || classes)) return 'multilabel'
  if (classes) return 'classification'
  return isPaired ? 'multilabel' : 'regression'
}

/** The task of a network, or where it has none yet, that of the data. */
export const taskFor = (network: Network, loss: LossName, data: TaskData): Task =>
  network.task ?? decideTask(network, loss, data)

const targetsOfTask: Record<Task, string> = {
  classification: 'one class per sample',
  multilabel: 'several labels per sample',
  regression: 'regression targets',
}

/** @throws InputError for data of another task than the one that the network was fitted for */
export function checkTask(network: Network, loss: LossName, data: Dataset, name: string): void {
  const { task } = network
  if (task === undefined) return
  const found = decideTask(network, loss, data)
  if (found === task || fitsTask(task, found, network, data)) return
  throw new InputError(
    `${name}: its targets are ${targetsOfTask[found]}, but the network was fitted for ${task} (${targetsOfTask[task]}); ` +
      'train a new network, or set network.task',
  )
}

/** Whether data that alone would be of another task are valid for this one. */
function fitsTask(task: Task, found: Task, network: Network, { targets, classes }: Dataset): boolean {
  if (task === 'regression') return classes === undefined
  const form = targetForm(network, targets)
  // Samples of a larger data set may have one label each by chance; one column of 0 and 1 is two classes.
  if (task === 'multilabel') return form !== 'numbers'
  return targets.cols === 1 ? form !== 'numbers' : found !== 'multilabel' && form === 'oneHot'
}

/**
 * Checks that names of classes, targets and columns are those of the network, in the same order.
 * @throws InputError naming both
 */
export function checkNames(
  network: Pick<Network, 'classes' | 'targetNames' | 'features'>,
  data: Dataset,
  name: string,
): void {
  compareNames(network.classes, data.classes, name, 'classes', 'give the readers, or Dataset.from, { classes: network.classes }') // prettier-ignore
  compareNames(network.targetNames, data.targetNames, name, 'targets', 'give the readers { targetNames: network.targetNames } (on the command line, leave --target out)') // prettier-ignore
  const { features } = network
  // Of data that are encoded already, the inputs are not the columns.
  if (features?.length === data.features?.length) {
    compareNames(features, data.features, name, 'columns', 'give parseCsv { features: network.features }')
  }
}

function compareNames(
  own: readonly string[] | undefined,
  others: readonly string[] | undefined,
  name: string,
  what: string,
  hint: string,
): void {
  if (!own || !others || (own.length === others.length && own.every((one, i) => one === others[i]))) return
  const known = new Set(own)
  const isReordered = own.length === others.length && others.every((one) => known.has(one))
  const [has, expected] = [listNames(others, 8), listNames(own, 8)]
  throw new InputError(
    isReordered
      ? `${name}: its ${what} are in the order ${has}, the network's in the order ${expected}; ${hint}`
      : `${name}: its ${what} are ${has}, the network was fitted on ${expected}${sayDifference(own, others)}`,
  )
}

/** Where a name differs from one of the network's only in how it is written. */
function sayDifference(own: readonly string[], others: readonly string[]): string {
  const other = others.find((name) => !own.includes(name) && sayAlike(name, own) !== '')
  return other === undefined ? '' : `; ${describe(other)}${sayAlike(other, own).replace('; it differs', ' differs')}`
}

/** Puts on the network what it was fitted with; names that it has already are kept. */
export function describeFit(network: Network, loss: LossName, data: Dataset): void {
  network.task ??= decideTask(network, loss, data)
  network.loss = loss
  network.classes ??= data.classes
  network.targetNames ??= data.targetNames
  network.features ??= data.features
}
