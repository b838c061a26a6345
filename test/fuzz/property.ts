import { CommanderError } from 'commander'
import { escapeControls, InputError } from '../../src/core/errors.ts'

/**
 * Generous limits: a reader that exceeds them does not scale linearly with its input. Seconds are those of the processor, so
 * that other programs do not count.
 */
const SECONDS = { each: 2, perByte: 20e-6 }
/** Memory that is not garbage: of the process, and of arrays of numbers, which the system does not give before they are used. */
const BYTES = { each: 1 << 28, perByte: 500 }

const own = (value: object) => Reflect.ownKeys(value).length
const prototypes = [Object.prototype, Array.prototype, Function.prototype, String.prototype, Number.prototype]
const properties = prototypes.map(own)

/** A violation of what readers promise. */
export class Violation extends Error {
  override name = 'Violation'
}

/** The bytes of an input, about. */
export function sizeOf(input: unknown): number {
  if (input instanceof Uint8Array) return input.length
  if (typeof input === 'string') return input.length
  if (Array.isArray(input)) return input.reduce<number>((sum, part) => sum + sizeOf(part), 0)
  return JSON.stringify(input ?? null).length
}

/**
 * Runs a reader. It returns a value or throws an error for users, with one line of text, in time and memory in proportion to
 * its input, and changes no object that all programs share.
 * @throws Violation, or the error of another kind
 */
export async function checkReader(read: () => unknown, bytes: number): Promise<void> {
  const time = process.cpuUsage()
  const memory = process.memoryUsage()
  try {
    await read()
  } catch (error) {
    if (!(error instanceof InputError) && !(error instanceof CommanderError)) throw error
    checkMessage(error)
  }
  const { user, system } = process.cpuUsage(time)
  const seconds = (user + system) / 1e6
  if (seconds > SECONDS.each + SECONDS.perByte * bytes)
    throw new Violation(`${seconds.toFixed(1)} s for ${bytes} bytes`)
  const after = process.memoryUsage()
  const most = BYTES.each + BYTES.perByte * bytes
  for (const kind of ['rss', 'arrayBuffers'] as const) {
    const grown = after[kind] - memory[kind]
    if (grown > most) throw new Violation(`${kind} grew by ${grown >> 20} MiB for ${bytes} bytes`)
  }
  const changed = prototypes.findIndex((prototype, i) => own(prototype) !== properties[i])
  if (changed >= 0) throw new Violation(`prototype ${changed} was changed`)
}

function checkMessage(error: Error): void {
  // The program escapes the messages of commander, and shows their second line, a suggestion, behind the first.
  const message = error instanceof CommanderError ? escapeControls(error.message.replace(/\n/g, ' ')) : error.message
  const most = error instanceof CommanderError ? Infinity : 600
  if (message.length > 0 && message.length <= most && /^[^\p{Cc}\u2028\u2029]*$/u.test(message)) return
  throw new Violation(`its message is not a short line: ${JSON.stringify(message.slice(0, 700))}`)
}
