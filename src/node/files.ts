import { randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { access, mkdir, open, readdir, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { basename, dirname, extname, join, resolve } from 'node:path'
import { type CsvOptions, parseCsv } from '../data/csv.ts'
import type { Dataset } from '../data/dataset.ts'
import { datasetFromIdx } from '../data/idx.ts'
import { describe, InputError } from '../errors.ts'
import { Network } from '../model/network.ts'
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from '../training/checkpoint.ts'

/**
 * Reads a model file, as {@link writeModel} writes it.
 * @throws InputError naming the path where it is missing, cannot be read, or is not a model
 * @example const network = await readModel('model.json')
 */
export async function readModel(path: string): Promise<Network> {
  const text = decodeText(await readBytes(path), path)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    const problem = text.trim() === '' ? 'it is empty' : 'it is not JSON, or cut short'
    throw new InputError(`${path}: not a model file: ${problem}`, { cause })
  }
  return withPath(path, () => Promise.resolve(Network.fromJSON(value)))
}

/**
 * Writes a model file (JSON; its size is about 5.4 bytes a parameter), all or nothing, as {@link writeFileAtomic} does.
 * @throws InputError naming the path where it cannot be written, and where a parameter is not finite
 * @example await writeModel('runs/first/model.json', network)
 */
export async function writeModel(path: string, network: Network): Promise<void> {
  if (!(network instanceof Network)) throw new InputError(`network: expected a Network, got ${describe(network)}`)
  const bad = network.parameters.findIndex((value) => !Number.isFinite(value))
  if (bad >= 0) throw new InputError(`network: parameter ${bad} is ${network.parameters[bad]}; ${path} was not written`)
  await writeFileAtomic(path, `${JSON.stringify(network.toJSON())}\n`)
}

/**
 * Writes a checkpoint, all or nothing, as {@link writeFileAtomic} does: after a crash the older one is there, or the new.
 * @example await trainer.fit(train, { checkpoint: { every: 5, write: (made) => writeCheckpoint('run.checkpoint', made) } })
 */
export async function writeCheckpoint(path: string, checkpoint: Checkpoint): Promise<void> {
  await writeFileAtomic(path, `${encodeCheckpoint(checkpoint)}\n`)
}

/**
 * Reads a checkpoint, for {@link Trainer.resume}.
 * @throws InputError naming the path, and what is wrong with the file
 * @example await trainer.resume(await readCheckpoint('run.checkpoint'))
 */
export async function readCheckpoint(path: string): Promise<Checkpoint> {
  const text = decodeText(await readBytes(path), path)
  return withPath(path, () => Promise.resolve(decodeCheckpoint(text)))
}

type Content = string | Uint8Array | AsyncIterable<string>

/**
 * Writes a file so that it is there whole or not at all: into a temporary file in the same folder, which then takes the
 * name. Folders that are missing are made. Where it fails, an older file of that name is still there, untouched.
 * @param content text (written as UTF-8) or bytes, or text a part at a time
 * @throws InputError naming the path where it is a folder, or cannot be written
 * @example await writeFileAtomic('report.html', html)
 */
export async function writeFileAtomic(path: string, content: Content): Promise<void> {
  checkPath(path)
  const isParts = typeof content === 'object' && content !== null && Symbol.asyncIterator in content
  if (typeof content !== 'string' && !(content instanceof Uint8Array) && !isParts) {
    throw new InputError(`content: expected text or a Uint8Array, got ${describe(content)}`)
  }
  try {
    const found = await stat(path).catch(() => undefined)
    if (found?.isDirectory()) throw new InputError(`${path}: is a folder, expected the name of a file`)
    // A pipe or a device (/dev/stdout, /dev/null) is written into, not replaced.
    if (found && !found.isFile()) return await writeFile(path, content)
    // Through a symbolic link: the file that it names is replaced, not the link.
    await replaceFile(found ? await realpath(path) : resolve(path), content, found && found.mode & 0o777)
  } catch (error) {
    throw fileError(error, path, 'written')
  }
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

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // Without the right to ask, it is there.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
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
 * Checks that a file could be written, before the work whose result it is to take: that the path is not a folder's, and
 * that the nearest folder there is may be written to. It writes nothing.
 * @throws InputError naming the path
 * @example await checkWritable('runs/first/model.json')
 */
export async function checkWritable(path: string): Promise<void> {
  checkPath(path)
  const found = await stat(path).catch(() => undefined)
  if (found?.isDirectory()) throw new InputError(`${path}: is a folder, expected the name of a file`)
  if (found && !found.isFile()) return
  let folder = dirname(resolve(path))
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

/**
 * Reads a data set: a `.csv` or `.tsv` file, or a folder with MNIST's IDX files (`train-images-idx3-ubyte`,
 * `train-labels-idx1-ubyte`, and `t10k-…` for the validation set where they are there; each with or without `.gz`).
 * @param options as {@link parseCsv} takes them; of a folder with IDX files only `classes` counts
 * @throws InputError naming the path where it is missing, of another kind, or its content does not fit
 * @example const { train, validation } = await readDataset('data/mnist')
 */
export async function readDataset(
  path: string,
  options: CsvOptions = {},
): Promise<{ train: Dataset; validation?: Dataset }> {
  checkPath(path)
  const found = await stat(path).catch((error: unknown) => {
    throw fileError(error, path, 'read')
  })
  if (found.isDirectory()) return readIdxFolder(path, options.classes)
  const kind = extname(path).toLowerCase()
  if (kind !== '.csv' && kind !== '.tsv') {
    throw new InputError(`${path}: expected a .csv or .tsv file, or a folder with IDX files (MNIST)`)
  }
  const text = decodeText(await readBytes(path), path)
  const delimiter = options.delimiter ?? (kind === '.tsv' ? '\t' : undefined)
  return { train: await withPath(path, () => parseCsv(text, { ...options, delimiter })) }
}

async function readIdxFolder(folder: string, classes?: readonly string[]) {
  const names = await readdir(folder).catch((error: unknown) => {
    throw fileError(error, folder, 'read')
  })
  const find = (part: string, what: string, dimensions: number) => {
    const name = `${part}-${what}-idx${dimensions}-ubyte`
    const spellings = [name, `${part}-${what}.idx${dimensions}-ubyte`].flatMap((name) => [name, `${name}.gz`])
    return { name, file: spellings.find((spelling) => names.includes(spelling)) }
  }
  const read = async (part: string, known: readonly string[] | undefined) => {
    const [images, labels] = [find(part, 'images', 3), find(part, 'labels', 1)]
    const missing = [images, labels].find(({ file }) => file === undefined)
    if (missing || !images.file || !labels.file) {
      throw new InputError(
        `${folder}: found no ${missing?.name} (or .gz), expected MNIST's IDX files under their names`,
      )
    }
    const [pixels, marks] = [join(folder, images.file), join(folder, labels.file)]
    const bytes = await Promise.all([readBytes(pixels), readBytes(marks)])
    return withPath(`${pixels}, ${labels.file}`, () => datasetFromIdx(...bytes, { classes: known }))
  }
  const train = await read('train', classes)
  const hasValidation = find('t10k', 'images', 3).file ?? find('t10k', 'labels', 1).file
  return hasValidation === undefined ? { train } : { train, validation: await read('t10k', train.classes) }
}

function checkPath(path: unknown): asserts path is string {
  if (typeof path === 'string' && path !== '' && !path.includes('\0')) return
  throw new InputError(`path: expected the path of a file, got ${describe(path)}`)
}

/** The bytes of a file. @throws InputError naming the path where it is missing or cannot be read */
export async function readBytes(path: string): Promise<Uint8Array> {
  checkPath(path)
  try {
    return await readFile(path)
  } catch (error) {
    throw fileError(error, path, 'read')
  }
}

function decodeText(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new InputError(`${path}: not UTF-8 text; save it as UTF-8`, { cause })
  }
}

/** Errors about what a file holds say which file it is. */
export async function withPath<T>(path: string, read: () => T | Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (error) {
    const isNamed = error instanceof InputError && error.message.startsWith(`${path}: `)
    if (error instanceof InputError && !isNamed) throw new InputError(`${path}: ${error.message}`, { cause: error })
    throw error
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  ENOTDIR: 'a part of the path is a file, not a folder',
  EEXIST: 'a part of the path is a file, not a folder',
  EISDIR: 'it is a folder, expected a file',
  EACCES: 'permission is denied',
  EPERM: 'permission is denied',
  EROFS: 'the disk is read-only',
  ENOSPC: 'the disk is full',
  ENAMETOOLONG: 'the name is too long',
}

/** Errors of the system, in words. */
export function fileError(error: unknown, path: string, verb: 'read' | 'written'): Error {
  if (error instanceof InputError) return error
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const reason = reasons[code] ?? (error instanceof Error ? error.message : String(error))
  return new InputError(`${path}: cannot be ${verb}: ${reason}`, { cause: error })
}
