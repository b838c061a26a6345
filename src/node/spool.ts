import {
  accessSync,
  closeSync,
  constants,
  ftruncateSync,
  lstatSync,
  mkdtempSync,
  openSync,
  read as readFd,
  readdirSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { WriteError } from './paths.ts'
import { isRunning } from './processes.ts'

const readInto = promisify(readFd)

/** Numbers that wait to be written, of each part. */
const BUFFERED = 1 << 14
/** Bytes that are read or written in one call at most. */
const MOST_BYTES = 1 << 30

/**
 * Where temporary files of any size go: `TMPDIR`, else `/var/tmp` (`/tmp` is memory on many systems), else what the
 * system says.
 */
export function spoolFolder(): string {
  if (process.env.TMPDIR) return process.env.TMPDIR
  try {
    accessSync('/var/tmp', constants.W_OK)
    return '/var/tmp'
  } catch {
    return tmpdir()
  }
}

/** Milliseconds by which the times of files and of this process may differ. */
const CLOCK_ERROR = 10_000

/** How the names of folders begin that processes of this machine make; the number of the process follows. */
const folderStart = `webgpu-mlp-${hostname()}-`

/** Removes what processes left that were ended too suddenly to do so: their folders, usually empty. */
function removeStale(within: string): void {
  let names: string[] = []
  try {
    names = readdirSync(within)
  } catch {
    // A folder that may be written to need not be one that may be read.
  }
  for (const name of names) {
    const maker = name.startsWith(folderStart) ? /^(\d+)-\w{6}$/.exec(name.slice(folderStart.length)) : null
    const path = join(within, name)
    if (!maker) continue
    try {
      const { uid, mtimeMs } = lstatSync(path)
      const pid = Number(maker[1])
      // In a container, the process that was ended may have had this one's number; then its folder is older.
      const isUsed = pid === process.pid ? mtimeMs > Date.now() - 1000 * process.uptime() - CLOCK_ERROR : isRunning(pid)
      if (!isUsed && uid === (process.getuid?.() ?? uid)) rmSync(path, { recursive: true, force: true })
    } catch {
      // Another process has removed it meanwhile.
    }
  }
}

/** The open spools of this process, whose files are removed when it ends. */
const openSpools = new Set<Spool>()

function closeAll(): void {
  for (const spool of openSpools) spool.close()
}

/** One listener for all spools: Node warns of a leak where an event has more than ten. */
function keepUntilExit(spool: Spool): void {
  if (openSpools.size === 0) process.once('exit', closeAll)
  openSpools.add(spool)
}

function forget(spool: Spool): void {
  openSpools.delete(spool)
  if (openSpools.size === 0) process.off('exit', closeAll)
}

/** A part's file. */
interface Part {
  readonly fd: number
  readonly buffer: Float64Array
  buffered: number
  /** Numbers in the file. */
  written: number
}

/**
 * Rows of float64 numbers in temporary files, in parts that fit memory one by one. Nothing of it stays behind: where the
 * system allows it, the files have no name any more as soon as they are open.
 */
export class Spool {
  /** Numbers of a row. */
  readonly width: number
  readonly #folder: string
  readonly #parts: Part[] = []
  readonly #unlinked: boolean
  #closed = false

  /** @param within the folder that the files are made in; @throws InputError where that cannot be */
  constructor(width: number, within: string) {
    this.width = width
    removeStale(within)
    try {
      this.#folder = mkdtempSync(join(within, `${folderStart}${process.pid}-`))
    } catch (error) {
      throw spoolError(error, within)
    }
    // Windows keeps names until files are closed.
    this.#unlinked = process.platform !== 'win32'
    keepUntilExit(this)
  }

  get parts(): number {
    return this.#parts.length
  }

  /** Adds one row to a part; parts are begun as they are named, from 0. */
  append(part: number, row: ArrayLike<number>): void {
    while (this.#parts.length <= part) this.#parts.push(this.#open())
    const own = this.#parts[part]!
    if (own.buffered + this.width > own.buffer.length) this.#flush(own)
    own.buffer.set(row, own.buffered)
    own.buffered += this.width
  }

  #open(): Part {
    const path = join(this.#folder, String(this.#parts.length))
    try {
      const fd = openSync(path, 'wx+', 0o600)
      if (this.#unlinked) rmSync(path)
      return { fd, buffer: new Float64Array(Math.max(BUFFERED, this.width)), buffered: 0, written: 0 }
    } catch (error) {
      throw spoolError(error, this.#folder)
    }
  }

  #flush(part: Part): void {
    this.#write(part, part.buffer.subarray(0, part.buffered), part.written)
    part.written += part.buffered
    part.buffered = 0
  }

  #write({ fd }: Part, values: Float64Array, place: number): void {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
    try {
      for (let done = 0; done < bytes.length;) {
        done += writeSync(fd, bytes, done, Math.min(MOST_BYTES, bytes.length - done), 8 * place + done)
      }
    } catch (error) {
      throw spoolError(error, this.#folder)
    }
  }

  /** Rows of a part: all of them, or as many as there are of `count` from `first` on. */
  async read(part: number, first = 0, count = Infinity): Promise<Float64Array> {
    const own = this.#parts[part]!
    if (own.buffered > 0) this.#flush(own)
    const start = first * this.width
    const values = new Float64Array(Math.max(0, Math.min(own.written - start, count * this.width)))
    const bytes = new Uint8Array(values.buffer)
    for (let done = 0; done < bytes.length;) {
      const length = Math.min(MOST_BYTES, bytes.length - done)
      const { bytesRead } = await readInto(own.fd, bytes, done, length, 8 * start + done)
      if (bytesRead === 0) throw new Error(`spool: part ${part} ends after ${done} of ${bytes.length} bytes`)
      done += bytesRead
    }
    return values
  }

  /** Puts other rows in the place of a part's, not more than there were. */
  replace(part: number, rows: Float64Array): void {
    const own = this.#parts[part]!
    this.#write(own, rows, 0)
    own.written = rows.length
    own.buffered = 0
    ftruncateSync(own.fd, rows.byteLength)
  }

  /** Frees the files. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    forget(this)
    for (const { fd } of this.#parts) closeSync(fd)
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

function spoolError(error: unknown, folder: string): Error {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
  const reasons: Readonly<Record<string, string>> = {
    ENOSPC: 'the disk is full; a copy of the numbers, 8 bytes each, must fit',
    EACCES: 'permission is denied',
    ENOENT: 'there is no such folder',
    EMFILE: 'too many files are open',
  }
  return new WriteError(
    `${folder}: temporary files cannot be written: ${reasons[code] ?? code}; the variable TMPDIR names another folder`,
    { cause: error },
  )
}
