import { type FileHandle, open } from 'node:fs/promises'
import { constants, gunzipSync } from 'node:zlib'
import { isGzip } from '../data/gunzip.ts'
import { checkPath, fileError } from './paths.ts'

async function withFile<T>(path: string, use: (file: FileHandle) => Promise<T>): Promise<T> {
  try {
    const file = await open(path)
    try {
      return await use(file)
    } finally {
      await file.close()
    }
  } catch (error) {
    throw fileError(error, path, 'read')
  }
}

/** Bytes of a file that `readFile` takes at most, and that are read at once of a larger one. */
const MOST_WHOLE = 2 ** 31 - 1
const PART = 2 ** 30

/** The bytes of a file. @throws InputError naming the path where it is missing, cannot be read or does not fit the memory */
export function readBytes(path: string): Promise<Uint8Array> {
  checkPath(path)
  return withFile(path, async (file) => {
    const { size } = await file.stat()
    if (size <= MOST_WHOLE) return file.readFile()
    const bytes = new Uint8Array(size)
    for (let at = 0; at < size;) {
      const { bytesRead } = await file.read(bytes, at, Math.min(PART, size - at), at)
      if (bytesRead === 0) return bytes.subarray(0, at)
      at += bytesRead
    }
    return bytes
  })
}

const beginningOf = (path: string, length: number): Promise<Buffer> =>
  withFile(path, async (file) => {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, 0)
    return buffer.subarray(0, bytesRead)
  })

/** Whether a file is gzipped, by its content. @throws InputError naming the path where it cannot be read */
export const isGzipFile = async (path: string): Promise<boolean> => isGzip(await beginningOf(path, 2))

/** Bytes of a file that are looked at: the name of an archive's first file is in them, also where they are gzipped. */
const HEAD_BYTES = 4096

/**
 * How a file begins; of a gzipped file, how what is in it begins. Broken gzip is left as it is.
 * @throws InputError naming the path where it cannot be read
 */
export async function readHead(path: string): Promise<Buffer> {
  const head = await beginningOf(path, HEAD_BYTES)
  if (!isGzip(head)) return head
  try {
    // The rest of the file is missing here.
    return gunzipSync(head, { finishFlush: constants.Z_SYNC_FLUSH })
  } catch {
    return head
  }
}
