import { existsSync, statSync } from 'node:fs'
import {
  checkName,
  circle,
  type CsvOptions,
  type CsvTextOptions,
  Dataset,
  DataStream,
  digits,
  InputError,
  linear,
  moons,
  spirals,
  split,
  xor,
} from '../index.ts'
import { type CsvStream, type CsvStreamOptions, streamCsv } from '../node/csv-stream.ts'
import { readDataset } from '../node/files.ts'
import { npyKindOf } from '../node/npy-files.ts'
import { count, note } from './output.ts'
import { idxFilesAt, isIdxPath } from '../node/idx-folder.ts'
import { filesAt } from './outputs/places.ts'
import { showReading } from './progress.ts'

const generators = { circle, linear, xor, moons, spirals, digits }
const generatorNames = Object.keys(generators)

/** The options that say how a CSV file is read, as the command line has them. */
export type TextOptions = Omit<CsvTextOptions, 'onNote'>

/** The arrays of NumPy's files, as the command line has them. */
export interface ArrayOptions {
  /** The file with the targets of an .npy file. */
  targets?: string | undefined
  /** The arrays of an .npz file, with commas between them. */
  arrays?: string | undefined
}

/** What says which data. */
export interface DataOptions extends TextOptions, ArrayOptions {
  data: string
  target?: readonly string[] | undefined
  samples?: number | undefined
  noise?: number | undefined
  seed?: number | undefined
  /** The names that a saved model knows. */
  features?: readonly string[] | undefined
  classes?: readonly string[] | undefined
  targetNames?: readonly string[] | undefined
  /** The columns of words and the fills that a saved model knows. */
  columns?: CsvOptions['columns']
  drop?: CsvOptions['drop']
  missing?: CsvOptions['missing']
  task?: CsvOptions['task']
  numbers?: CsvOptions['numbers']
}

/** A data set by the name of its generator, a CSV file, NumPy's files, or a folder with IDX files. */
export async function loadData(options: DataOptions): Promise<{ train: Dataset; validation?: Dataset }> {
  const { data, samples, noise, seed } = options
  if (isGenerated(data)) {
    if (options.target !== undefined) throw new InputError(`--target: '${data}' is generated, its targets are fixed`)
    if (data !== 'digits') return { train: generators[data as 'circle']({ samples, noise, seed }) }
    if (noise !== undefined) throw new InputError("--noise: is for points; 'digits' has none")
    return { train: digits({ samples, seed }) }
  }
  if (samples !== undefined) throw new InputError(`--samples: is for generated data, '${data}' is read`)
  if (noise !== undefined) throw new InputError(`--noise: is for generated data, '${data}' is read`)
  if (!existsSync(data) && !(await isIdxPath(data))) {
    checkName(`--data: no file or folder '${data}', and no generator`, data, generatorNames)
  }
  const { target, features, classes, targetNames, columns, drop, missing, task, numbers, targets } = options
  const arrays = options.arrays?.split(',').map((name) => name.trim())
  return readDataset(data, { target, features, classes, targetNames, columns, drop, missing, task, numbers, targets, arrays, ...textOptions(options, data) }) // prettier-ignore
}

/** How a CSV file is read; what a reader of the file might not expect is noted on standard error. */
export function textOptions(options: TextOptions, path: string): CsvTextOptions {
  const { delimiter, header, decimal, comment, encoding, maxUnpackedBytes } = options
  const onNote = (text: string) => note(`webgpu-mlp: note: ${path}: ${text}`)
  return { delimiter, header, decimal, comment, encoding, maxUnpackedBytes, onNote }
}

/** Whether data are a file of NumPy, by its content. */
export const isNpy = async (data: string): Promise<boolean> =>
  statSync(data, { throwIfNoEntry: false })?.isFile() === true && (await npyKindOf(data)) !== undefined

/** Whether data are those of a generator. */
export const isGenerated = (data: string): boolean => Object.hasOwn(generators, data)

/** The files that data are read from: none of generated data; in a folder, those with IDX files' names. */
export async function dataFiles({ data, targets }: Pick<DataOptions, 'data' | 'targets'>): Promise<string[]> {
  if (isGenerated(data)) return []
  const files = await idxFilesAt(data)
  const others = targets === undefined ? [] : [targets]
  return files.length > 0 ? files : [...(await filesAt(data, () => false)), ...others]
}

/** Samples that show the columns of the data; the streams of this program have an example. */
export const exampleOf = (data: Dataset | DataStream): Dataset => (data instanceof DataStream ? data.example! : data)

/** Bytes of a CSV file from which on it is automatically read a part at a time; fewer of a gzipped one. */
const LARGE_FILE = 1 << 28
const LARGE_GZIP = 1 << 26

/** Whether a file is to be read a part at a time. @throws InputError where that is asked for of something else */
export async function isStreamed(data: string, stream: boolean | undefined): Promise<boolean> {
  if (!isGenerated(data) && (await isCsv(data))) return isStreamedCsv(data, stream)
  if (stream && (isGenerated(data) || existsSync(data))) {
    throw new InputError(`--stream: is for CSV files, '${data}' is none`)
  }
  return false
}

/** Whether a path leads to a CSV file that is to be read a part at a time: as asked for, else where it is large. */
export async function isStreamedCsv(path: string, stream: boolean | undefined): Promise<boolean> {
  if (!(await isCsv(path))) return false
  return stream ?? statSync(path).size > (path.endsWith('.gz') ? LARGE_GZIP : LARGE_FILE)
}

/** Whether a path leads to a file that is none of NumPy's. */
export const isCsv = async (path: string): Promise<boolean> =>
  statSync(path, { throwIfNoEntry: false })?.isFile() === true && !(await isNpy(path))

/** Holds out a share for validation; by classes where there are any. */
export function holdOut(data: Dataset, share: number, seed: number): { train: Dataset; validation: Dataset } {
  const { train, test } = split(data, { test: share, seed, stratify: data.classes !== undefined })
  return { train, validation: test }
}

/** '400 samples, 2 inputs, 2 classes', for people. */
export function describeData(data: Dataset | DataStream, validation?: Dataset | DataStream): string {
  const { inputs, targets, classes } = exampleOf(data)
  const outputs = classes ? `${classes.length} classes` : targets.cols === 1 ? '1 target' : `${targets.cols} targets`
  const held = validation ? `, ${count(validation.length)} for validation` : ''
  const parts = data instanceof DataStream ? ', read a part at a time' : ''
  const samples = `${count(data.length)} ${data.length === 1 ? 'sample' : 'samples'}${held}`
  return `${samples}, ${count(inputs.cols)} ${inputs.cols === 1 ? 'input' : 'inputs'}, ${outputs}${parts}`
}

/** A large file, read a part at a time, with a bar on terminals while that lasts. */
export async function openCsv(path: string, options: Omit<CsvStreamOptions, 'onProgress'>): Promise<CsvStream> {
  const { onProgress, stop } = showReading(path)
  try {
    return await streamCsv(path, { ...options, onProgress })
  } finally {
    stop()
  }
}
