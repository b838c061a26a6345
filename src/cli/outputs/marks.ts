import { open } from 'node:fs/promises'

/** How this program recognises files of one kind that it wrote itself, by how they begin. */
export interface Mark {
  /** What such a file is, for messages: 'a model'. */
  readonly name: string
  /** What a file is said to be that is none. */
  readonly otherwise: string
  /** Takes the beginning of a file, and what reads more of it. */
  readonly fits: (head: Buffer, read: (bytes: number) => Promise<Buffer>) => boolean | Promise<boolean>
}

/** The number of bytes at the beginning of a file that are examined, and the most bytes of a safetensors header. */
const HEAD_BYTES = 1 << 16
const MOST_BYTES = 1 << 24

/** A file whose text begins so; bytes are compared as Latin-1. */
const beginning = (name: string, pattern: RegExp): Mark => ({
  name,
  otherwise: isNot(name),
  fits: (head) => pattern.test(head.toString('latin1')),
})

/** A file of JSON whose format comes first. @param format as a regular expression has it */
export const jsonMark = (name: string, format: string): Mark =>
  beginning(name, new RegExp(`^\\s*\\{\\s*"format"\\s*:\\s*"${format}"`))

const isNot = (name: string) => `is not ${name} that webgpu-mlp wrote`

/** Names of classes and columns come before the format in the header, so all of it is read. */
async function isOwnSafetensors(head: Buffer, read: (bytes: number) => Promise<Buffer>): Promise<boolean> {
  const length = head.length < 8 ? 0n : head.readBigUInt64LE()
  if (length < 2n || length > BigInt(MOST_BYTES)) return false
  const header = JSON.parse((await read(8 + Number(length))).subarray(8).toString('utf8')) as unknown
  const { __metadata__: metadata } = header as { __metadata__?: { format?: unknown } }
  return metadata?.format === 'webgpu-mlp'
}

/** The kinds whose files say which program wrote them. */
export const marks = {
  model: jsonMark('a model', 'webgpu-mlp( ensemble)?'),
  checkpoint: jsonMark('a checkpoint', 'webgpu-mlp checkpoint'),
  check: jsonMark('a check', 'webgpu-mlp check'),
  // Pages of earlier versions have no generator, but their title.
  report: beginning(
    'a report',
    /^<!doctype html>[^]*(<meta name="generator" content="webgpu-mlp |<p class="eyebrow">webgpu-mlp )/,
  ),
  safetensors: { name: 'a safetensors file', otherwise: isNot('a safetensors file'), fits: isOwnSafetensors },
  onnx: beginning('an ONNX model', /^\x08.\x12\x0awebgpu-mlp/s),
  javascript: beginning(
    'a JavaScript module',
    /^\/\/ (A multi-layer perceptron, |An ensemble of )[^\n]* Written by webgpu-mlp /,
  ),
  c: beginning('a source in C', /^\/\* [^\n]* Written by webgpu-mlp /),
  cHeader: beginning('a header in C', /^\/\*\n \* [^\n]* Written by webgpu-mlp /),
  python: beginning('a program for PyTorch', /^# Written by webgpu-mlp /),
} satisfies Record<string, Mark>

/**
 * A file that begins with exactly these bytes: the header that would be written, or one of several.
 * @param otherwise what is said of a file with another one
 */
export function headerMark(name: string, header: string | Uint8Array | readonly string[], otherwise: string): Mark {
  const headers = Array.isArray(header) ? (header as readonly string[]) : [header as string]
  const beginnings = headers.map((one) => Buffer.from(one))
  return { name, otherwise, fits: (head) => beginnings.some((bytes) => head.subarray(0, bytes.length).equals(bytes)) }
}

/** Whether a file is of a kind; false where it cannot be read, or is broken. */
export async function bearsMark(path: string, { fits }: Mark): Promise<boolean> {
  try {
    const file = await open(path)
    try {
      const read = async (bytes: number) => {
        const { bytesRead, buffer } = await file.read(Buffer.alloc(bytes), 0, bytes, 0)
        return buffer.subarray(0, bytesRead)
      }
      return await fits(await read(HEAD_BYTES), read)
    } finally {
      await file.close()
    }
  } catch {
    return false
  }
}
