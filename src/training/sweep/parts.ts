import { InputError } from '../../core/errors.ts'
import type { Dataset } from '../../data/dataset.ts'
import { assignFolds, takeFold } from '../../data/folds.ts'
import { normalize, scale, scaleTargets, standardize, standardizeTargets } from '../../data/preprocessing.ts'
import type { CheckedFolds, CheckedSweep } from './options.ts'

/** What networks are trained on, and what their scores are of. */
export interface Samples {
  readonly train: Dataset
  readonly validation: Dataset | undefined
  /** Of a fold: the numbers of the samples that are left out of the training. */
  readonly held?: Uint32Array | undefined
}

/** {@link Samples} as the networks take them, with the weights of the classes. */
export interface Part extends Samples {
  /** 0 for all samples; folds of cross-validation are counted from 1. */
  readonly number: number
}

/**
 * All samples; then, with cross-validation, those of each fold: the other folds to train on, and the fold to score.
 * @throws InputError for folds that the data cannot be divided into
 */
export function divideSamples(data: Dataset, { folds, validation }: CheckedSweep): Samples[] {
  if (!folds) return [{ train: data, validation }]
  if (validation) {
    throw new InputError('folds: the networks are scored by the folds; leave validation out')
  }
  checkScaling(data, folds)
  const stratify = folds.stratify && data.classes !== undefined
  const assigned = assignFolds(data, { folds: folds.count, stratify, seed: folds.seed })
  const parts = assigned.map((samples) => {
    const { train, test } = takeFold(data, samples)
    return { ...scaled(train, test, folds), held: samples }
  })
  return [{ train: scaled(data, data, folds).train, validation: undefined }, ...parts]
}

function checkScaling(data: Dataset, { standardize, normalize, standardizeTargets }: CheckedFolds): void {
  if (standardize && normalize) {
    throw new InputError('folds: normalize: inputs are scaled by standardize or by normalize; give one of them')
  }
  if (((standardize || normalize) && data.scaling) || (standardizeTargets && data.targetScaling)) {
    throw new InputError('folds: the data are scaled already; give them in their own units, or do not scale the folds')
  }
}

/** Both parts with the scaling that is fitted on the first one. */
function scaled(train: Dataset, test: Dataset, options: CheckedFolds): { train: Dataset; validation: Dataset } {
  const scaling = options.standardize ? standardize(train) : options.normalize ? normalize(train) : undefined
  const targetScaling = options.standardizeTargets ? standardizeTargets(train) : undefined
  const apply = (data: Dataset) => {
    const inputs = scaling ? scale(data, scaling) : data
    return targetScaling ? scaleTargets(inputs, targetScaling) : inputs
  }
  return { train: apply(train), validation: apply(test) }
}
