import { csvColumns, type Dataset, datasetFromIdx, type IdxArray, InputError, parseIdx } from '../../src/index.ts'
import type { FileInfo } from '../protocol.ts'
import { shellWord } from '../../src/shell.ts'

/** The content of the opened files; `sources` are these files. */
export type FileContent = { sources: readonly File[]; file: FileInfo } & (
  | { kind: 'csv'; bytes: Uint8Array; encoding: string | undefined }
  | { kind: 'idx'; train: Dataset; test: Dataset | undefined }
)

/** The largest file to accept, also of what a compressed file holds; the 60,000 pictures of MNIST have 47 MB. */
export const MAX_BYTES = { file: 64 * 2 ** 20, unpacked: 64 * 2 ** 20 }

/** The largest number of columns of a CSV file. */
const MAX_COLUMNS = 1000

const megabytes = (bytes: number) => `${Math.round(bytes / 2 ** 20).toLocaleString('en')} MB`

/** A file that was read. */
interface ReadFile {
  source: File
  name: string
  bytes: Uint8Array<ArrayBuffer>
}

interface IdxFile extends ReadFile {
  array: IdxArray
}

/** IDX files that were opened without their images or labels; IDX files belong together in pairs. */
let unpaired: IdxFile[] = []

/**
 * Reads one CSV file, or IDX files of images and labels.
 * @throws InputError that names the file, describes the problem and suggests a solution
 */
export async function openFiles(files: readonly File[]): Promise<FileContent> {
  for (const { name, size } of files) checkSize(name, size)
  const read = await Promise.all(
    files.map(async (source) => ({ source, name: source.name, bytes: new Uint8Array(await source.arrayBuffer()) })),
  )
  const [first] = read
  if (!first) throw new InputError('No file was dropped. Drop a CSV file or a pair of IDX files.')
  const areIdx = await Promise.all(read.map(({ bytes }) => isIdx(bytes)))
  if (areIdx.every(Boolean)) return openIdx(read)
  if (read.length > 1) throw new InputError(`Drop one CSV file at a time instead of ${read.length} files.`)
  return openCsv(first)
}

function checkSize(name: string, size: number): void {
  if (size > MAX_BYTES.file) {
    throw new InputError(
      `${name} has ${megabytes(size)}; this page accepts up to ${megabytes(MAX_BYTES.file)}. Use a part of its rows, ` +
        `or train on the whole file in a terminal: npx webgpu-mlp train --data ${shellWord(name)}`,
    )
  }
  if (size === 0) throw new InputError(`${name} is empty. Drop a CSV file with rows of values.`)
}

/** Whether a file, compressed or not, begins as an IDX file does. */
async function isIdx(bytes: Uint8Array<ArrayBuffer>): Promise<boolean> {
  const first = bytes[0] === 0x1f && bytes[1] === 0x8b ? await unpackStart(bytes) : bytes
  return first[0] === 0 && first[1] === 0 && (first[2] ?? 0) >= 8
}

/** The first bytes that a gzip file holds; none if it is damaged. */
async function unpackStart(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip')).getReader()
  try {
    return (await reader.read()).value ?? new Uint8Array()
  } catch {
    return new Uint8Array()
  } finally {
    reader.cancel().catch(() => undefined)
  }
}

/** Whether bytes are neither text nor compressed: they hold zeros, which text has in UTF-16 only. */
function isBinary(bytes: Uint8Array): boolean {
  const [first, second] = bytes
  const hasMark = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)
  const isCompressed = first === 0x1f && second === 0x8b
  return !hasMark && !isCompressed && bytes.subarray(0, 4096).includes(0)
}

async function openCsv({ source, name, bytes }: ReadFile): Promise<FileContent> {
  if (isBinary(bytes)) {
    throw new InputError(`${name} is not a text file. Drop a CSV file: rows of comma-separated numbers.`)
  }
  const notes: string[] = []
  const onNote = (note: string) => notes.push(withoutFlags(note))
  let encoding: string | undefined
  const read = () => csvColumns(bytes, { onNote, encoding, maxUnpackedBytes: MAX_BYTES.unpacked })
  const { rows, header, columns } = await read()
    .catch((cause: unknown) => {
      if (!(cause instanceof InputError && cause.message.includes('not UTF-8'))) throw cause
      encoding = 'windows-1252'
      notes.push('The file is not in UTF-8, so it is read as windows-1252, which spreadsheet programs often use.')
      return read()
    })
    .catch((cause: unknown) => {
      throw prefixWithName(name, cause)
    })
  if (columns.length > MAX_COLUMNS) {
    throw new InputError(
      `${name} has ${columns.length.toLocaleString('en')} columns; this page accepts up to ${MAX_COLUMNS.toLocaleString('en')}. ` +
        `Train on all of them in a terminal: npx webgpu-mlp train --data ${shellWord(name)}`,
    )
  }
  if (columns.length < 2) {
    throw new InputError(`${name} has only one column. A CSV file needs a target column and at least one other column.`)
  }
  if (columns.every(({ kind }) => kind === undefined)) {
    const [{ name: first, problem }] = columns as [(typeof columns)[number]]
    throw new InputError(`${name} has no column to predict from. For example, “${first}” ${problem}. Is it a CSV file?`)
  }
  return {
    kind: 'csv',
    bytes,
    encoding,
    sources: [source],
    file: { name, kind: 'csv', samples: rows, columns, header, notes: [...new Set(notes)], test: false },
  }
}

/** A note of the library as a sentence, without the options of the command line, which the page does not have. */
export const withoutFlags = (note: string): string => {
  const text = note.replace(/; [^;]*\(--[^)]*\) [^;]+$/, '').replace(/ \(--[^)]*\)/, '')
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
}

/** Adds the name of the file to the message of an InputError. */
function prefixWithName(name: string, cause: unknown): unknown {
  return cause instanceof InputError ? new InputError(`${name}: ${cause.message}`, { cause }) : cause
}

async function openIdx(files: readonly ReadFile[]): Promise<FileContent> {
  for (const { source, name, bytes } of files) {
    const array = await parseIdx(bytes, { maxUnpackedBytes: MAX_BYTES.unpacked }).catch((cause: unknown) => {
      throw prefixWithName(name, cause)
    })
    unpaired = unpaired.filter((other) => partOf(other) !== partOf({ name, array }))
    unpaired.push({ source, name, bytes, array })
  }
  const train = await pairFiles(false)
  if (!train) throw new InputError(describeMissing(unpaired))
  const test = await pairFiles(true)
  const images = unpaired.filter(isImages)
  const name = (images.find((piece) => !isTest(piece)) ?? images[0])?.name ?? 'IDX files'
  const sources = unpaired.map(({ source }) => source)
  unpaired = []
  const file: FileInfo = {
    name,
    kind: 'idx',
    samples: train.length,
    columns: [],
    header: false,
    notes: [],
    test: test !== undefined,
  }
  return { kind: 'idx', train, test, sources, file }
}

const isImages = ({ array }: Pick<IdxFile, 'array'>) => array.shape.length > 1
const isTest = ({ name }: Pick<IdxFile, 'name'>) => /t10k|test/i.test(name)
const partOf = (piece: Pick<IdxFile, 'name' | 'array'>) => `${isTest(piece)} ${isImages(piece)}`

/** The training or test data, if both images and labels are open. Test files without training files are training data. */
async function pairFiles(test: boolean): Promise<Dataset | undefined> {
  const onlyTests = unpaired.every(isTest)
  if (test && onlyTests) return undefined
  const part = unpaired.filter((piece) => isTest(piece) === test || onlyTests)
  const images = part.find(isImages)
  const labels = part.find((piece) => !isImages(piece))
  return images && labels && datasetFromIdx(images.bytes, labels.bytes, { maxUnpackedBytes: MAX_BYTES.unpacked })
}

function describeMissing(pieces: readonly IdxFile[]): string {
  const [piece] = pieces
  const what = piece && isImages(piece) ? 'images' : 'labels'
  const other = what === 'images' ? 'labels (train-labels-idx1-ubyte)' : 'images (train-images-idx3-ubyte)'
  return `${piece?.name ?? 'This file'} contains ${what}. Now drop the matching ${other}.`
}
