import { InputError } from '../core/errors.ts'
import { Random } from '../core/random.ts'
import type { Dataset } from './dataset.ts'
import { withTrainingFills } from './split.ts'

/**
 * Divides samples at random into folds that differ in size by one sample at most. With `stratify`, each class is divided in
 * the same way; the number of samples of each class in each fold is that of scikit-learn's StratifiedKFold.
 * @returns the sample numbers of each fold, in ascending order
 * @throws InputError for more folds than samples, and with `stratify` where every class has fewer samples than folds
 */
export function assignFolds(
  data: Dataset,
  { folds, stratify, seed }: { folds: number; stratify: boolean; seed: number },
): Uint32Array[] {
  if (folds > data.length) {
    throw new InputError(`folds: expected at most ${data.length}, one sample in each fold, got ${folds}`)
  }
  const order = new Random(seed, 'split').permutation(data.length)
  const sorted = stratify ? sortByClass(data, order, folds) : order
  return Array.from({ length: folds }, (_, k) => sorted.filter((_, place) => place % folds === k).sort())
}

/** The samples class by class, classes in the order in which they occur in the data; within a class in the order given. */
function sortByClass(data: Dataset, order: Uint32Array, folds: number): Uint32Array {
  const labels = data.labels()
  const samplesOf = new Map<number, number[]>()
  for (const label of labels) if (!samplesOf.has(label)) samplesOf.set(label, [])
  for (const sample of order) samplesOf.get(labels[sample]!)!.push(sample)
  const groups = [...samplesOf.values()]
  const most = groups.reduce((size, group) => Math.max(size, group.length), 0)
  if (most < folds) {
    throw new InputError(`folds: expected at most ${most}, the samples of the largest class, got ${folds}; or give { stratify: false }`) // prettier-ignore
  }
  return Uint32Array.from(groups.flat())
}

/** The samples of a fold, and the others to train on; what fills missing values is fitted on those others only. */
export function takeFold(data: Dataset, fold: Uint32Array): { train: Dataset; test: Dataset } {
  return withTrainingFills(data.take(takenForTraining(data.length, fold)), data.take(fold))
}

/** The numbers of the samples, of `length`, that are not in a fold. */
export function takenForTraining(length: number, fold: Uint32Array): Uint32Array {
  const isHeld = new Uint8Array(length)
  for (const sample of fold) isHeld[sample] = 1
  return Uint32Array.from(isHeld.keys()).filter((sample) => isHeld[sample] === 0)
}
