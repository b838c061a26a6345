import {
  Dataset,
  type DatasetNames,
  type EncodedColumn,
  Encoding,
  type MissingPolicy,
  scale,
  Scaling,
  scaleTargets,
} from '../../src/index.ts'
import type { FileInfo } from '../protocol.ts'
import { defaultsFor } from '../presets.ts'
import { type FileUse, type Kind, type Settings, useOf } from '../settings.ts'
import type { Parts, Prepared } from './prepare.ts'
import { prepareFile } from './prepare-csv.ts'
import { type FileContent, openFiles } from './open.ts'

/**
 * A second worker reads files, so that a large file never interrupts the training. The two workers exchange these
 * requests and responses.
 */
export type ReadingRequest = { id: number } & (
  { type: 'open'; files: readonly File[] } | { type: 'target'; use: FileUse } | { type: 'prepare'; settings: Settings }
)

/** An opened file, how it is used, and what a network predicts from it. */
export interface FileSummary {
  file: FileInfo
  kind: Kind
  use: FileUse
}

export type ReadingResponse = { id: number } & (
  | { summary: FileSummary }
  /** `sources` are all files of which the data are made: images and labels may have been opened one after another. */
  | { summary: FileSummary; sources: readonly File[] }
  | { prepared: PackedPrepared }
  | { problem: string }
)

/**
 * Prepared data as plain objects, because a message does not preserve the prototypes of class instances. The data are in
 * their own units; the other worker applies the preprocessing again, so that its data sets carry it.
 */
type PackedPrepared = Omit<Prepared, 'raw' | 'train' | 'test'> & {
  train: PackedDataset
  test: PackedDataset | undefined
  encoding: { columns: readonly EncodedColumn[]; missing: MissingPolicy } | undefined
  scaling: PackedScaling | undefined
  targetScaling: PackedScaling | undefined
}

interface PackedDataset extends DatasetNames {
  columns: PackedRows<Float32Array | Float64Array>
  targets: PackedRows<Float32Array | Float64Array>
}

interface PackedRows<V> {
  rows: number
  cols: number
  data: V
}

type PackedScaling = Pick<Scaling, 'kind' | 'offset' | 'scale'>

/** Copies the data, because the reader keeps the originals, and lists the buffers of the copies for transfer. */
export function pack(prepared: Prepared): { packed: PackedPrepared; transfer: Transferable[] } {
  const transfer: Transferable[] = []
  const copy = ({ rows, cols, data }: { rows: number; cols: number; data: ArrayLike<number> }) => {
    const values = data instanceof Float32Array ? data.slice() : Float64Array.from(data)
    transfer.push(values.buffer)
    return { rows, cols, data: values }
  }
  const packDataset = (data: Dataset): PackedDataset => {
    const { columns, inputs, exactTargets, features, classes } = data
    return { columns: copy(columns ?? inputs), targets: copy(exactTargets), features, classes }
  }
  const packScaling = (scaling: Scaling | undefined) =>
    scaling && { kind: scaling.kind, offset: scaling.offset, scale: scaling.scale }
  const { raw, train, test: _, ...rest } = prepared
  const { encoding } = raw.train
  const packed = {
    ...rest,
    train: packDataset(raw.train),
    test: raw.test && packDataset(raw.test),
    encoding: encoding && { columns: encoding.columns, missing: encoding.missing },
    scaling: packScaling(train.scaling),
    targetScaling: packScaling(train.targetScaling),
  }
  return { packed, transfer }
}

export function unpack({ train, test, encoding, scaling, targetScaling, ...rest }: PackedPrepared): Prepared {
  const known = encoding && new Encoding(encoding.columns, encoding.missing)
  const [inputScaling, outputScaling] = [scaling, targetScaling].map(
    (packed) => packed && new Scaling(packed.kind, packed.offset, packed.scale),
  )
  const unpackDataset = ({ columns, targets, features, classes }: PackedDataset): Dataset => {
    const { rows, cols, data } = columns
    if (data instanceof Float32Array) return Dataset.from({ rows, cols, data }, targets, { features, classes })
    return Dataset.fromRaw({ rows, cols, data }, known, targets, { features, classes })
  }
  const apply = (data: Dataset): Dataset => {
    const scaled = inputScaling ? scale(data, inputScaling) : data
    return outputScaling ? scaleTargets(scaled, outputScaling) : scaled
  }
  const raw: Parts = { train: unpackDataset(train), test: test && unpackDataset(test) }
  return { ...rest, raw, train: apply(raw.train), test: raw.test && apply(raw.test) }
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

  /** The files of which the data are made. */
  get sources(): readonly File[] {
    return this.#opened?.sources ?? []
  }

  /** @throws InputError if the column cannot be the target */
  summarize(use: FileUse): Promise<FileSummary> {
    return summarizeFile(this.#opened, use)
  }

  prepare(settings: Settings): Promise<Prepared> {
    return prepareFile(settings, this.#opened)
  }
}

/** Summarizes a file that is used in this way, after checking that data can be prepared from it. */
async function summarizeFile(content: FileContent | undefined, use: FileUse): Promise<FileSummary> {
  const { kind } = await prepareFile({ ...defaultsFor('file'), ...use }, content)
  return { file: content!.file, kind, use }
}

/** Chooses the last column that can be the target. */
async function chooseTarget(content: FileContent): Promise<FileSummary> {
  const names = content.file.columns.map(({ name }) => name).reverse()
  let first: unknown
  for (const target of names.length > 0 ? names.slice(0, 8) : ['']) {
    try {
      return await summarizeFile(content, { ...useOf(defaultsFor('file')), target })
    } catch (error) {
      first ??= error
    }
  }
  throw first
}
