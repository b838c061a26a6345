/** Text in pieces, cut anywhere, or its UTF-8 bytes. */
export type Pieces = AsyncIterable<string | Uint8Array> | Iterable<string | Uint8Array>

/** The UTF-8 bytes of pieces. A character that is cut in two by the end of a piece of text is kept for the next. */
export async function* encodePieces(pieces: Pieces): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder()
  let held = ''
  for await (const piece of pieces) {
    if (typeof piece !== 'string') {
      yield piece
      continue
    }
    const text = held + piece
    held = /[\ud800-\udbff]$/.test(text.slice(-1)) ? text.slice(-1) : ''
    if (text.length > held.length) yield encoder.encode(held === '' ? text : text.slice(0, -1))
  }
  if (held !== '') yield encoder.encode(held)
}

/** Makes LF of CR and CRLF, in text that may be cut between them. */
export class LineEnds {
  #hasReturn = false

  /** Whether the text that was pushed last ends with a CR, to which an LF may belong. */
  get isOpen(): boolean {
    return this.#hasReturn
  }

  push(piece: string): string {
    if (piece === '') return ''
    const text = this.#hasReturn ? `\r${piece}` : piece
    this.#hasReturn = text.endsWith('\r')
    return (this.#hasReturn ? text.slice(0, -1) : text).replace(/\r\n?/g, '\n')
  }

  finish(): string {
    return this.#hasReturn ? '\n' : ''
  }
}

/** Characters of a piece of text that is there as a whole. */
const PIECE = 1 << 20

/** A text in pieces. */
export function* piecesOf(text: string): Generator<string> {
  for (let at = 0; at < text.length; at += PIECE) yield text.slice(at, at + PIECE)
}

/** Several arrays as one. @param length of all of them */
export function concat(parts: readonly Uint8Array[], length: number): Uint8Array {
  const [first] = parts
  if (first && parts.length === 1) return first
  const all = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}
