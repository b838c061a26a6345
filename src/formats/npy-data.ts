import { checkInstance, describe, InputError, listNames } from '../core/errors.ts'
import { type Fields, list, name, optional, readOptions, text } from '../core/schema.ts'
import { MOST_COLUMNS, product } from '../data/limits.ts'
import { Dataset, type DatasetNames } from '../data/dataset.ts'
import { unpack, type UnpackOptions, unpackFields } from '../data/gunzip.ts'
import { classNames, columnNames, names } from '../data/names.ts'
import { tasks } from '../model/description.ts'
import { openNpz, type NpzArrays } from './npz.ts'
import { type NpyNumbers, readNpy } from './npy.ts'
import { isTexts, readTargets, type TargetOptions } from './npy-targets.ts'

/** What {@link datasetFromNpy} takes. */
export interface NpyDatasetOptions extends DatasetNames, TargetOptions {}

const datasetFields = {
  features: optional(names),
  classes: optional(classNames),
  targetNames: optional(columnNames),
  task: optional(name(tasks)),
  numbers: optional(name(['classes', 'targets'] as const)),
} satisfies Fields<NpyDatasetOptions>

export const datasetFromNpySchema = { name: 'datasetFromNpy', fields: datasetFields }

type Read = ReturnType<typeof readNpy>

/**
 * The data set of two .npy files. Inputs of more dimensions are laid flat, a row a sample; float64 is kept until the inputs
 * are scaled. Targets of one dimension are classes where they are whole numbers, truth values or texts: those that occur, in
 * order, called by their numbers or texts; floats are regression targets. Targets of two dimensions are taken as they are.
 * Nothing is scaled.
 * @param x samples × features (or samples × rows × columns …)
 * @param y samples, or samples × outputs
 * @param options what features and classes are called. Of `classes`, those that are whole numbers are the labels themselves;
 *   others are those of label 0, 1, 2 …, or the texts themselves
 * @throws InputError for broken files, other shapes, different counts, and values that are not finite
 * @example const data = datasetFromNpy(await readFile('x.npy'), await readFile('y.npy'))
 */
export function datasetFromNpy(x: Uint8Array, y: Uint8Array, options: NpyDatasetOptions = {}): Dataset {
  const checked = readOptions(datasetFromNpySchema, options)
  return makeDataset(readNpy(x, 'x'), readNpy(y, 'y'), ['x', 'y'], checked)
}

function makeDataset(x: Read, y: Read, [xName, yName]: readonly [string, string], options: NpyDatasetOptions): Dataset {
  const inputs = toRows(x, xName)
  const samples = y.shape[0] ?? 0
  if (y.shape.length > 0 && samples !== inputs.rows) {
    throw new InputError(`${yName}: expected ${inputs.rows} rows, one for each of ${xName}, got ${samples}`)
  }
  const { targets, classes } = readTargets(y, yName, options)
  const { features, targetNames } = options
  return Dataset.from(inputs, targets, { features, classes, targetNames: classes ? undefined : targetNames })
}

/** A row a sample, in the precision of the file. */
export function toRows({ shape: [rows = 0, ...row], data }: Read, name: string) {
  if (row.length === 0) {
    const hint = rows > 0 ? '; x.reshape(-1, 1) makes one column of it' : ''
    throw new InputError(`${name}: expected samples × features, got (${rows || ''})${hint}`)
  }
  if (isTexts(data)) {
    throw new InputError(`${name}: holds texts, expected numbers; columns of words are read from CSV files`)
  }
  const cols = product(row)
  if (cols > MOST_COLUMNS)
    throw new InputError(`${name}: expected at most ${MOST_COLUMNS} values a sample, got ${cols}`)
  return { rows, cols, data }
}

/** What {@link datasetFromNpz} takes. */
export interface NpzDatasetOptions extends NpyDatasetOptions, UnpackOptions {
  /** The arrays to take: inputs and targets, or these and the same for validation. Default: by their usual names. */
  arrays?: readonly string[] | undefined
}

export const datasetFromNpzSchema = {
  name: 'datasetFromNpz',
  fields: {
    ...datasetFields,
    ...unpackFields,
    arrays: optional(list(text('the name of an array'), 'a list of names of arrays', 1)),
  } satisfies Fields<NpzDatasetOptions>,
}

/** Usual names: of inputs and targets, and of the same for validation. */
const usualNames: readonly (readonly string[])[] = [
  ...['test', 'val', 'valid', 'validation'].flatMap((part) =>
    ['x', 'X', 'images', 'data', 'features'].flatMap((x) =>
      ['y', 'Y', 'labels', 'targets', 'target'].flatMap((y) => [
        [`${x}_train`, `${y}_train`, `${x}_${part}`, `${y}_${part}`],
        [`train_${x}`, `train_${y}`, `${part}_${x}`, `${part}_${y}`],
      ]),
    ),
  ),
  ...['x', 'X', 'data', 'inputs', 'features', 'images'].flatMap((x) =>
    ['y', 'Y', 'target', 'targets', 'labels', 'label'].map((y) => [x, y]),
  ),
  ['x_train', 'y_train'],
  ['X_train', 'y_train'],
  // What numpy.savez(file, x, y) calls them.
  ['arr_0', 'arr_1'],
]

/**
 * The data set, or the two for training and validation, of an .npz file: `x` and `y` (or `X`, `data` and `target`, `features`
 * and `labels` …), or `x_train`, `y_train`, `x_test`, `y_test` as Keras has them. Each is read as {@link datasetFromNpy} does.
 * The file may be gzipped.
 * @param bytes the bytes of the .npz file
 * @param options the names of the arrays to take (`arrays`: inputs and targets, or these and the same for validation;
 *   default by their usual names), `maxUnpackedBytes` as for {@link parseNpz}, and the options of
 *   {@link datasetFromNpy}
 * @throws InputError as {@link datasetFromNpy} and {@link parseNpz} do, and where it is unclear which arrays are meant
 * @example const { train, validation } = await datasetFromNpz(await readFile('digits.npz'))
 */
export async function datasetFromNpz(
  bytes: Uint8Array,
  options: NpzDatasetOptions = {},
): Promise<{
  /** The samples to train on. */
  train: Dataset
  /** The test samples, if the archive has any. */
  validation?: Dataset
}> {
  const { arrays: wanted, maxUnpackedBytes, ...others } = readOptions(datasetFromNpzSchema, options)
  const arrays = await openNpz(bytes, 'npz', { maxUnpackedBytes })
  const chosen = wanted ?? (await chooseArrays(arrays))
  if (chosen.length !== 2 && chosen.length !== 4) {
    throw new InputError(`arrays: expected two names, of inputs and targets, or four, with those for validation, got ${chosen.length}`) // prettier-ignore
  }
  const read = (key: string) => findArray(arrays, key)()
  const make = async (x: string, y: string, classes = others.classes) =>
    makeDataset(await read(x), await read(y), [x, y], { ...others, classes })
  const [x = '', y = '', xHeld, yHeld] = chosen
  const train = await make(x, y)
  if (xHeld === undefined || yHeld === undefined) return { train }
  return { train, validation: await make(xHeld, yHeld, train.classes) }
}

async function chooseArrays(arrays: NpzArrays): Promise<readonly string[]> {
  const found = usualNames.filter((keys) => keys.every((key) => arrays.has(key)))
  const [first] = found
  // Names within the first are no second choice: x_train and y_train beside x_test and y_test.
  const others = found.filter((keys) => !keys.every((key) => first!.includes(key)))
  if (first && others.length === 0) return first
  throw await unclear(arrays, 'arrays', 'x,y')
}

/** What is in an archive, and the option that chooses. */
async function unclear(arrays: NpzArrays, option: string, example: string): Promise<InputError> {
  const shown: string[] = []
  for (const [key, read] of [...arrays].slice(0, 8)) {
    const { shape, data } = await read()
    const type = isTexts(data) ? 'texts' : 'numbers'
    shown.push(`${key} (${shape.join(' × ') || 'one'} ${type})`)
  }
  const more = arrays.size > shown.length ? ', …' : ''
  return new InputError(
    `npz: holds ${shown.join(', ')}${more}; say which are inputs and targets: ${option}: [${example}] (on the command line: --arrays ${example})`,
  )
}

function findArray(arrays: NpzArrays, key: string) {
  const found = arrays.get(key)
  if (found) return found
  throw new InputError(`arrays: the file has no array ${describe(key)}; it has ${listNames([...arrays.keys()], 8)}`)
}

export const npyInputsSchema = {
  name: 'inputsFromNpy',
  fields: { ...unpackFields, arrays: datasetFromNpzSchema.fields.arrays },
}

/** Usual names of inputs to predict from. */
const inputNames = ['x', 'X', 'data', 'inputs', 'features', 'images', 'x_test', 'X_test', 'arr_0']

/**
 * The inputs of an .npy or .npz file, gzipped or not, to predict from, a row a sample, in the precision of the file. Of several arrays in an
 * .npz file that called `x` (or `X`, `data` … or `x_test`), or the one that `arrays` names.
 * @param file the bytes of the .npy or .npz file, gzipped or not
 * @param options `arrays`, whose first entry names the array of an .npz file to take (default the only one, or the one
 *   with a usual name), and `maxUnpackedBytes` as for {@link parseNpz}
 * @throws InputError as {@link parseNpy} and {@link parseNpz} do, and where it is unclear which array is meant
 * @example network.classify(await inputsFromNpy(await readFile('x.npy')))
 */
export async function inputsFromNpy(
  file: Uint8Array,
  options: Pick<NpzDatasetOptions, 'arrays' | 'maxUnpackedBytes'> = {},
): Promise<{
  /** The number of samples. */
  rows: number
  /** The number of inputs. */
  cols: number
  /** The rows × cols values, row-major. */
  data: NpyNumbers
}> {
  const { arrays: wanted, ...limits } = readOptions(npyInputsSchema, options)
  const { bytes, options: limit } = await unpack(checkInstance('x', file, Uint8Array, 'Uint8Array'), 'x', limits)
  if (bytes[0] !== 0x50) return toRows(readNpy(bytes, 'x'), 'x')
  const arrays = await openNpz(bytes, 'npz', limit)
  const [only] = arrays.size === 1 ? arrays.keys() : []
  const key = wanted?.[0] ?? only ?? inputNames.find((name) => arrays.has(name))
  if (key === undefined) throw await unclear(arrays, 'arrays', 'x')
  return toRows(await findArray(arrays, key)(), key)
}
