import { describe, InputError, listNames } from '../core/errors.ts'

/**
 * The head of an .npy file: `\x93NUMPY`, a version, the header's length, and the header, which is a dictionary as Python
 * writes it. Source: numpy.lib.format. Versions differ in the length's bytes and in the header's encoding.
 */
export interface NpyHeader {
  /** The element type as NumPy calls it, such as `<f4`. */
  descr: string
  fortranOrder: boolean
  shape: number[]
  /** Where the values begin. */
  start: number
}

const magic = [0x93, ...Array.from('NUMPY', (letter) => letter.charCodeAt(0))]
const versions: ReadonlyMap<number, { bytes: number; encoding: string }> = new Map([
  [1, { bytes: 2, encoding: 'latin1' }],
  [2, { bytes: 4, encoding: 'latin1' }],
  [3, { bytes: 4, encoding: 'utf-8' }],
])

/** Bytes of a header that is read: all that version 1.0 can say. */
const LONGEST_HEADER = 65_535
/** NumPy's own limit. */
export const MOST_DIMENSIONS = 64

/** Reads the head. @throws InputError for what is no such file, a later version, a header that is cut short or broken */
export function readNpyHeader(bytes: Uint8Array, name: string): NpyHeader {
  const [major = 0, minor = 0] = bytes.subarray(6, 8)
  const version = versions.get(major)
  if (bytes.length < 8 || magic.some((byte, i) => bytes[i] !== byte)) {
    throw new InputError(`${name}: not an .npy file: it does not begin with \\x93NUMPY and a version`)
  }
  if (version === undefined || minor !== 0) {
    throw new InputError(`${name}: version ${major}.${minor} of .npy is not known here, expected 1.0, 2.0 or 3.0`)
  }
  const head = 8 + version.bytes
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const length =
    bytes.length < head ? Infinity : version.bytes === 2 ? view.getUint16(8, true) : view.getUint32(8, true)
  if (head + length > bytes.length) {
    throw new InputError(`${name}: cut short: the file ends within its header (${bytes.length} bytes in all)`)
  }
  if (length > LONGEST_HEADER) {
    throw new InputError(`${name}: a header of ${length} bytes, at most ${LONGEST_HEADER} are read`)
  }
  const text = new TextDecoder(version.encoding).decode(bytes.subarray(head, head + length))
  return { ...readDictionary(text, name), start: head + length }
}

/** One entry of the dictionary: a name, and a text, a truth value or a tuple of whole numbers (Python 2's end in L). */
const entryPattern = /\s*(['"])(\w*)\1\s*:\s*(?:(['"])([^'"]*)\3|(True|False)|\(([\d\sL,]*)\))\s*(?:,\s*|(?=\}))/y

function readDictionary(text: string, name: string): Omit<NpyHeader, 'start'> {
  const entries = new Map<string, string | boolean | number[]>()
  const open = /^\s*\{\s*/.exec(text)
  let at = open?.[0].length ?? 0
  while (open && at < text.length && text[at] !== '}') {
    entryPattern.lastIndex = at
    const found = entryPattern.exec(text)
    if (!found) break
    const [all, , key = '', , string, truth, tuple = ''] = found
    entries.set(key, string ?? (truth === undefined ? readTuple(tuple) : truth === 'True'))
    at += all.length
  }
  if (!/^\}\s*$/.test(text.slice(at))) {
    if (/'descr':\s*\[/.test(text)) {
      throw new InputError(`${name}: holds records of several fields; save each field as a separate array`)
    }
    throw new InputError(`${name}: the header is not a dictionary of descr, fortran_order and shape: ${describe(text)}`)
  }
  const [descr, fortranOrder, shape] = ['descr', 'fortran_order', 'shape'].map((key) => entries.get(key))
  if (typeof descr !== 'string' || typeof fortranOrder !== 'boolean' || !Array.isArray(shape) || entries.size !== 3) {
    throw new InputError(
      `${name}: expected a header of descr, fortran_order and shape, got ${listNames([...entries.keys()]) || 'none'}`,
    )
  }
  if (!shape.every(Number.isSafeInteger)) throw new InputError(`${name}: the shape (${listNames(shape)}) is not one`)
  if (shape.length > MOST_DIMENSIONS) {
    throw new InputError(`${name}: ${shape.length} dimensions, at most ${MOST_DIMENSIONS} are read, as NumPy does`)
  }
  return { descr, fortranOrder, shape }
}

/** The tuples '2, 3', '5,' and '' as numbers; NaN for anything that is not a number. */
function readTuple(text: string): number[] {
  const parts = text.split(',').map((part) => part.trim())
  if (parts.at(-1) === '') parts.pop()
  return parts.map((part) => (/^\d+L?$/.test(part) ? Number(part.replace('L', '')) : NaN))
}

/** The number of digits that NumPy reserves, so that the first length may grow in place. */
const growthDigits = 21

/** The head of a version 1.0 file, as NumPy writes it: it is padded so that the values begin at a multiple of 64. */
export function writeNpyHeader(descr: string, shape: readonly number[]): Uint8Array {
  const tuple = `(${shape.join(', ')}${shape.length === 1 ? ',' : ''})`
  const growth = shape.length > 0 ? ' '.repeat(growthDigits - String(shape[0]).length) : ''
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${tuple}, }${growth}`
  const length = Math.ceil((10 + text.length + 2) / 64) * 64 - 10
  const header = new TextEncoder().encode(`${text.padEnd(length - 1)}\n`)
  return Uint8Array.from([...magic, 1, 0, length & 0xff, length >> 8, ...header])
}
