import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Mounts a disk in memory. @returns whether this was possible: it needs the right to mount */
export const mountDisk = (path: string, options: string): boolean =>
  spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', path]).status === 0

export const remountDisk = (path: string, options: string): boolean =>
  spawnSync('mount', ['-o', `remount,${options}`, path]).status === 0

export function unmountDisk(path: string): void {
  spawnSync('umount', [path])
}

/** Whether disks can be mounted here. */
export const canMount = (() => {
  const place = mkdtempSync(join(tmpdir(), 'webgpu-mlp-mount-'))
  const isMounted = mountDisk(place, 'size=64k')
  if (isMounted) unmountDisk(place)
  rmSync(place, { recursive: true })
  return isMounted
})()

/** Runs `work` with an empty disk at `path`. */
export async function withDisk<T>(path: string, options: string, work: () => Promise<T>): Promise<T> {
  mkdirSync(path, { recursive: true })
  if (!mountDisk(path, options)) throw new Error(`${path}: no disk can be mounted`)
  try {
    return await work()
  } finally {
    unmountDisk(path)
  }
}
