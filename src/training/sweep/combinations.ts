import { InputError } from '../../core/errors.ts'
import { Random } from '../../core/random.ts'
import { losses } from '../../loss/loss.ts'
import { axisFields, type CheckedSweep } from './options.ts'
import type { SweepSettings } from './settings.ts'
import { type CheckedRange, isRange, numberWithin } from './values.ts'

type AxisName = keyof typeof axisFields
const axisNames = Object.keys(axisFields) as AxisName[]

/** The values of one option, or the range from which they are taken. */
interface Axis {
  readonly name: AxisName
  readonly values: readonly unknown[] | CheckedRange
}

const sizeOf = ({ values }: Axis) => (isRange(values) ? Infinity : values.length)

/**
 * The combinations of settings that a sweep trains, each with every seed.
 * @param samples of the training data, for the time that the error names
 * @throws InputError where there are too many
 */
export function combinationsOf(options: CheckedSweep, samples: number): SweepSettings[] {
  const axes = axisNames.map((name): Axis => ({ name, values: options[name] ?? [undefined] }))
  const { random } = options
  const ranged = axes.find(({ values }) => isRange(values))
  if (ranged && !random) {
    throw new InputError(
      `${ranged.name}: a range is for random search, random: { count: 100 }; for a grid give values, such as logspace(0.01, 10, 32)`,
    )
  }
  const all = axes.reduce((product, axis) => product * sizeOf(axis), 1)
  checkCount(axes, random?.count ?? all, samples, options)
  if (!random) return Array.from({ length: all }, (_, index) => settingsOf(axes, valuesAt(axes, index)))
  if (random.count > all) {
    throw new InputError(
      `random: count: expected at most the ${all} combinations that there are, got ${random.count}; leave random out to train all`,
    )
  }
  return takeRandom(axes, all, random).map((chosen) => settingsOf(axes, chosen))
}

/** Says which options have how many values, since one of them probably has too many, and how long they would take. */
function checkCount(axes: readonly Axis[], combinations: number, samples: number, options: CheckedSweep): void {
  const { seeds, limit, random, folds, shard } = options
  // Each fold is trained, and all samples together.
  const trainings = folds ? folds.count + 1 : 1
  const count = combinations * seeds.length * trainings
  const shards = shard?.count ?? 1
  if (count <= limit * shards) return
  const factors = random
    ? [`${random.count} combinations`]
    : axes.filter((axis) => sizeOf(axis) > 1).map((axis) => `${sizeOf(axis)} of ${axis.name}`)
  if (seeds.length > 1) factors.push(`${seeds.length} seeds`)
  if (folds) factors.push(`${trainings} trainings (${folds.count} folds, and all samples)`)
  const steps = count * meanOf(options.epochs) * Math.ceil(samples / meanOf(options.batchSize))
  throw new InputError(
    `sweep: ${factors.join(' × ')} are ${count.toLocaleString('en')} networks, more than the limit of ` +
      `${limit.toLocaleString('en')}${shards > 1 ? ` for each of ${shards} shards` : ''}. Training them takes ` +
      `${sayRoughly(steps)} steps, which is ${sayDuration(steps / STEPS_PER_SECOND)} at a million steps a second. ` +
      'Give fewer values, train some of them with random: { count: 1000 }, or raise limit',
  )
}

/** What small networks reach side by side, more or less, on a usual computer; it is named with the time that follows. */
const STEPS_PER_SECOND = 1e6

const meanOf = (values: readonly number[] | CheckedRange) =>
  isRange(values) ? (values.from + values.to) / 2 : values.reduce((sum, value) => sum + value / values.length, 0)

/** '320 billion' */
const sayRoughly = (value: number) =>
  `about ${Number(value.toPrecision(2)).toLocaleString('en', { notation: 'compact', compactDisplay: 'long' })}`

/** 'about 5 days' */
export function sayDuration(seconds: number): string {
  const units = [
    ['year', 31_557_600],
    ['day', 86_400],
    ['hour', 3600],
    ['minute', 60],
  ] as const
  const [unit, length] = units.find(([, length]) => seconds >= length) ?? (['second', 1] as const)
  const count = Math.max(1, Math.round(seconds / length))
  return `about ${count.toLocaleString('en')} ${unit}${count === 1 ? '' : 's'}`
}

/** The values of a combination by its number: those of the last option change first. */
function valuesAt(axes: readonly Axis[], index: number): unknown[] {
  const chosen: unknown[] = []
  let rest = index
  for (const { values } of axes.toReversed()) {
    const own = values as readonly unknown[]
    chosen.unshift(own[rest % own.length])
    rest = Math.floor(rest / own.length)
  }
  return chosen
}

/** Random combinations, none of them twice. */
function takeRandom(axes: readonly Axis[], all: number, { count, seed }: { count: number; seed: number }): unknown[][] {
  const random = new Random(seed, 'sweep')
  // Where a good part of all is taken, random ones would often be some that were taken already.
  if (count > all / 2) return [...random.permutation(all).subarray(0, count)].map((index) => valuesAt(axes, index))
  const taken = new Map<string, unknown[]>()
  for (let tries = 0; taken.size < count; tries++) {
    if (tries > 100 * count) {
      throw new InputError(
        `random: count: the ranges hold fewer than ${count} numbers; found ${taken.size} combinations`,
      )
    }
    const places = axes.map(({ values }) =>
      isRange(values) ? numberWithin(values, random) : random.below(values.length),
    )
    const chosen = axes.map(({ values }, i) => (isRange(values) ? places[i] : values[places[i]!]))
    taken.set(places.join(), chosen)
  }
  return [...taken.values()]
}

function settingsOf(axes: readonly Axis[], chosen: readonly unknown[]): SweepSettings {
  const given = axes.flatMap(({ name }, i) => (chosen[i] === undefined ? [] : [[name, chosen[i]]]))
  const settings = Object.fromEntries(given) as unknown as SweepSettings
  const { optimizer, loss } = settings
  // Left out, it is that of the optimizer.
  const learningRate = (settings as Partial<SweepSettings>).learningRate ?? optimizer.learningRate
  const { activation, output, activations } = settings
  const { requires } = losses[loss]
  const isOpen = activation === undefined && output === undefined && activations === undefined
  return {
    ...settings,
    ...(isOpen && requires !== undefined && { output: requires }),
    optimizer: Object.freeze({ ...optimizer, learningRate }),
    learningRate,
  }
}
