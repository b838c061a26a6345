/** Recognises that the library was bundled into a program, where files that belong next to it are missing. */

import { readFileSync } from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'

/**
 * The file that this code runs from, if it is not a file of the package webgpu-mlp: then a bundler copied the code. Call
 * it only to explain a failure, because it reads a file.
 * @returns undefined in the package itself; 'a bundle' where the file has no path
 */
export function findBundle(): string | undefined {
  const file = runningFile()
  if (file === undefined) return 'a bundle'
  try {
    // dist/node/*.js and src/node/*.ts are both two folders deep.
    const manifest = new URL('../../package.json', pathToFileURL(file))
    const { name } = JSON.parse(readFileSync(manifest, 'utf8')) as { name?: unknown }
    return name === 'webgpu-mlp' ? undefined : file
  } catch {
    return file
  }
}

/** From the stack, because some bundlers replace import.meta.url by the path that the code was copied from. */
function runningFile(): string | undefined {
  const frame = new Error().stack?.split('\n').find((line) => /:\d+:\d+\)?$/.test(line)) ?? ''
  const place = /(?:\(|at (?:async )?)([^()]+):\d+:\d+\)?$/.exec(frame)?.[1]?.trim()
  if (place === undefined || place === '') return undefined
  if (place.startsWith('file:')) return fileURLToPath(place)
  return /^(?:\/|[a-z]:[\\/])/i.test(place) ? place : undefined
}
