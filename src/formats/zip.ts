import { concat } from '../data/pieces.ts'
import { describe, InputError } from '../core/errors.ts'

/**
 * The entries of a zip archive as NumPy writes them: stored or deflated. Source: APPNOTE.TXT of PKWARE, sections 4.3.7,
 * 4.3.12 and 4.3.14 to 4.3.16; 4.5.3 for zip64, where sizes and places have 64 bits. Deflate is the platform's own
 * (DecompressionStream), as for gzip.
 */
export interface ZipEntry {
  readonly name: string
  /** Bytes when unpacked, as the archive says. */
  readonly size: number
  /** @throws InputError for broken data, or where size or checksum are others than the archive says */
  read(): Promise<Uint8Array>
}

const signatures = { local: 0x04034b50, central: 0x02014b50, end: 0x06054b50, end64: 0x06064b50, locator64: 0x07064b50 }
const endBytes = 22
const end64Bytes = 56
const locator64Bytes = 20
const centralBytes = 46
const localBytes = 30
const longestComment = 0xffff
/** What a field of 16 or 32 bits holds where its value is in the zip64 record. */
const in64 = { short: 0xffff, long: 0xffffffff }
/** The extra field of a directory entry with sizes and places of 64 bits. */
const extra64 = 1

/** @throws InputError for what is no zip archive, one that is cut short, encrypted or in parts */
export function readZip(bytes: Uint8Array, name: string): ZipEntry[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const end = findEnd(view)
  if (end === undefined) {
    throw new InputError(`${name}: not a zip archive, or cut short (${bytes.length} bytes): its directory is missing`)
  }
  const { count, start } = readEnd(view, end, name)
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

/** The number of entries, and where the directory begins: in the zip64 record where the usual one cannot hold them. */
function readEnd(view: DataView, end: number, name: string): { count: number; start: number } {
  const [count, start] = [view.getUint16(end + 10, true), view.getUint32(end + 16, true)]
  if (count !== in64.short && start !== in64.long) return { count, start }
  const locator = end - locator64Bytes
  const isLocated = locator >= 0 && view.getUint32(locator, true) === signatures.locator64
  const end64 = isLocated ? Number(view.getBigUint64(locator + 8, true)) : Infinity
  if (end64 + end64Bytes > locator || view.getUint32(end64, true) !== signatures.end64) {
    // 65,535 entries need no zip64.
    if (!isLocated && start !== in64.long) return { count, start }
    throw new InputError(`${name}: broken zip64 archive: the record of its directory is missing`)
  }
  return { count: Number(view.getBigUint64(end64 + 32, true)), start: Number(view.getBigUint64(end64 + 48, true)) }
}

/** The numbers of 64 bits of an entry's zip64 field: only those that are needed, sizes before the place. */
function longValues(view: DataView, at: number): number[] {
  const first = at + centralBytes + view.getUint16(at + 28, true)
  const end = first + view.getUint16(at + 30, true)
  for (let place = first; place + 4 <= end; place += 4 + view.getUint16(place + 2, true)) {
    if (view.getUint16(place, true) !== extra64) continue
    const count = Math.floor(Math.min(view.getUint16(place + 2, true), end - place - 4) / 8)
    return Array.from({ length: count }, (_, i) => Number(view.getBigUint64(place + 4 + 8 * i, true)))
  }
  return []
}

/** The sizes and the place of an entry. */
function readExtent(view: DataView, at: number, name: string) {
  const values = longValues(view, at)
  // In the order of the zip64 field.
  const [size, packedSize, start] = [24, 20, 42].map((place) => {
    const value = view.getUint32(at + place, true)
    const exact = value === in64.long ? values.shift() : value
    if (exact === undefined) throw new InputError(`${name}: broken zip64 archive: a size of the entry is missing`)
    return exact
  }) as [number, number, number]
  return { size, packedSize, start }
}

function readEntry(bytes: Uint8Array, view: DataView, at: number, entry: string, archive: string): ZipEntry {
  const name = `${archive}: ${describe(entry)}`
  const [flags, method] = [view.getUint16(at + 8, true), view.getUint16(at + 10, true)]
  const checksum = view.getUint32(at + 16, true)
  const { size, packedSize, start } = readExtent(view, at, name)
  const read = async () => {
    if (flags & 1) throw new InputError(`${name}: is encrypted`)
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
