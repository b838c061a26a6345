import { type ActivationName, type Dataset, InputError, type LossName, Network, requiredActivation, taskOf } from '../../index.ts' // prettier-ignore
import { isGenerated } from '../data.ts'
import { type Ends, parseLayers } from '../options.ts'
import { outputsOf, readingOf, type TargetReading } from '../target.ts'
import type { TrainOptions } from '../train/options.ts'
import type { CheckedAxes } from './axes.ts'
import type { SweepRecord } from './record.ts'

/** A network as `train` is given it: what the reading of the data and the task depend on. */
interface Form {
  /** As in `--layers`. */
  readonly layers: string
  readonly activations: readonly ActivationName[]
  readonly loss: LossName
}

/** The forms of all networks of a sweep. */
export function formsOf({ layers, axes }: CheckedAxes): Form[] {
  return layers.flatMap((text) => {
    const hiddenLayers = text.split(',').length - 2
    return axes.loss.flatMap((loss) =>
      lastParts(axes, loss).flatMap(({ hidden, last }) =>
        (axes.activations ?? [[...Array<ActivationName>(hiddenLayers).fill(hidden), last]]).map((list) => ({
          layers: text,
          activations: list as readonly ActivationName[],
          loss,
        })),
      ),
    )
  })
}

/** The activations of the hidden layers with those of the last one, as a sweep combines them. */
function lastParts({ activation, hidden, output }: CheckedAxes['axes'], loss: LossName) {
  const all = listOf(activation)
  return all.flatMap((one) =>
    listOf(hidden).flatMap((before) =>
      listOf(output).map((after) => ({
        hidden: before ?? one ?? 'sigmoid',
        last: after ?? one ?? requiredActivation(loss) ?? 'sigmoid',
      })),
    ),
  )
}

const listOf = <T>(values: T | readonly T[] | undefined): readonly (T | undefined)[] =>
  Array.isArray(values) ? (values as readonly T[]) : [values as T | undefined]

/**
 * Options of `train` with which the data are read for all networks.
 * @throws InputError where `train` would read them in another way for some
 */
export function readOnce(options: TrainOptions, forms: readonly Form[]): TrainOptions {
  const all = forms.map((form) => ({ ...options, layers: form.layers, activation: form.activations.join(), loss: form.loss })) // prettier-ignore
  const keyOf = (one: TrainOptions) => {
    const { task, numbers } = readingOf(one)
    const isOneOutput = outputsOf(one.layers) === 1
    // The targets of generated data are fixed.
    return JSON.stringify(isGenerated(options.data ?? '') ? [isOneOutput] : [isOneOutput, task, numbers])
  }
  const [first] = all as [TrainOptions]
  const other = all.find((one) => keyOf(one) !== keyOf(first))
  if (!other) return first
  const say = ({ layers, activation, loss }: TrainOptions) => `${layers} with ${activation} and ${loss}`
  throw new InputError(
    `sweep: the target is read in another way for ${say(other)} than for ${say(first)}; give --task and the same last size ` +
      'to all networks, or make two sweeps',
  )
}

/**
 * The task of all networks.
 * @throws InputError where they have different ones, or `train` would give a network another task than a sweep does
 */
export function taskOfAll(forms: readonly Form[], reading: TargetReading | undefined, data: Dataset, ends: Ends) {
  const isRegression = !data.classes && (reading?.task === 'regression' || reading?.numbers === 'targets')
  const asked = isRegression ? 'regression' : reading?.task === 'multilabel' ? 'multilabel' : undefined
  const tasks = forms.map(({ layers, activations, loss }): SweepRecord['task'] => {
    const network = Network.create({ sizes: parseLayers(layers, ends), activations, seed: 1 })
    return taskOf(network, loss, data)
  })
  const [task] = tasks as [SweepRecord['task']]
  const other = tasks.find((one) => one !== task) ?? (asked !== task ? asked : undefined)
  if (other === undefined) return task
  throw new InputError(
    `--task: with these losses and last layers, a sweep takes the targets as ${task}, and not as ${other}; choose those of one ` +
      'task, or make two sweeps',
  )
}
