import { type Dataset, datasetFromNpy, datasetFromNpz, InputError, inputsFromNpy } from '../index.ts'
import type { NpyDatasetOptions, NpzDatasetOptions } from '../index.ts'
import { unpack } from '../data/gunzip.ts'
import { readBytes, readHead } from './bytes.ts'
import { withPath } from './paths.ts'

/**
 * Which of NumPy's formats a file has, by how it begins, gzipped or not.
 * @throws InputError naming the path where it cannot be read
 */
export async function npyKindOf(path: string): Promise<'npy' | 'npz' | undefined> {
  const head = await readHead(path)
  const beginning = head.toString('latin1')
  if (beginning.startsWith('\x93NUMPY')) return 'npy'
  // Spreadsheets are zip archives, too.
  const isArchive = beginning.startsWith('PK\x03\x04') || beginning.startsWith('PK\x05\x06')
  const first = isArchive && head.length >= 30 ? beginning.slice(30, 30 + head.readUInt16LE(26)) : ''
  return isArchive && (first.endsWith('.npy') || /\.npz(\.gz)?$/i.test(path)) ? 'npz' : undefined
}

/** What {@link readNpyDataset} takes. */
export interface NpyFilesOptions extends NpyDatasetOptions, NpzDatasetOptions {
  /** The file with the targets of an .npy file. */
  targets?: string | undefined
}

/**
 * The data set of an .npy file with inputs and another with targets, or of an .npz file with both.
 * @throws InputError naming the files
 */
export async function readNpyDataset(
  path: string,
  kind: 'npy' | 'npz',
  { targets, arrays, maxUnpackedBytes, ...options }: NpyFilesOptions,
): Promise<{ train: Dataset; validation?: Dataset }> {
  if (kind === 'npz') {
    if (targets !== undefined) {
      throw new InputError(`${path}: holds several arrays; give those to take by arrays (on the command line: --arrays x,y), not targets`) // prettier-ignore
    }
    const bytes = await readBytes(path)
    return withPath(path, () => datasetFromNpz(bytes, { ...options, arrays, maxUnpackedBytes }))
  }
  if (arrays !== undefined) throw new InputError(`${path}: holds one array; arrays are those of an .npz file`)
  if (targets === undefined) {
    throw new InputError(`${path}: holds inputs only; give the file with their targets: targets (on the command line: --targets y.npy)`) // prettier-ignore
  }
  const [x, y] = (await Promise.all([path, targets].map((one) => readUnpacked(one, maxUnpackedBytes)))) as [
    Uint8Array,
    Uint8Array,
  ]
  return withPath(`${path}, ${targets}`, () => ({ train: datasetFromNpy(x, y, options) }))
}

async function readUnpacked(path: string, maxUnpackedBytes: number | undefined): Promise<Uint8Array> {
  const packed = await readBytes(path)
  return withPath(path, async () => (await unpack(packed, 'npy', { maxUnpackedBytes })).bytes)
}

/** The inputs of an .npy or .npz file to predict from. @throws InputError naming the path */
export async function readNpyInputs(path: string, arrays?: readonly string[], maxUnpackedBytes?: number) {
  const bytes = await readBytes(path)
  return withPath(path, () => inputsFromNpy(bytes, { arrays, maxUnpackedBytes }))
}
