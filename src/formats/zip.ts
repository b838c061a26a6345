import { concat } from '../data/pieces.ts'
import { describe, InputError } from '../core/errors.ts'

/**
 * The entries of a zip archive as NumPy writes them: stored or deflated. Source: APPNOTE.TXT of PKWARE, sections 4.3.7,
 * 4.3.12 and 4.3.16. Deflate is the platform's own (DecompressionStream), as for gzip.
 */
export interface ZipEntry {
  readonly name: string
  /** Bytes when unpacked, as the archive says. */
  readonly size: number
  /** @throws InputError for broken data, or where size or checksum are others than the archive says */
  read(): Promise<Uint8Array>
}

const signatures = { local: 0x04034b50, central: 0x02014b50, end: 0x06054b50 }
const endBytes = 22
const centralBytes = 46
const localBytes = 30
const longestComment = 0xffff

/** @throws InputError for what is no zip archive, one that is cut short, encrypted or in parts, or larger than 4 GiB */
export function readZip(bytes: Uint8Array, name: string): ZipEntry[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const end = findEnd(view)
  if (end === undefined) {
    throw new InputError(`${name}: not a zip archive, or cut short (${bytes.length} bytes): its directory is missing`)
  }
  const [count, start] = [view.getUint16(end + 10, true), view.getUint32(end + 16, true)]
  if (count === 0xffff || start === 0xffffffff) throw tooLarge(name)
  const entries: ZipEntry[] = []
  let at = start
  for (let i = 0; i < count; i++) {
    if (at + centralBytes > end || view.getUint32(at, true) !== signatures.central) {
      throw new InputError(`${name}: broken zip archive: entry ${i + 1} of ${count} is not in its directory`)
    }
    const [nameBytes, extra, comment] = [28, 30, 32].map((place) => view.getUint16(at + place, true)) as [number, number, number] // prettier-ignore
    const next = at + centralBytes + nameBytes + extra + comment
    if (next > end) throw new InputError(`${name}: broken zip archive: entry ${i + 1} of ${count} is cut short`)
    const text = new TextDecoder().decode(bytes.subarray(at + centralBytes, at + centralBytes + nameBytes))
    entries.push(readEntry(bytes, view, at, text, name))
    at = next
  }
  return entries
}

/** Where the directory's end begins: the last place with its signature that is followed by its whole comment. */
function findEnd(view: DataView): number | undefined {
  for (let at = view.byteLength - endBytes; at >= Math.max(0, view.byteLength - endBytes - longestComment); at--) {
    const isEnd = view.getUint32(at, true) === signatures.end
    if (isEnd && at + endBytes + view.getUint16(at + 20, true) === view.byteLength) return at
  }
  return undefined
}

const tooLarge = (name: string) => new InputError(`${name}: zip archives of 4 GiB and more are not read; save the arrays as .npy files`) // prettier-ignore

function readEntry(bytes: Uint8Array, view: DataView, at: number, entry: string, archive: string): ZipEntry {
  const name = `${archive}: ${describe(entry)}`
  const [flags, method] = [view.getUint16(at + 8, true), view.getUint16(at + 10, true)]
  const [checksum, packedSize, size, start] = [16, 20, 24, 42].map((place) => view.getUint32(at + place, true)) as [number, number, number, number] // prettier-ignore
  const read = async () => {
    if (flags & 1) throw new InputError(`${name}: is encrypted`)
    if ([packedSize, size, start].includes(0xffffffff)) throw tooLarge(archive)
    if (start + localBytes > bytes.length || view.getUint32(start, true) !== signatures.local) {
      throw new InputError(`${name}: broken zip archive: the entry is not where its directory says`)
    }
    const data = start + localBytes + view.getUint16(start + 26, true) + view.getUint16(start + 28, true)
    if (data + packedSize > bytes.length) throw new InputError(`${name}: cut short`)
    const packed = bytes.subarray(data, data + packedSize)
    if (method !== 0 && method !== 8) {
      throw new InputError(`${name}: is packed by method ${method}, expected stored or deflated, as numpy.savez writes`)
    }
    const unpacked = method === 0 ? packed : await inflate(packed, size, name)
    if (unpacked.length !== size || crc32(unpacked) !== checksum) {
      throw new InputError(`${name}: broken: size or checksum are others than the archive says; fetch the file again`)
    }
    return unpacked
  }
  return { name: entry, size, read }
}

/** Unpacks what should have `size` bytes, and stops as soon as there are more. */
async function inflate(packed: Uint8Array, size: number, name: string): Promise<Uint8Array> {
  const source = new Blob([packed as Uint8Array<ArrayBuffer>]).stream()
  const reader = source.pipeThrough(new DecompressionStream('deflate-raw')).getReader()
  const chunks: Uint8Array[] = []
  let length = 0
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((cause: unknown) => {
        throw new InputError(`${name}: broken, or cut short; fetch the file again`, { cause })
      })
      if (done) break
      chunks.push(value)
      length += value.length
      if (length > size) throw new InputError(`${name}: unpacks to more than the ${size} bytes that the archive says`)
    }
  } finally {
    await reader.cancel().catch(() => undefined)
  }
  // Memory is taken for what is there, not for what an archive says.
  return concat(chunks, length)
}

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1
  return value
})

/** The checksum of zip and gzip (ISO 3309). */
export function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (let i = 0; i < bytes.length; i++) crc = crcTable[(crc ^ bytes[i]!) & 0xff]! ^ (crc >>> 8)
  return (crc ^ 0xffffffff) >>> 0
}
