import { describe, InputError, listNames } from '../core/errors.ts'
import { readOptions } from '../core/schema.ts'
import { mostUnpacked, unpack, type UnpackOptions, unpackFields } from '../data/gunzip.ts'
import { checkBytes } from './check.ts'
import { type NpyArray, readNpy } from './npy.ts'
import { readZip, type ZipEntry } from './zip.ts'

export const parseNpzSchema = { name: 'parseNpz', fields: unpackFields }

/**
 * Reads the arrays of an .npz file, as `numpy.savez` and `numpy.savez_compressed` write it: a zip archive of .npy files,
 * zip64 included. The file may be gzipped.
 * @param bytes the bytes of the .npz file
 * @param options `maxUnpackedBytes`, the most bytes that the file may unpack to (default 64 MiB, or 16 times the file
 *   where that is more)
 * @returns the arrays by their names, in the order of the file
 * @throws InputError for a broken archive, arrays that {@link parseNpy} does not read, and archives that unpack to more than
 *   `maxUnpackedBytes`
 * @example
 * const arrays = await parseNpz(await readFile('digits.npz'))
 * console.log(arrays.get('x')?.shape)
 */
export async function parseNpz(bytes: Uint8Array, options: UnpackOptions = {}): Promise<Map<string, NpyArray>> {
  const entries = await openNpz(bytes, 'npz', readOptions(parseNpzSchema, options))
  const arrays = new Map<string, NpyArray>()
  for (const [key, read] of entries) {
    const { shape, data } = await read()
    arrays.set(key, { shape, data })
  }
  return arrays
}

/** The arrays of an archive by their names; each is read when it is called for. */
export type NpzArrays = ReadonlyMap<string, () => Promise<ReturnType<typeof readNpy>>>

/** @param name what errors call the file */
export async function openNpz(packed: Uint8Array, name: string, limits: UnpackOptions): Promise<NpzArrays> {
  checkBytes(packed, name)
  const { bytes, options } = await unpack(packed, name, limits)
  const arrays = new Map<string, () => Promise<ReturnType<typeof readNpy>>>()
  const entries = readZip(bytes, name)
  checkSize(entries, bytes.length, name, options)
  for (const entry of entries) {
    const key = /^(.*)\.npy$/s.exec(entry.name)?.[1]
    if (key === undefined) continue
    if (arrays.has(key)) throw new InputError(`${name}: holds two arrays called ${describe(key)}`)
    arrays.set(key, async () => readNpy(await entry.read(), key))
  }
  if (arrays.size === 0) {
    if (entries.some((entry) => entry.name === '[Content_Types].xml')) {
      throw new InputError(`${name}: a spreadsheet (.xlsx) or document; save it as CSV`)
    }
    const found =
      entries.length === 0
        ? 'it is empty'
        : `it holds ${listNames(
            entries.map((entry) => entry.name),
            8,
          )}`
    throw new InputError(`${name}: a zip archive without .npy files: ${found}; numpy.savez writes some`)
  }
  return arrays
}

/** A small file may not fill the memory. */
function checkSize(entries: readonly ZipEntry[], length: number, name: string, options: UnpackOptions): void {
  const size = entries.reduce((sum, entry) => sum + entry.size, 0)
  const most = mostUnpacked(length, options)
  if (size <= most) return
  throw new InputError(
    `${name}: at most ${most} bytes are unpacked, and the file says that it unpacks to ${size} bytes; ` +
      'give maxUnpackedBytes (on the command line: --max-unpacked-bytes) if that is right',
  )
}
