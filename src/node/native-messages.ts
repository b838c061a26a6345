import { randomUUID } from 'node:crypto'
import { closeSync, constants, fstatSync, openSync, readSync, unlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isatty } from 'node:tty'

/**
 * Dawn, the Vulkan loader and drivers write remarks to standard error while an adapter is looked for, in runs that work
 * too. None of them can be asked not to. A command line on a terminal may have them kept in a file instead, so that `doctor`
 * can show them.
 */

const STANDARD_ERROR = 2
/** The most bytes of messages that are kept. */
const MOST_BYTES = 1 << 16

let isEnabled = false
let isCapturing = false
const kept: string[] = []

/**
 * From now on, keeps what native code writes to a terminal while an adapter is looked for. For programs that own their
 * standard error, and only there: the descriptor is replaced for that time, which another library would notice.
 * @param stream Node's own, which takes its descriptor when it is first used: that must be before one is replaced
 */
export function keepNativeMessages({ isTTY }: { readonly isTTY: boolean }): void {
  isEnabled = isTTY
}

/** The lines that were kept, in order, each once. */
export function nativeMessages(): string[] {
  return [...new Set(kept.flatMap((text) => text.split('\n')).filter((line) => line.trim() !== ''))]
}

/** Runs work that calls native code, and keeps what that writes to standard error where this was asked for. */
export async function withNativeMessagesKept<T>(work: () => Promise<T>): Promise<T> {
  const restore = isEnabled && !isCapturing ? capture() : undefined
  if (!restore) return work()
  isCapturing = true
  try {
    return await work()
  } finally {
    isCapturing = false
    kept.push(restore())
  }
}

/**
 * Replaces descriptor 2 with a file. Node has no dup2, but the system gives a file that is opened the lowest free number.
 * This is done on Linux terminals only: opening a terminal again through /proc is the same terminal, and Node writes to it
 * by a separate descriptor, whereas a file would be given a second position.
 * @returns what puts the terminal back and returns the text; undefined where nothing was changed
 */
function capture(): (() => string) | undefined {
  if (process.platform !== 'linux' || !isatty(STANDARD_ERROR)) return undefined
  const opened: number[] = []
  try {
    // With 0 and 1 open, 2 is the lowest free number once it is closed.
    for (const lower of [0, 1]) fstatSync(lower)
    const terminal = openSync(`/proc/self/fd/${STANDARD_ERROR}`, constants.O_WRONLY | constants.O_NOCTTY)
    opened.push(terminal)
    const path = join(tmpdir(), `webgpu-mlp-${randomUUID()}`)
    const file = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o600)
    opened.push(file)
    unlinkSync(path)
    replaceStandardError(file, constants.O_WRONLY | constants.O_APPEND)
    return () => {
      replaceStandardError(terminal, constants.O_WRONLY | constants.O_NOCTTY)
      const text = readStart(file)
      opened.forEach(closeQuietly)
      return text
    }
  } catch {
    // Without a folder for temporary files, or on a terminal of another user, messages go where they always did.
    opened.forEach(closeQuietly)
    return undefined
  }
}

/** Makes descriptor 2 refer to what another descriptor refers to. */
function replaceStandardError(source: number, flags: number): void {
  closeSync(STANDARD_ERROR)
  const got = openSync(`/proc/self/fd/${source}`, flags)
  // Another thread may have opened a file in between; standard error then stays with it until that is closed.
  if (got !== STANDARD_ERROR) closeQuietly(got)
}

function readStart(file: number): string {
  const buffer = Buffer.alloc(Math.min(MOST_BYTES, fstatSync(file).size))
  const bytes = buffer.length === 0 ? 0 : readSync(file, buffer, 0, buffer.length, 0)
  return buffer.toString('utf8', 0, bytes)
}

function closeQuietly(descriptor: number): void {
  try {
    closeSync(descriptor)
  } catch {
    // It was closed before.
  }
}
