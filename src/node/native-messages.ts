import { randomUUID } from 'node:crypto'
import { closeSync, constants, fstatSync, openSync, readFileSync, readSync, unlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isatty } from 'node:tty'

/**
 * Dawn, the Vulkan loader and drivers write remarks to standard error while an adapter is looked for, in runs that work
 * too. None of them can be asked not to. A command line may have them kept in a file instead, so that `doctor` can show
 * them. They are written during the calls of Dawn, before these return; only for that time is descriptor 2 replaced, so
 * that no JavaScript runs meanwhile whose output would be kept as well.
 *
 * Node has no dup2, but opening /proc/self/fd/N on Linux gives a terminal, a pipe or a file that is appended to again, and
 * the system gives a file that is opened the lowest free number. That is not possible for
 * - files that are not appended to: a file that is opened again has a separate position. What this process writes to it
 *   later, and what standard output (`> log 2>&1`) or the next command of a script writes, would overwrite each other;
 * - sockets, which cannot be opened again;
 * - programs that use the library: another thread may open a file between closing descriptor 2 and replacing it. The command
 *   line has no such thread at that time.
 */

const STANDARD_ERROR = 2
/** The most bytes of messages that are kept. */
const MOST_BYTES = 1 << 16

/** Node's own stream, where messages are to be kept. */
let standardError: NodeJS.WriteStream | undefined
const kept: string[] = []

/**
 * From now on, keeps what native code writes to standard error while an adapter is looked for, where that is possible. For
 * programs that own their standard error, and only there.
 * @param stream Node's own, which takes its descriptor when it is first used: that must be before one is replaced
 */
export function keepNativeMessages(stream: NodeJS.WriteStream): void {
  standardError = stream
}

/** The lines that were kept, in order, each once. */
export function nativeMessages(): string[] {
  return [...new Set(kept.flatMap((text) => text.split('\n')).filter((line) => line.trim() !== ''))]
}

/** Calls native code, and keeps what that writes to standard error before it returns, where this was asked for. */
export function withNativeMessagesKept<T>(call: () => T): T {
  const restore = standardError && capture(standardError)
  if (!restore) return call()
  try {
    return call()
  } finally {
    kept.push(restore())
  }
}

/** How to open again what standard error writes to; undefined where that is not possible without losing output. */
function flagsToOpenAgain(stream: NodeJS.WriteStream): number | undefined {
  if (process.platform !== 'linux') return undefined
  if (isatty(STANDARD_ERROR)) return constants.O_WRONLY | constants.O_NOCTTY
  const status = fstatSync(STANDARD_ERROR)
  // Whoever appends never overwrites.
  if (status.isFile() && appends()) return constants.O_WRONLY | constants.O_APPEND
  // Once a pipe was full, libuv watches the descriptor for what was opened first.
  if (!status.isFIFO() || stream.bytesWritten > 0) return undefined
  // libuv has set O_NONBLOCK, too. Without it, opening a pipe waits for somebody who reads it.
  return constants.O_WRONLY | constants.O_NONBLOCK
}

/** Whether standard error was opened to append to a file. */
function appends(): boolean {
  const [, octal = '0'] = /^flags:\s*([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${STANDARD_ERROR}`, 'utf8')) ?? []
  return (Number.parseInt(octal, 8) & constants.O_APPEND) !== 0
}

/**
 * Replaces descriptor 2 with a file.
 * @returns what puts the former back and returns the text; undefined where nothing was changed
 */
function capture(stream: NodeJS.WriteStream): (() => string) | undefined {
  const opened: number[] = []
  try {
    const flags = flagsToOpenAgain(stream)
    if (flags === undefined) return undefined
    // With 0 and 1 open, 2 is the lowest free number once it is closed.
    for (const lower of [0, 1]) fstatSync(lower)
    const before = openSync(`/proc/self/fd/${STANDARD_ERROR}`, flags)
    opened.push(before)
    const path = join(tmpdir(), `webgpu-mlp-${randomUUID()}`)
    const file = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o600)
    opened.push(file)
    unlinkSync(path)
    replaceStandardError(file, constants.O_WRONLY | constants.O_APPEND)
    return () => {
      try {
        replaceStandardError(before, flags)
      } catch {
        // Whoever read the pipe has closed it. Something must have number 2.
        openSync('/dev/null', constants.O_WRONLY)
      }
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
