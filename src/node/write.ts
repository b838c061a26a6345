import { randomUUID } from 'node:crypto'
import { constants, createWriteStream, type Stats } from 'node:fs'
import { access, lstat, mkdir, open, readdir, readlink, realpath, rename, rm, stat, writeFile } from 'node:fs/promises' // prettier-ignore
import { hostname } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { describe } from '../core/errors.ts'
import { boolean, type Fields, readOptions, withDefault } from '../core/schema.ts'
import { InputError } from '../index.ts'
import { checkPath, fileError, WriteError } from './paths.ts'
import { isRunning } from './processes.ts'

/** What is written: text, bytes, or parts of text. */
export type Content = string | Uint8Array | AsyncIterable<string>

/** How a file is written. */
export interface WriteOptions {
  /** Whether a write-protected file is replaced, too. Default false. */
  force?: boolean | undefined
}

const writeFields = { force: withDefault(boolean, false) } satisfies Fields<WriteOptions>

export const writeSchemas = {
  writeFileAtomic: { name: 'writeFileAtomic', fields: writeFields },
  checkWritable: { name: 'checkWritable', fields: writeFields },
  writeModel: { name: 'writeModel', fields: writeFields },
  writeCheckpoint: { name: 'writeCheckpoint', fields: writeFields },
}

/**
 * Writes a file so that it is there whole or not at all: into a temporary file in the same folder, which then takes the
 * name. Folders that are missing are made. Where it fails, an older file of that name is still there, untouched. Through a
 * symbolic link, the file that it names is replaced; a link to nothing is refused, as `cp` refuses it.
 * @param path where the file goes; a pipe or a device, such as `/dev/stdout`, is written into
 * @param content text (written as UTF-8) or bytes, or text a part at a time
 * @param options `force`: whether a write-protected file is replaced. Default false
 * @throws InputError naming the path where it is a folder, write-protected, or cannot be written
 * @example await writeFileAtomic('report.html', html)
 */
export async function writeFileAtomic(path: string, content: Content, options: WriteOptions = {}): Promise<void> {
  checkPath(path)
  const isParts = typeof content === 'object' && content !== null && Symbol.asyncIterator in content
  if (typeof content !== 'string' && !(content instanceof Uint8Array) && !isParts) {
    throw new InputError(`content: expected text or a Uint8Array, got ${describe(content)}`)
  }
  const { force } = readOptions(writeSchemas.writeFileAtomic, options)
  try {
    const found = await checkTarget(path, force)
    const descriptor = descriptorOf(path)
    // What standard output was redirected to is written on from where it is, as the shell would.
    if (found?.isFile() && descriptor !== undefined) return await writeOn(descriptor, content)
    // A pipe or a device (/dev/stdout, /dev/null) is written into, not replaced.
    if (found && !found.isFile()) return await writeFile(path, content)
    // Through a symbolic link: the file that it names is replaced, not the link.
    await replaceFile(found ? await realpath(path) : resolve(path), content, found && found.mode & 0o777)
  } catch (error) {
    throw fileError(error, path, 'written')
  }
}

/**
 * What is at a path that will be written to.
 * @throws InputError for a folder, a symbolic link that leads nowhere, and a file that may not be written to
 */
async function checkTarget(path: string, force = false): Promise<Stats | undefined> {
  const found = await stat(path).catch(() => undefined)
  if (found?.isDirectory()) throw new InputError(`${path}: is a folder, expected the name of a file`)
  if (!found && (await lstat(path).catch(() => undefined))?.isSymbolicLink()) {
    const target = await readlink(path)
    throw new InputError(
      `${path}: is a symbolic link to ${target}, which does not exist; name the file itself, or remove the link`,
    )
  }
  if (found?.isFile() && !force) {
    await access(path, constants.W_OK).catch((cause: unknown) => {
      if ((cause as NodeJS.ErrnoException).code !== 'EACCES') throw fileError(cause, path, 'written')
      throw new WriteError(`${path}: cannot be written: the file is write-protected`, { cause })
    })
  }
  return found
}

/** The number of the open file that a path such as `/dev/stdout` names. */
export function descriptorOf(path: string): number | undefined {
  const [, name, number] = /^\/(?:dev\/(stdout|stderr)|(?:dev|proc\/self)\/fd\/(\d+))$/.exec(resolve(path)) ?? []
  return name === undefined ? (number === undefined ? undefined : Number(number)) : name === 'stdout' ? 1 : 2
}

/** Writes to an open file, from where it is. */
async function writeOn(descriptor: number, content: Content): Promise<void> {
  const parts = typeof content === 'string' || content instanceof Uint8Array ? [content] : content
  await pipeline(Readable.from(parts), createWriteStream('', { fd: descriptor, autoClose: false }))
}

/** Makes a folder and those above it. Node's own recursive mkdir never ends where the kernel refuses, as in /proc. */
async function makeFolder(folder: string): Promise<void> {
  if ((await stat(folder).catch(() => undefined))?.isDirectory()) return
  if (dirname(folder) !== folder) await makeFolder(dirname(folder))
  await mkdir(folder).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  })
}

/** How the names of temporary files for a path begin; the number of the process that writes follows. */
const temporaryStart = (path: string) => `.${basename(path).slice(0, 100)}.${hostname()}.`
const swept = new Set<string>()

/** Removes, once a process, what processes that are no more were writing to a path when they ended. */
async function removeStale(path: string): Promise<void> {
  if (swept.has(path)) return
  swept.add(path)
  const start = temporaryStart(path)
  // A folder that may be written to need not be one that may be read.
  for (const name of await readdir(dirname(path)).catch(() => [])) {
    const writer = name.startsWith(start) ? /^(\d+)\.[-\da-f]{36}\.tmp$/.exec(name.slice(start.length)) : null
    if (writer && !isRunning(Number(writer[1]))) await rm(join(dirname(path), name), { force: true })
  }
}

async function replaceFile(path: string, content: Content, mode = 0o666): Promise<void> {
  await makeFolder(dirname(path))
  await removeStale(path)
  const temporary = join(dirname(path), `${temporaryStart(path)}${process.pid}.${randomUUID()}.tmp`)
  const file = await open(temporary, 'wx', mode)
  try {
    try {
      // The declarations of Node 20 leave out that a handle takes parts, as its documentation says.
      await file.writeFile(content as string)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

/**
 * Checks that a file could be written, before the work whose result it is to take: that the path is not a folder's, that a
 * file there may be replaced, and that the nearest folder there is may be written to. It writes nothing.
 * @param path the path of the file that is to be written; neither it nor its folder has to exist
 * @param options `force`: whether a write-protected file may be replaced. Default false
 * @throws InputError naming the path
 * @example await checkWritable('runs/first/model.json')
 */
export async function checkWritable(path: string, options: WriteOptions = {}): Promise<void> {
  checkPath(path)
  const { force } = readOptions(writeSchemas.checkWritable, options)
  const found = await checkTarget(path, force)
  if (found && !found.isFile()) return
  let folder = dirname(found ? await realpath(path) : resolve(path))
  let above = await stat(folder).catch(() => undefined)
  while (!above && folder !== dirname(folder)) {
    folder = dirname(folder)
    above = await stat(folder).catch(() => undefined)
  }
  if (!above?.isDirectory()) throw new InputError(`${path}: cannot be written: ${folder} is not a folder`)
  if (/^\/(proc|sys)(\/|$)/.test(folder)) throw new InputError(`${path}: cannot be written: ${folder} is the kernel's`)
  await access(folder, constants.W_OK | constants.X_OK).catch((error: unknown) => {
    throw fileError(error, path, 'written')
  })
}
