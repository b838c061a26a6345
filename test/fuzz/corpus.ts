import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The most characters of a kept input, so that the files stay small. */
export const LONGEST_KEPT = 6000

const fileOf = (name: string) => fileURLToPath(new URL(`corpus/${name.replace(/\W+/g, '-')}.json`, import.meta.url))

/** An input as JSON: bytes are base64. */
export const encodeInput = (input: unknown): string =>
  JSON.stringify(input, (_, value: unknown) =>
    value instanceof Uint8Array ? { $bytes: Buffer.from(value).toString('base64') } : value,
  )

/** Reads {@link encodeInput}. */
export const decodeInput = (text: string): unknown =>
  JSON.parse(text, (_, value: unknown) => {
    const { $bytes } = (value ?? {}) as { $bytes?: unknown }
    return typeof $bytes === 'string' ? new Uint8Array(Buffer.from($bytes, 'base64')) : value
  })

/** The inputs that are kept for a reader: each reaches a part of it that the seeds do not, or was a fault. */
export function readCorpus(name: string): unknown[] {
  const path = fileOf(name)
  if (!existsSync(path)) return []
  return readFileSync(path, 'utf8').split('\n').filter(Boolean).map(decodeInput)
}

export function writeCorpus(name: string, inputs: readonly unknown[]): void {
  const path = fileOf(name)
  mkdirSync(new URL('corpus/', import.meta.url), { recursive: true })
  writeFileSync(path, inputs.map((input) => `${encodeInput(input)}\n`).join(''))
}
