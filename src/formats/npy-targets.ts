import { InputError, listNames } from '../core/errors.ts'
import type { DatasetNames } from '../data/dataset.ts'
import { FEW_CLASSES } from '../data/limits.ts'
import { encodeNumbers, occurringNumbers } from '../data/number-classes.ts'
import type { Task } from '../model/description.ts'
import type { NpyNumbers, NpyValues, readNpy } from './npy.ts'

/** What says how the targets of NumPy's files are read. */
export interface TargetOptions {
  /**
   * `classification`: targets of one dimension are classes, those of two are one-hot; `multilabel`: columns of 0 and 1, of
   * which several may be 1; `regression`: numbers. Default: whole numbers, truth values and texts of one dimension are
   * classes, floats are regression targets, and two dimensions are taken as they are.
   */
  task?: Task | undefined
  /**
   * What numbers of one dimension are where `task` is not given. `classes`: classes where all are whole, floats, too;
   * `targets`: regression targets. Default: the type of the array decides.
   */
  numbers?: 'classes' | 'targets' | undefined
}

type Read = ReturnType<typeof readNpy>

export const isTexts = (data: NpyValues): data is string[] => Array.isArray(data)

/** Targets as Dataset.from takes them. */
export function readTargets(y: Read, name: string, options: TargetOptions & Pick<DatasetNames, 'classes'>) {
  const { shape, data } = y
  const { classes, task } = options
  if (shape.length !== 1 && shape.length !== 2) {
    throw new InputError(`${name}: expected one value a sample, or a row of them, got (${shape.join(', ')})`)
  }
  // A column of labels is how Keras has them.
  const isColumn = shape.length === 1 || shape[1] === 1
  if (isTexts(data)) {
    if (task !== undefined && task !== 'classification') throw new InputError(`${name}: holds texts, expected numbers for ${task}`) // prettier-ignore
    if (!isColumn) throw new InputError(`${name}: expected one text a sample, got (${shape.join(', ')})`)
    return { targets: data, classes }
  }
  const named = task === 'regression' ? undefined : classes
  if (!isColumn) {
    const targets = readColumns(shape, data, name, task)
    return { targets, classes: named?.length === targets.cols ? named : undefined }
  }
  if (task === 'multilabel') {
    throw new InputError(`${name}: one value a sample; the task multilabel has several columns of 0 and 1`)
  }
  if (areClasses(y, options)) {
    const found = classes ?? classesOf(data, name)
    return { targets: encodeNumbers(data, found, name), classes: found }
  }
  if (shape.length === 1) return { targets: data, classes: named }
  // One column of 0 and 1 may have the names of two classes.
  return { targets: { rows: shape[0]!, cols: 1, data }, classes: named?.length === 2 ? named : undefined }
}

function areClasses({ data, isWhole }: Read, { task, numbers }: TargetOptions): boolean {
  if (task !== undefined) return task === 'classification'
  if (numbers !== 'classes') return numbers === undefined && isWhole
  return isWhole || (data as Float64Array).every(Number.isSafeInteger)
}

/** Several columns. @throws InputError for a row that the task does not allow */
function readColumns([rows = 0, cols = 0]: readonly number[], data: NpyNumbers, name: string, task: Task | undefined) {
  const expected = task === 'multilabel' ? '0 or 1 in each column' : 'one 1 and else 0'
  if (task === undefined || task === 'regression') return { rows, cols, data }
  for (let i = 0; i < rows; i++) {
    const row = [...data.subarray(i * cols, (i + 1) * cols)]
    const ones = row.filter((value) => value === 1).length
    const isBinary = row.every((value) => value === 0 || value === 1)
    if (isBinary && (task === 'multilabel' || ones === 1)) continue
    throw new InputError(`${name}: sample ${i}: expected ${expected} for ${task}, got ${listNames(row, 8)}`)
  }
  return { rows, cols, data }
}

/** The classes that occur; truth values are always two. @throws InputError for what are no classes */
function classesOf(labels: NpyNumbers, name: string): string[] {
  const bad = labels.findIndex((label) => !Number.isSafeInteger(label))
  if (bad >= 0) {
    throw new InputError(`${name}: sample ${bad} is ${labels[bad]}, expected a whole number as a class; for a regression give task: 'regression'`) // prettier-ignore
  }
  const found = occurringNumbers(labels)
  if (found.length > FEW_CLASSES / 10 && found.length > labels.length / 2) {
    throw new InputError(
      `${name}: ${found.length} different whole numbers among ${labels.length} are no classes; for a regression give ` +
        "task: 'regression' (on the command line: --task regression), or save floats",
    )
  }
  return found.length < 2 && labels.every((label) => label === 0 || label === 1) ? ['0', '1'] : found
}
