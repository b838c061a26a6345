/**
 * `#cache` in Node: what is known about adapters is kept in one JSON file in the user's cache folder. Everything is
 * synchronous and small, so that no pending write keeps a process alive or is lost at its end. Where the file cannot be
 * read or written, programs run as they do without it; only DEBUG shows why.
 */

import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** The layout of the file; a file of another one is replaced. */
const FORMAT = 1
/** The most entries of the file. The oldest are dropped. */
const MOST_ENTRIES = 16
const FILE = 'adapters.json'

interface CacheFile {
  format: typeof FORMAT
  /** In the order in which they were written, the newest last. */
  entries: Record<string, unknown>
}

/** The folder of the cache; undefined if the environment variable WEBGPU_MLP_CACHE is `off`, or there is no home folder. */
export function cacheFolder(
  environment: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
): string | undefined {
  const { WEBGPU_MLP_CACHE: chosen, XDG_CACHE_HOME: xdg, LOCALAPPDATA: local } = environment
  if (chosen) return chosen === 'off' ? undefined : chosen
  if (platform === 'win32') return local ? join(local, 'webgpu-mlp', 'Cache') : undefined
  if (platform !== 'darwin' && xdg) return join(xdg, 'webgpu-mlp')
  const home = homeFolder()
  return home && join(home, platform === 'darwin' ? 'Library/Caches' : '.cache', 'webgpu-mlp')
}

function homeFolder(): string | undefined {
  try {
    return homedir() || undefined
  } catch {
    return undefined // A user without an entry in the list of users.
  }
}

/** The versions, other than the adapter's, on which a kernel's behaviour depends. */
export function engineVersion(): string {
  const { gpu, userAgent } = (globalThis as { navigator?: { gpu?: GPU; userAgent?: string } }).navigator ?? {}
  if (gpu) return userAgent ?? 'unknown engine'
  try {
    return `Dawn ${(createRequire(import.meta.url)('webgpu/package.json') as { version: string }).version}`
  } catch {
    return 'Dawn' // A bundle without the package next to it.
  }
}

/** The entry of a key, as it was written; undefined where there is none. */
// eslint-disable-next-line @typescript-eslint/require-await -- the same signature as in browsers, which wait
export async function readEntry(key: string): Promise<unknown> {
  const folder = cacheFolder()
  return folder && readFile(join(folder, FILE)).entries[key]
}

/** Writes the entry of a key, in the place of an older one. */
// eslint-disable-next-line @typescript-eslint/require-await -- as above
export async function writeEntry(key: string, entry: unknown): Promise<void> {
  const folder = cacheFolder()
  if (!folder) return
  const path = join(folder, FILE)
  const { [key]: _, ...others } = readFile(path).entries
  const kept = Object.entries(others).slice(1 - MOST_ENTRIES)
  const file: CacheFile = { format: FORMAT, entries: Object.fromEntries([...kept, [key, entry]]) }
  const temporary = `${path}.${process.pid}`
  try {
    mkdirSync(folder, { recursive: true })
    writeFileSync(temporary, JSON.stringify(file))
    renameSync(temporary, path)
  } catch (error) {
    explain('written', path, error)
    rmSync(temporary, { force: true, recursive: true })
  }
}

function readFile(path: string): CacheFile {
  const none: CacheFile = { format: FORMAT, entries: {} }
  try {
    const file = JSON.parse(readFileSync(path, 'utf8')) as CacheFile | null
    const isKnown = file?.format === FORMAT && typeof file.entries === 'object' && file.entries !== null
    return isKnown ? file : none
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') explain('read', path, error)
    return none
  }
}

function explain(what: string, path: string, error: unknown): void {
  if (!process.env.DEBUG) return
  process.emitWarning(`${path} cannot be ${what}: ${error instanceof Error ? error.message : String(error)}`)
}
