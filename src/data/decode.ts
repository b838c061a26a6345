import { suggestNearest } from '../core/aliases.ts'
import { describe, InputError } from '../core/errors.ts'
import { kind } from '../core/schema.ts'
import { concat } from './pieces.ts'
import { isGzip, mostUnpacked, tooMuchUnpacked, type UnpackOptions } from './gunzip.ts'

/** What readers of text from bytes take. */
export interface DecodeOptions extends UnpackOptions {
  /** The name of an encoding as `TextDecoder` knows it. */
  readonly encoding?: string | undefined
}

/** The encodings that are suggested for a name that is none. */
const encodings = ['utf-8', 'utf-16le', 'utf-16be', 'windows-1252', 'windows-1250', 'windows-1251', 'windows-1253', 'windows-1254', 'windows-1257', 'latin1', 'iso-8859-1', 'iso-8859-2', 'iso-8859-5', 'iso-8859-15', 'ascii', 'macintosh', 'koi8-r', 'shift_jis', 'euc-jp', 'euc-kr', 'gbk', 'gb18030', 'big5'] // prettier-ignore

/** An encoding by one of its names. */
export const encodingName = kind((argument, value) => {
  if (typeof value === 'string') {
    try {
      return new TextDecoder(value).encoding
    } catch {
      const near = suggestNearest(value, encodings)
      throw new InputError(`${argument}: unknown encoding ${describe(value)}${near}; known are utf-8, windows-1252, latin1, utf-16le and the others of TextDecoder`) // prettier-ignore
    }
  }
  throw new InputError(`${argument}: expected the name of an encoding, such as 'windows-1252', got ${describe(value)}`)
})

/** Bytes in pieces. */
export type Chunks = AsyncIterable<Uint8Array> | Iterable<Uint8Array>

/** Decodes bytes that come in pieces, and says what helps where they are no text in the encoding. */
export class StrictDecoder {
  readonly #decoder: TextDecoder

  constructor(encoding: string) {
    this.#decoder = new TextDecoder(encoding, { fatal: true })
  }

  decode(bytes: Uint8Array): string {
    return this.#run(() => this.#decoder.decode(bytes, { stream: true }))
  }

  finish(): string {
    return this.#run(() => this.#decoder.decode())
  }

  #run(decode: () => string): string {
    try {
      return decode()
    } catch (cause) {
      const { encoding } = this.#decoder
      const hint =
        encoding === 'utf-8'
          ? "not UTF-8 text; where it comes from a spreadsheet, give encoding: 'windows-1252' (--encoding windows-1252), or save it as UTF-8"
          : `not text in the encoding ${encoding}; give the right one (--encoding)`
      throw new InputError(hint, { cause })
    }
  }
}

/**
 * The text of a file as UTF-8, of a file that comes in pieces, gzipped or not: UTF-8 itself, which is not checked, UTF-16
 * where it begins with a byte order mark, or the encoding that is named.
 * @param size of the whole file in bytes
 * @throws InputError for bytes that are no text in the encoding, for broken gzip, and for gzip that unpacks to too much
 */
export async function* utf8Chunks(chunks: Chunks, size: number, options: DecodeOptions): AsyncGenerator<Uint8Array> {
  let decoder: StrictDecoder | undefined
  let beginning: Uint8Array | undefined = new Uint8Array(0)
  const encoder = new TextEncoder()
  const open = (bytes: Uint8Array): Uint8Array => {
    checkKind(bytes)
    const encoding = markedEncoding(bytes) ?? options.encoding ?? 'utf-8'
    if (encoding === 'utf-8' && bytes.includes(0)) {
      throw new InputError(
        "zero bytes among the text; it is no text file, or UTF-16 without its mark: encoding: 'utf-16le' (--encoding utf-16le)",
      )
    }
    if (encoding !== 'utf-8') decoder = new StrictDecoder(encoding)
    beginning = undefined
    return decoder ? encoder.encode(decoder.decode(bytes)) : bytes
  }
  for await (const bytes of unpacked(chunks, size, options)) {
    if (!beginning) yield decoder ? encoder.encode(decoder.decode(bytes)) : bytes
    else {
      beginning = concat([beginning, bytes], beginning.length + bytes.length)
      if (beginning.length >= MARKS) yield open(beginning)
    }
  }
  if (beginning) yield open(beginning)
  if (decoder) yield encoder.encode(decoder.finish())
}

/** Bytes within which a file says what it is. */
const MARKS = 8

/** The encoding that a byte order mark says. */
function markedEncoding([first, second]: Uint8Array): string | undefined {
  if (first === 0xff && second === 0xfe) return 'utf-16le'
  return first === 0xfe && second === 0xff ? 'utf-16be' : undefined
}

/** Files of other kinds that are taken for tables: what they begin with, and what to do. */
const otherKinds = [
  ['PK\x03\x04', 'a spreadsheet (.xlsx, .ods) or another zip archive, and no text; save the sheet as CSV'],
  ['\xd0\xcf\x11\xe0', 'an Excel workbook (.xls), and no text; save the sheet as CSV'],
  ['PAR1', 'a Parquet file, and no text; write it as CSV'],
  ['\x89HDF', 'an HDF5 file, and no text; write it as CSV'],
  ['%PDF', 'a PDF file, and no text; write its table as CSV'],
] as const

function checkKind(bytes: Uint8Array): void {
  const mark = String.fromCharCode(...bytes.subarray(0, 4))
  const found = otherKinds.find(([start]) => start === mark)
  if (found) throw new InputError(`this is ${found[1]}`)
}

/** The bytes themselves, or what they unpack to. */
async function* unpacked(chunks: Chunks, size: number, options: UnpackOptions): AsyncGenerator<Uint8Array> {
  const iterator = iterate(chunks)
  let beginning: Uint8Array = new Uint8Array(0)
  let isEnd = false
  while (beginning.length < 2 && !isEnd) {
    const next = await iterator.next()
    if (next.done) isEnd = true
    else beginning = concat([beginning, next.value], beginning.length + next.value.length)
  }
  const rest = { [Symbol.asyncIterator]: () => iterator }
  if (isGzip(beginning)) yield* gunzipParts(beginning, rest, size, options)
  else {
    if (beginning.length > 0) yield beginning
    if (!isEnd) yield* rest
  }
}

async function* iterate(chunks: Chunks): AsyncGenerator<Uint8Array, void> {
  yield* chunks
}

async function* gunzipParts(
  beginning: Uint8Array,
  rest: AsyncIterable<Uint8Array>,
  size: number,
  options: UnpackOptions,
): AsyncGenerator<Uint8Array> {
  // prettier-ignore
  const iterator = rest[Symbol.asyncIterator]()
  let failure: Error | undefined
  const source = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start: (controller) => {
      controller.enqueue(beginning as Uint8Array<ArrayBuffer>)
    },
    pull: async (controller) => {
      try {
        const next = await iterator.next()
        if (next.done) controller.close()
        else controller.enqueue(next.value as Uint8Array<ArrayBuffer>)
      } catch (error) {
        failure = error instanceof Error ? error : new Error(String(error))
        controller.error(error)
      }
    },
  })
  const reader = source.pipeThrough(new DecompressionStream('gzip')).getReader()
  const most = mostUnpacked(size, options)
  let length = 0
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((cause: unknown) => {
        // The file could not be read; else its content is wrong.
        throw failure ?? new InputError('broken gzip, or cut short; fetch the file again', { cause })
      })
      if (done) return
      length += value.length
      if (length > most) throw tooMuchUnpacked(most, 'the file unpacks to more than that')
      yield value
    }
  } finally {
    await reader.cancel().catch(() => undefined)
  }
}
