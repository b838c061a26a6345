import { InputError } from '../core/errors.ts'
import { type Fields, integer, optional } from '../core/schema.ts'
import { concat } from './pieces.ts'

/** What readers of gzipped files take. */
export interface UnpackOptions {
  /**
   * The most bytes that a gzipped file, or an .npz file, may unpack to. Default: 64 MiB, or 16 times the packed file where that is more;
   * so a small file cannot fill the memory.
   */
  maxUnpackedBytes?: number | undefined
}

/** Bytes that any file may unpack to, and how many times its own size a large file may. */
const ALWAYS = 2 ** 26
const USUAL_RATIO = 16

export const unpackFields = {
  maxUnpackedBytes: optional(integer(1, Number.MAX_SAFE_INTEGER), {
    flag: '--max-unpacked-bytes <count>',
    help: 'the most bytes that a gzipped or .npz file may unpack to (default: 64 MiB, or 16 times the file)',
  }),
} satisfies Fields<UnpackOptions>

/** The most bytes that a file of a size may unpack to. */
export const mostUnpacked = (size: number, { maxUnpackedBytes }: UnpackOptions): number =>
  maxUnpackedBytes ?? Math.max(ALWAYS, USUAL_RATIO * size)

export function tooMuchUnpacked(most: number, problem: string): InputError {
  const hint = 'give maxUnpackedBytes (on the command line: --max-unpacked-bytes) if that is right'
  return new InputError(`at most ${most} bytes are unpacked, and ${problem}; ${hint}`)
}

/** Whether bytes are gzipped. */
export const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b

/**
 * Unpacks gzip, and stops as soon as there is more than is allowed.
 * @param name what errors call the file
 * @param expected says how many bytes a file should have, by its first bytes; undefined where they are too few
 * @throws InputError for broken gzip, and for more bytes than are allowed
 */
export async function gunzip(
  packed: Uint8Array,
  name: string,
  options: UnpackOptions,
  expected: (beginning: Uint8Array) => number | undefined,
): Promise<Uint8Array> {
  const most = mostUnpacked(packed.length, options)
  const source = new Blob([packed as Uint8Array<ArrayBuffer>]).stream()
  const reader = source.pipeThrough(new DecompressionStream('gzip')).getReader()
  const chunks: Uint8Array[] = []
  let length = 0
  let wanted: number | undefined
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((cause: unknown) => {
        throw new InputError(`${name}: broken gzip, or cut short (${packed.length} bytes); fetch the file again`, { cause }) // prettier-ignore
      })
      if (done) return concat(chunks, length)
      chunks.push(value)
      length += value.length
      // The header of a file is within its first bytes: a few chunks at most.
      wanted ??= expected(length < SMALL ? concat(chunks, length) : chunks[0]!)
      if (wanted !== undefined && wanted > most) throw tooMuch(`says that it unpacks to ${wanted} bytes`)
      if (wanted !== undefined && length > wanted) {
        throw new InputError(`${name}: followed by more bytes: expected ${wanted} in all, as its header says`)
      }
      if (length > most) throw tooMuch('unpacks to more than that')
    }
  } finally {
    await reader.cancel().catch(() => undefined)
  }

  function tooMuch(problem: string): InputError {
    return new InputError(`${name}: ${tooMuchUnpacked(most, `the file ${problem}`).message}`)
  }
}

/**
 * The bytes of a file that may be gzipped, and the limit for archives in it: it follows from the size of the gzipped file.
 * @param name what errors call the file
 * @throws InputError as {@link gunzip} does
 */
export async function unpack(
  bytes: Uint8Array,
  name: string,
  options: UnpackOptions,
): Promise<{ bytes: Uint8Array; options: UnpackOptions }> {
  if (!isGzip(bytes)) return { bytes, options }
  const limit = { maxUnpackedBytes: mostUnpacked(bytes.length, options) }
  return { bytes: await gunzip(bytes, name, limit, () => undefined), options: limit }
}

/** Bytes up to which what has been unpacked is put together to look at its beginning. */
const SMALL = 1 << 12
