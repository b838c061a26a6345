import { Dataset, type DatasetNames, Matrix, Scaling } from '../../src/index.ts'
import type { FileInfo } from '../protocol.ts'
import { type Kind, type Settings, defaultsFor } from '../settings.ts'
import { type Prepared, prepareFile } from './prepare.ts'
import { type FileContent, openFiles } from './open.ts'

/**
 * A second worker reads files, so that a large file never interrupts the training. The two workers exchange these
 * requests and responses.
 */
export type ReadingRequest = { id: number } & (
  | { type: 'open'; files: readonly File[] }
  | { type: 'target'; target: string }
  | { type: 'prepare'; settings: Settings }
)

/** An opened file, its target column, and what a network predicts from it. */
export interface FileSummary {
  file: FileInfo
  kind: Kind
  target: string
}

export type ReadingResponse = { id: number } & (
  { summary: FileSummary } | { prepared: PackedPrepared } | { problem: string }
)

/** Prepared data as plain objects, because a message does not preserve the prototypes of class instances. */
type PackedPrepared = Omit<Prepared, 'raw' | 'train' | 'test' | 'scaling'> & {
  raw: { train: PackedDataset; test: PackedDataset | undefined }
  train: PackedDataset
  test: PackedDataset | undefined
  scaling: Pick<Scaling, 'kind' | 'offset' | 'scale'> | undefined
}

interface PackedDataset extends DatasetNames {
  inputs: { rows: number; cols: number; data: Float32Array }
  targets: { rows: number; cols: number; data: Float32Array }
}

/** Copies the data, because the reader keeps the originals, and lists the buffers of the copies for transfer. */
export function pack(prepared: Prepared): { packed: PackedPrepared; transfer: Transferable[] } {
  const transfer: Transferable[] = []
  const done = new Map<Dataset, PackedDataset>()
  const copy = ({ rows, cols, data }: Matrix) => {
    const values = data.slice()
    transfer.push(values.buffer)
    return { rows, cols, data: values }
  }
  const packDataset = (data: Dataset): PackedDataset => {
    const { inputs, targets, features, classes } = data
    const packed = done.get(data) ?? { inputs: copy(inputs), targets: copy(targets), features, classes }
    done.set(data, packed)
    return packed
  }
  const { raw, train, test, scaling, ...rest } = prepared
  const packed = {
    ...rest,
    raw: { train: packDataset(raw.train), test: raw.test && packDataset(raw.test) },
    train: packDataset(train),
    test: test && packDataset(test),
    scaling: scaling && { kind: scaling.kind, offset: scaling.offset, scale: scaling.scale },
  }
  return { packed, transfer }
}

export function unpack({ raw, train, test, scaling, ...rest }: PackedPrepared): Prepared {
  const done = new Map<PackedDataset, Dataset>()
  const unpackDataset = (packed: PackedDataset): Dataset => {
    const { inputs, targets, features, classes } = packed
    const data = done.get(packed) ?? Dataset.from(inputs, targets, { features, classes })
    done.set(packed, data)
    return data
  }
  return {
    ...rest,
    raw: { train: unpackDataset(raw.train), test: raw.test && unpackDataset(raw.test) },
    train: unpackDataset(train),
    test: test && unpackDataset(test),
    scaling: scaling && new Scaling(scaling.kind, scaling.offset, scaling.scale),
  }
}

/** The opened file, from which data are prepared. */
export class FileReading {
  #opened: FileContent | undefined

  /** @throws InputError for files that cannot be used for training; the previous file then remains open */
  async open(files: readonly File[]): Promise<FileSummary> {
    const content = await openFiles(files)
    const summary = await chooseTarget(content)
    this.#opened = content
    return summary
  }

  /** @throws InputError if the column cannot be the target */
  summarize(target: string): Promise<FileSummary> {
    return summarizeFile(this.#opened, target)
  }

  prepare(settings: Settings): Promise<Prepared> {
    return prepareFile(settings, this.#opened)
  }
}

/** Summarizes a file with this target column, after checking that data can be prepared from it. */
async function summarizeFile(content: FileContent | undefined, target: string): Promise<FileSummary> {
  const { kind } = await prepareFile({ ...defaultsFor('file'), target }, content)
  return { file: content!.file, kind, target }
}

/** Chooses the last column that can be the target. */
async function chooseTarget(content: FileContent): Promise<FileSummary> {
  const names = content.file.columns.map(({ name }) => name).reverse()
  let first: unknown
  for (const target of names.length > 0 ? names.slice(0, 8) : ['']) {
    try {
      return await summarizeFile(content, target)
    } catch (error) {
      first ??= error
    }
  }
  throw first
}
