import { checkNumbers } from '../core/lists.ts'
import { type Fields, kind, optional } from '../core/schema.ts'
import { classNames, columnNames, names } from './names.ts'

/** Names that go with a data set. */
export interface DatasetNames {
  /** One name per input column. */
  features?: readonly string[] | undefined
  /** One name per class: then the targets are classes, one-hot with one column per class (or one column for two). */
  classes?: readonly string[] | undefined
  /** One name per column of regression targets. Classes have their names in `classes`. */
  targetNames?: readonly string[] | undefined
}

/** What {@link Dataset.from} takes in addition to inputs and targets. */
export interface DatasetOptions extends DatasetNames {
  /**
   * One number from 0 on a sample: its loss, and with it its share in the gradients, is multiplied by it. The mean is still
   * over the number of samples, as in Keras. Default: none, which is 1 for each.
   */
  weights?: ArrayLike<number> | undefined
}

const weightList = kind((argument, value) => checkNumbers(argument, value))

export const datasetSchema = {
  name: 'Dataset.from',
  fields: {
    features: optional(names),
    classes: optional(classNames),
    targetNames: optional(columnNames),
    weights: optional(weightList),
  } satisfies Fields<DatasetOptions>,
}
