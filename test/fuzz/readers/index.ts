import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { arrayReaders } from './arrays.ts'
import { cacheReaders } from './caches.ts'
import { modelReaders } from './models.ts'
import { pageReaders } from './page.ts'
import type { Reader } from './reader.ts'
import { runReaders } from './runs.ts'
import { tableReaders } from './tables.ts'
import { wordReaders } from './words.ts'

/** All readers of external input. @param folder for temporary files */
export const makeReaders = async (folder: string): Promise<Reader<unknown>[]> => [
  ...tableReaders(folder),
  ...arrayReaders(folder),
  ...modelReaders(folder),
  ...(await runReaders(folder)),
  ...wordReaders(),
  ...(await pageReaders()),
  ...cacheReaders(folder),
]

/** A temporary folder for the readers of files. */
export function makeFolder(): { folder: string; remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'webgpu-mlp-fuzz-'))
  return { folder, remove: () => { rmSync(folder, { recursive: true, force: true }) } } // prettier-ignore
}
