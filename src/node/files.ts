import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { checkInstance } from '../core/errors.ts'
import { optional, readOptions, text } from '../core/schema.ts'
import { readCsv } from '../data/csv.ts'
import { type CsvRows, csvRowParts, type CsvRowsOptions } from '../data/csv-inputs.ts'

export type { CsvRows }
import { csvFields, csvInputsFields } from '../data/csv-options.ts'
import { type DecodeOptions, utf8Chunks } from '../data/decode.ts'
import {
  type Checkpoint,
  type CsvInputsOptions,
  type CsvOptions,
  type Dataset,
  decodeCheckpoint,
  encodeCheckpoint,
  Ensemble,
  InputError,
  type Matrix,
  Network,
  type NpzDatasetOptions,
  optionSchemas,
} from '../index.ts'
import { readBytes } from './bytes.ts'
import { isIdxPath, readIdxFolder } from './idx-folder.ts'
import { npyKindOf, readNpyDataset } from './npy-files.ts'
import { checkPath, fileError, withPath } from './paths.ts'
import { writeFileAtomic, type WriteOptions, writeSchemas } from './write.ts'

export const readDatasetSchema = {
  name: 'readDataset',
  fields: {
    ...csvFields,
    targets: optional(text('the path of an .npy file')),
    arrays: optionSchemas.datasetFromNpz.fields.arrays,
  },
}
export const readCsvInputsSchema = { name: 'readCsvInputs', fields: csvInputsFields }

/**
 * Reads a model file, as {@link writeModel} writes it.
 * @param path the path of a model file
 * @throws InputError naming the path where it is missing, cannot be read, or is not a model
 * @example const network = await readModel('model.json')
 */
export async function readModel(path: string): Promise<Network> {
  const value = await readJson(path)
  return withPath(path, () => Network.fromJSON(value))
}

/**
 * Reads the file of an ensemble, as {@link writeModel} writes it.
 * @param path the path of an ensemble's file
 * @throws InputError naming the path where it is missing, cannot be read, or is not an ensemble
 * @example
 * await writeModel('ensemble.json', Ensemble.from([network]))
 * const ensemble = await readEnsemble('ensemble.json')
 */
export async function readEnsemble(path: string): Promise<Ensemble> {
  const value = await readJson(path)
  return withPath(path, () => Ensemble.fromJSON(value))
}

/** Reads the file of a network or of an ensemble. */
export async function readAnyModel(path: string): Promise<Network | Ensemble> {
  const value = await readJson(path)
  const { format } = (value ?? {}) as { format?: unknown }
  return withPath<Network | Ensemble>(path, () =>
    format === 'webgpu-mlp ensemble' ? Ensemble.fromJSON(value) : Network.fromJSON(value),
  )
}

async function readJson(path: string): Promise<unknown> {
  const text = utf8Text(await readBytes(path), path)
  try {
    return JSON.parse(text)
  } catch (cause) {
    const problem = text.trim() === '' ? 'it is empty' : 'it is not JSON, or cut short'
    throw new InputError(`${path}: not a model file: ${problem}`, { cause })
  }
}

/**
 * Writes a model file (JSON; its size is about 5.4 bytes a parameter), all or nothing, as {@link writeFileAtomic} does.
 * @param path where the file goes; folders that are missing are made
 * @param network a network, or an ensemble of networks
 * @param options `force`: whether a write-protected file is replaced. Default false
 * @throws InputError naming the path where it cannot be written, and where a parameter is not finite
 * @example await writeModel('runs/first/model.json', network)
 */
export async function writeModel(path: string, network: Network | Ensemble, options: WriteOptions = {}): Promise<void> {
  checkPath(path)
  if (!(network instanceof Ensemble)) checkInstance('network', network, Network, 'Network')
  readOptions(writeSchemas.writeModel, options)
  for (const { parameters } of network instanceof Ensemble ? network.networks : [network]) {
    const bad = parameters.findIndex((value) => !Number.isFinite(value))
    if (bad >= 0) throw new InputError(`network: parameter ${bad} is ${parameters[bad]}; ${path} was not written`)
  }
  await writeFileAtomic(path, `${JSON.stringify(network.toJSON())}\n`, options)
}

/**
 * Writes a checkpoint, all or nothing, as {@link writeFileAtomic} does: after a crash the older one is there, or the new.
 * @param path where the file goes; folders that are missing are made
 * @param checkpoint what `Trainer.checkpoint` or the option `checkpoint` of `fit` gave
 * @param options `force`: whether a write-protected file is replaced. Default false
 * @example await trainer.fit(train, { checkpoint: { every: 5, write: (made) => writeCheckpoint('run.checkpoint', made) } })
 */
export async function writeCheckpoint(path: string, checkpoint: Checkpoint, options: WriteOptions = {}): Promise<void> {
  checkPath(path)
  readOptions(writeSchemas.writeCheckpoint, options)
  await writeFileAtomic(path, `${encodeCheckpoint(checkpoint)}\n`, options)
}

/**
 * Reads a checkpoint, for `Trainer.resume`.
 * @param path the path of a file that {@link writeCheckpoint} wrote
 * @throws InputError naming the path, and what is wrong with the file
 * @example await trainer.resume(await readCheckpoint('run.checkpoint'))
 */
export async function readCheckpoint(path: string): Promise<Checkpoint> {
  const text = utf8Text(await readBytes(path), path)
  return withPath(path, () => Promise.resolve(decodeCheckpoint(text)))
}

/**
 * Reads a data set: a CSV file with any ending, gzipped or not, or a folder with IDX files as MNIST and EMNIST have them
 * (`…train-images-idx3-ubyte`, `…train-labels-idx1-ubyte`, and `…t10k-…` or `…test-…` for the validation set where they are
 * there; each with or without `.gz`). Of several data sets in a folder, `folder/emnist-letters` names one.
 * NumPy's files are read by what they hold, gzipped or not: an .npz file, see `datasetFromNpz`, or an .npy file with its targets in
 * another, `targets`, see `datasetFromNpy`.
 * @param path a file, a folder, or a folder and the beginning of the files' names in it, which chooses one of several
 *   data sets
 * @param options for CSV, those of `parseCsv`; for a folder with IDX files, `classes` and `maxUnpackedBytes`; for NumPy's files,
 *   those of `datasetFromNpz` and `targets`, the path of the .npy file with the targets
 * @throws InputError naming the path where it is missing, of another kind, or its content does not fit
 * @example const { train, validation } = await readDataset('data/mnist')
 */
export async function readDataset(
  path: string,
  options: CsvOptions &
    Pick<NpzDatasetOptions, 'arrays'> & {
      /** The path of the targets of an .npy file. */ targets?: string | undefined
    } = {},
): Promise<{
  /** The samples to train on. */
  train: Dataset
  /** The test samples, if the folder or the archive has any. */
  validation?: Dataset
}> {
  checkPath(path)
  const { maxUnpackedBytes, targets, arrays, ...csv } = readOptions(readDatasetSchema, options)
  const found = await stat(path).catch(async (error: unknown) => {
    // The path may name one of several data sets in a folder.
    if (await isIdxPath(path)) return undefined
    throw fileError(error, path, 'read')
  })
  if (found?.isDirectory() ?? true) return readIdxFolder(path, csv.classes, { maxUnpackedBytes })
  const npy = await npyKindOf(path)
  if (npy) {
    const { features, classes, targetNames, target, task, numbers } = csv
    if (target !== undefined) throw new InputError(`${path}: target is for CSV files; targets of NumPy files are a separate array (targets, arrays)`) // prettier-ignore
    return readNpyDataset(path, npy, {
      features,
      classes,
      targetNames,
      task,
      numbers,
      targets,
      arrays,
      maxUnpackedBytes,
    })
  }
  if (targets !== undefined || arrays !== undefined) {
    throw new InputError(`${path}: targets and arrays are for NumPy files (.npy, .npz)`)
  }
  const decoding = { encoding: csv.encoding, maxUnpackedBytes }
  const all = { ...csv, likelyDelimiter: likelyDelimiter(path) }
  return { train: await withPath(path, () => readCsv(utf8Pieces(path, decoding), all)) }
}

/**
 * Reads the inputs of a CSV file of any size to predict from, a part at a time, as `parseCsvInputs` does from text.
 * @param path the path of a CSV file, gzipped or not
 * @param options the names of the input columns (`network.features`), how missing values are treated, and how the text
 *   is read
 * @returns matrices of samples × features, one after another
 * @throws InputError as `parseCsvInputs` does, naming the path
 * @example
 * const features = ['age', 'visits']
 * for await (const inputs of readCsvInputs('clicks.csv', { features })) console.log((await trainer.predict(inputs)).rows)
 */
export async function* readCsvInputs(path: string, options: CsvInputsOptions = {}): AsyncGenerator<Matrix> {
  checkPath(path)
  const checked = readOptions(readCsvInputsSchema, options)
  for await (const { inputs } of readCsvRows(path, checked)) yield inputs
}

/** The same with what belongs to the rows: their number, those that are incomplete, and columns to keep. */
export async function* readCsvRows(path: string, options: CsvRowsOptions): AsyncGenerator<CsvRows> {
  const parts = csvRowParts(utf8Pieces(path, options), { ...options, likelyDelimiter: likelyDelimiter(path) })
  for (;;) {
    const next = await withPath(path, () => parts.next())
    if (next.done) return
    yield next.value
  }
}

/**
 * The text of a file in pieces of UTF-8, gzipped or not, in the encoding that is given.
 * @param onRead is called with the number of bytes read
 * @throws InputError naming the path for a file that cannot be read, or is no text in another encoding than UTF-8
 */
export async function* utf8Pieces(
  path: string,
  options: DecodeOptions = {},
  onRead?: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  const { size } = await stat(path).catch((error: unknown) => {
    throw fileError(error, path, 'read')
  })
  const chunks = async function* () {
    let read = 0
    for await (const bytes of createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
      read += bytes.length
      onRead?.(read)
      yield bytes
    }
  }
  try {
    yield* utf8Chunks(chunks(), size, options)
  } catch (error) {
    throw fileError(error, path, 'read')
  }
}

/** What the ending of a file's name says of the delimiter. */
export function likelyDelimiter(path: string): string | undefined {
  return /\.tsv(\.gz)?$/i.test(path) ? '\t' : undefined
}

/** Characters of a text that JavaScript holds at most. */
const LONGEST_TEXT = 2 ** 29 - 24

function utf8Text(bytes: Uint8Array, path: string): string {
  if (bytes.length > LONGEST_TEXT) {
    throw new InputError(`${path}: has ${bytes.length} bytes, at most ${LONGEST_TEXT} are read of a text; export larger networks as safetensors`) // prettier-ignore
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new InputError(`${path}: not UTF-8 text; save it as UTF-8`, { cause })
  }
}
