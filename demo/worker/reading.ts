import { Dataset, type DatasetNames, Matrix, Scaling } from '../../src/index.ts'
import type { Opened } from '../protocol.ts'
import { type Kind, type Settings, usual } from '../settings.ts'
import { type Prepared, prepareFile } from './material.ts'
import { type Material, openFiles } from './opening.ts'

/**
 * Files are read in a worker of their own: training never stops for one, however large it is and whatever it holds.
 * This is what the two workers say to each other.
 */
export type ReadingRequest = { id: number } & (
  | { type: 'open'; files: readonly File[] }
  | { type: 'target'; target: string }
  | { type: 'prepare'; settings: Settings }
)

/** What an opened file is, with its target column. */
export interface About {
  file: Opened
  kind: Kind
  target: string
}

export type ReadingAnswer = { id: number } & ({ about: About } | { prepared: PackedPrepared } | { problem: string })

/** Data as messages carry them: an object loses its class on the way. */
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

/** Copies, since the reader keeps what it has read, with the buffers that can be handed over. */
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

/** The file that was opened, and what is made of it. */
export class FileReading {
  #opened: Material | undefined

  /** @throws InputError for files that cannot be trained on; the one that was open before stays */
  async open(files: readonly File[]): Promise<About> {
    const material = await openFiles(files)
    const about = await firstThatWorks(material)
    this.#opened = material
    return about
  }

  /** @throws InputError where the column cannot be predicted from the others */
  about(target: string): Promise<About> {
    return aboutTarget(this.#opened, target)
  }

  prepare(settings: Settings): Promise<Prepared> {
    return prepareFile(settings, this.#opened)
  }
}

/** What a column to predict makes of a file, once it is known to work. */
async function aboutTarget(material: Material | undefined, target: string): Promise<About> {
  const { kind } = await prepareFile({ ...usual('file'), target }, material)
  return { file: material!.file, kind, target }
}

/** The last column is the likeliest target; where it cannot be one, a column before it. */
async function firstThatWorks(material: Material): Promise<About> {
  const names = material.file.columns.map(({ name }) => name).reverse()
  let first: unknown
  for (const target of names.length > 0 ? names.slice(0, 8) : ['']) {
    try {
      return await aboutTarget(material, target)
    } catch (error) {
      first ??= error
    }
  }
  throw first
}
