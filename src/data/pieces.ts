/** Text in pieces, cut anywhere. */
export type Pieces = AsyncIterable<string> | Iterable<string>

/** CR and CRLF become LF, in text that may be cut between them; a byte order mark is left out. */
export async function* withPlainLineEnds(pieces: Pieces): AsyncGenerator<string> {
  let held = ''
  let isFirst = true
  for await (const piece of pieces) {
    if (piece === '') continue
    const text = held + (isFirst ? piece.replace(/^\ufeff/, '') : piece)
    isFirst = false
    held = text.endsWith('\r') ? '\r' : ''
    if (text.length > held.length) yield (held === '' ? text : text.slice(0, -1)).replace(/\r\n?/g, '\n')
  }
  if (held !== '') yield '\n'
}

/** Characters of a piece of text that is there as a whole. */
const PIECE = 1 << 18

/** A text in pieces. */
export function* piecesOf(text: string): Generator<string> {
  for (let at = 0; at < text.length; at += PIECE) yield text.slice(at, at + PIECE)
}
