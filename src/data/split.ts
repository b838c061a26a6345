import { checkInstance, InputError } from '../core/errors.ts'
import { drawSeed, Random } from '../core/random.ts'
import { boolean, type Fields, number, readOptions, seed, withDefault, withFresh } from '../core/schema.ts'
import { Dataset } from './dataset.ts'
import { fitFills } from './fills.ts'

/** How {@link split} divides. */
export interface SplitOptions {
  /** The share that goes to the test set, between 0 and 1. Default 0.2. */
  test?: number | undefined
  /** Random by default. */
  seed?: number | undefined
  /** Keep the shares of the classes the same in both parts. Default false. */
  stratify?: boolean | undefined
}

export const splitSchema = {
  name: 'split',
  fields: {
    test: withDefault(number({ min: 0, max: 1, exclusive: true }), 0.2, {
      flag: '--test <share>',
      help: 'hold out this share of the samples for validation',
    }),
    seed: withFresh(seed, drawSeed),
    stratify: withDefault(boolean, false),
  } satisfies Fields<SplitOptions>,
}

/**
 * Divides a data set at random into `train` and `test`; with `stratify`, class by class.
 * @param dataset the samples to divide; they are copied
 * @param options the share of the test part (`test`, between 0 and 1, default 0.2), the `seed` (default random), and
 *   whether classes keep their shares in both parts (`stratify`, default false)
 * @throws InputError where one of the two parts would be empty
 * @example const { train, test } = split(circle({ samples: 500 }), { test: 0.2, seed: 7, stratify: true })
 */
export function split(
  dataset: Dataset,
  options: SplitOptions = {},
): {
  /** The samples to train on. */
  train: Dataset
  /** The samples that were left out. */
  test: Dataset
} {
  checkInstance('dataset', dataset, Dataset, 'Dataset')
  const { test, seed, stratify } = readOptions(splitSchema, options)
  const random = new Random(seed, 'split')
  const order = random.permutation(dataset.length)
  const total = Math.round(dataset.length * test)
  if (total === 0 || total === dataset.length) {
    throw new InputError(`test: ${test} of ${dataset.length} samples leaves one of the two parts empty`)
  }
  if (!stratify) return withTrainingFills(dataset.take(order.subarray(total)), dataset.take(order.subarray(0, total)))
  const labels = dataset.labels()
  const groups = new Map<number, number[]>()
  for (const sample of order) {
    const label = labels[sample] as number
    const group = groups.get(label)
    if (group) group.push(sample)
    else groups.set(label, [sample])
  }
  return takeStratified(dataset, order, [...groups.values()], total)
}

/** What {@link shuffle} takes. */
export interface ShuffleOptions {
  /** A whole number from 0 to 2³² − 1. Random by default. */
  seed?: number | undefined
}

export const shuffleSchema = {
  name: 'shuffle',
  fields: { seed: withFresh(seed, drawSeed) } satisfies Fields<ShuffleOptions>,
}

/**
 * A copy of the samples in a random order: the same order for the same seed, everywhere. `fit` shuffles anew in each epoch,
 * so this is for data that are divided or shown in their order.
 * @param dataset the samples; the data set is left as it is
 * @param options the `seed`, a whole number from 0 to 2³² − 1; default random
 * @example
 * const sorted = Dataset.from([[1], [2], [3], [4]], [0, 0, 1, 1], { classes: ['low', 'high'] })
 * shuffle(sorted, { seed: 1 }).length // 4
 */
export function shuffle(dataset: Dataset, options: ShuffleOptions = {}): Dataset {
  checkInstance('dataset', dataset, Dataset, 'Dataset')
  const { seed } = readOptions(shuffleSchema, options)
  return dataset.take(new Random(seed, 'split').permutation(dataset.length))
}

/** Takes the same share of each group. */
function takeStratified(dataset: Dataset, order: Uint32Array, groups: number[][], total: number) {
  const counts = stratifiedCounts(
    groups.map((group) => group.length),
    total,
  )
  const chosen = new Set(groups.flatMap((group, i) => group.slice(0, counts[i])))
  return withTrainingFills(
    dataset.take(order.filter((sample) => !chosen.has(sample))),
    dataset.take(order.filter((sample) => chosen.has(sample))),
  )
}

/** What fills missing values is fitted on the training part, so that nothing of the test part is known before. */
export function withTrainingFills(
  train: Dataset,
  test: Dataset,
): {
  /** The samples to train on. */
  train: Dataset
  /** The samples that were left out. */
  test: Dataset
} {
  const { encoding, columns } = train
  if (encoding?.missing !== 'impute' || !columns) return { train, test }
  const fitted = fitFills(columns, encoding)
  return { train: train.withEncoding(fitted), test: test.withEncoding(fitted) }
}

/** How many of `total` samples each group gives, by its size: the whole parts first, what is left by the largest fraction. */
export function stratifiedCounts(sizes: readonly number[], total: number): number[] {
  const all = sizes.reduce((sum, size) => sum + size, 0)
  // Whole products divided once: no share of a class is lost to rounding, as 0.29 · 100 = 28.999999999999996 would be.
  const counts = sizes.map((size) => Math.floor((size * total) / all))
  const byFraction = sizes
    .map((size, i) => ({ i, fraction: (size * total) % all }))
    .sort((a, b) => b.fraction - a.fraction || a.i - b.i)
  let missing = total - counts.reduce((sum, count) => sum + count, 0)
  for (const { i } of byFraction) if (missing-- > 0) counts[i] = counts[i]! + 1
  return counts
}
