import { open, readFile } from 'node:fs/promises'
import { type Dataset, datasetFromNpy, datasetFromNpz, InputError, inputsFromNpy } from '../index.ts'
import type { NpyDatasetOptions, NpzDatasetOptions } from '../index.ts'
import { fileError, withPath } from './paths.ts'

/** Bytes that are looked at: the name of an archive's first file is in them. */
const HEAD_BYTES = 1024

/** Which of NumPy's formats a file has, by how it begins. @throws InputError naming the path where it cannot be read */
export async function npyKindOf(path: string): Promise<'npy' | 'npz' | undefined> {
  try {
    const file = await open(path)
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0)
      const beginning = buffer.subarray(0, bytesRead).toString('latin1')
      if (beginning.startsWith('\x93NUMPY')) return 'npy'
      // Spreadsheets are zip archives, too.
      const isArchive = beginning.startsWith('PK\x03\x04') || beginning.startsWith('PK\x05\x06')
      const first = isArchive && bytesRead >= 30 ? beginning.slice(30, 30 + buffer.readUInt16LE(26)) : ''
      return isArchive && (first.endsWith('.npy') || path.toLowerCase().endsWith('.npz')) ? 'npz' : undefined
    } finally {
      await file.close()
    }
  } catch (error) {
    throw fileError(error, path, 'read')
  }
}

async function readBytes(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path)
  } catch (error) {
    throw fileError(error, path, 'read')
  }
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
  const [x, y] = await Promise.all([readBytes(path), readBytes(targets)])
  return withPath(`${path}, ${targets}`, () => ({ train: datasetFromNpy(x, y, options) }))
}

/** The inputs of an .npy or .npz file to predict from. @throws InputError naming the path */
export async function readNpyInputs(path: string, arrays?: readonly string[], maxUnpackedBytes?: number) {
  const bytes = await readBytes(path)
  return withPath(path, () => inputsFromNpy(bytes, { arrays, maxUnpackedBytes }))
}
