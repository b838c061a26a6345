import type { BigIntStats } from 'node:fs'
import { readdir, realpath, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'

/** Where a path leads, whichever way it is spelled. */
export interface Place {
  /** Without symbolic links and dots, as far as there is something. */
  readonly real: string
  /** Of what is there; undefined where nothing is. */
  readonly found: BigIntStats | undefined
}

/** Looks where a path leads. Nothing needs to be there. */
export async function placeOf(path: string): Promise<Place> {
  const found = await stat(path, { bigint: true }).catch(() => undefined)
  return { real: await realPathOf(resolve(path)), found }
}

async function realPathOf(path: string): Promise<string> {
  try {
    return await realpath(path)
  } catch {
    const folder = dirname(path)
    return folder === path ? path : join(await realPathOf(folder), basename(path))
  }
}

/**
 * Whether two paths lead to one file: by its number on the disk where it exists (hard links, and disks that make no
 * difference between `A` and `a`), else by name. Names that differ in case alone may be one file once they are written.
 */
export function isSamePlace(a: Place, b: Place): boolean {
  if (a.found?.isCharacterDevice()) return false
  if (a.found && b.found) {
    const isNumbered = a.found.ino !== 0n && b.found.ino !== 0n
    return isNumbered ? a.found.ino === b.found.ino && a.found.dev === b.found.dev : a.real === b.real
  }
  if (a.found || b.found) return false
  return foldCase(a.real) === foldCase(b.real)
}

const foldCase = (path: string) => path.normalize('NFC').toLowerCase()

/** The files that a command reads where it is given a path: those of a folder that it takes, or the file. */
export async function filesAt(path: string, isTaken: (name: string) => boolean): Promise<string[]> {
  const found = await stat(path).catch(() => undefined)
  if (!found?.isDirectory()) return found ? [path] : []
  const names = await readdir(path).catch(() => [])
  return names.filter(isTaken).map((name) => join(path, name))
}
