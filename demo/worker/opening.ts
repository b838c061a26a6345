import { csvColumns, type Dataset, datasetFromIdx, type IdxArray, InputError, parseIdx } from '../../src/index.ts'
import type { Opened } from '../protocol.ts'

/** What a file comes to, as the worker keeps it. */
export type Material =
  { kind: 'csv'; text: string; file: Opened } | { kind: 'idx'; train: Dataset; test: Dataset | undefined; file: Opened }

/** The largest file that the page takes: MNIST's 60,000 pictures are 47 MB. */
const MOST_BYTES = 64 * 2 ** 20

/** Columns that one can choose from. */
const MOST_COLUMNS = 1000

const megabytes = (bytes: number) => `${Math.round(bytes / 2 ** 20).toLocaleString('en')} MB`

interface Piece {
  name: string
  bytes: Uint8Array<ArrayBuffer>
  array: IdxArray
}

/** IDX files come in twos or fours, perhaps dropped one by one: those that wait for their other half. */
let waiting: Piece[] = []

/**
 * Reads files that were dropped: one CSV, or IDX files of images and labels.
 * @throws InputError that says what is wrong with which file, and what to do
 */
export async function openFiles(files: readonly File[]): Promise<Material> {
  for (const { name, size } of files) checkSize(name, size)
  const read = await Promise.all(
    files.map(async (file) => ({ name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) })),
  )
  const [first] = read
  if (!first) throw new InputError('There was no file in what was dropped. Drop a CSV file, or a pair of IDX files.')
  if (read.every(({ bytes }) => looksLikeIdx(bytes))) return openIdx(read)
  if (read.length > 1) throw new InputError(`Drop one CSV file at a time; these were ${read.length} files.`)
  return openCsv(first.name, first.bytes)
}

function checkSize(name: string, size: number): void {
  if (size > MOST_BYTES) {
    throw new InputError(
      `${name} has ${megabytes(size)}; this page takes up to ${megabytes(MOST_BYTES)}. Take a part of its rows, ` +
        `or train on all of it in a terminal: npx webgpu-mlp train --data ${name}`,
    )
  }
  if (size === 0) throw new InputError(`${name} is empty. Drop a CSV file with rows of values.`)
}

const looksLikeIdx = (bytes: Uint8Array) =>
  (bytes[0] === 0x1f && bytes[1] === 0x8b) || (bytes[0] === 0 && bytes[1] === 0 && (bytes[2] ?? 0) >= 8)

async function openCsv(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<Material> {
  if (bytes.subarray(0, 4096).includes(0)) {
    throw new InputError(`${name} is not a text file. Drop a CSV file: rows of numbers with commas between them.`)
  }
  const text = new TextDecoder().decode(bytes)
  const { rows, header, columns } = await csvColumns(text).catch((cause: unknown) => {
    throw named(name, cause)
  })
  if (columns.length > MOST_COLUMNS) {
    throw new InputError(
      `${name} has ${columns.length.toLocaleString('en')} columns; this page takes up to ${MOST_COLUMNS.toLocaleString('en')}. ` +
        `Train on all of them in a terminal: npx webgpu-mlp train --data ${name}`,
    )
  }
  if (columns.length < 2) {
    throw new InputError(`${name} has one column only. A CSV file needs one to predict, and others to predict it from.`)
  }
  if (columns.filter(({ numeric }) => numeric).length === 0) {
    throw new InputError(`${name} has no column of numbers to learn from. Is it a CSV file?`)
  }
  return { kind: 'csv', text, file: { name, kind: 'csv', samples: rows, columns, header, test: false } }
}

/** The same error, with the name of the file before it. */
function named(name: string, cause: unknown): unknown {
  return cause instanceof InputError ? new InputError(`${name}: ${cause.message}`, { cause }) : cause
}

async function openIdx(files: { name: string; bytes: Uint8Array<ArrayBuffer> }[]): Promise<Material> {
  for (const { name, bytes } of files) {
    const array = await parseIdx(bytes, { maxUnpackedBytes: MOST_BYTES }).catch((cause: unknown) => {
      throw named(name, cause)
    })
    waiting = waiting.filter((other) => partOf(other) !== partOf({ name, array }))
    waiting.push({ name, bytes, array })
  }
  const train = await pair(false)
  if (!train) throw new InputError(missing(waiting))
  const test = await pair(true)
  const images = waiting.filter(isImages)
  const name = (images.find((piece) => !isTest(piece)) ?? images[0])?.name ?? 'IDX files'
  waiting = []
  const file: Opened = {
    name,
    kind: 'idx',
    samples: train.length,
    columns: [],
    header: false,
    test: test !== undefined,
  }
  return { kind: 'idx', train, test, file }
}

const isImages = ({ array }: Pick<Piece, 'array'>) => array.shape.length > 1
const isTest = ({ name }: Pick<Piece, 'name'>) => /t10k|test/i.test(name)
const partOf = (piece: Pick<Piece, 'name' | 'array'>) => `${isTest(piece)} ${isImages(piece)}`

/** The images and the labels of the training or the test part, where both are there; a lone test part is trained on. */
async function pair(test: boolean): Promise<Dataset | undefined> {
  const onlyTests = waiting.every(isTest)
  if (test && onlyTests) return undefined
  const part = waiting.filter((piece) => isTest(piece) === test || onlyTests)
  const images = part.find(isImages)
  const labels = part.find((piece) => !isImages(piece))
  return images && labels && datasetFromIdx(images.bytes, labels.bytes, { maxUnpackedBytes: MOST_BYTES })
}

function missing(pieces: readonly Piece[]): string {
  const [piece] = pieces
  const what = piece && isImages(piece) ? 'images' : 'labels'
  const other = what === 'images' ? 'labels (train-labels-idx1-ubyte)' : 'images (train-images-idx3-ubyte)'
  return `${piece?.name ?? 'This file'} holds ${what}. Now drop the ${other} that belong to it.`
}
