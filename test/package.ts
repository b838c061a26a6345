import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const root = fileURLToPath(new URL('../', import.meta.url))

interface Manifest {
  exports: Record<string, unknown>
  dependencies: Record<string, string>
  optionalDependencies: Record<string, string>
}

/** The package's own package.json. */
export const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest

const run = promisify(execFile)

/** Packs this package into a folder as it is published, and returns the path of the file. */
export async function packLibrary(folder: string): Promise<string> {
  // `npm test` builds first, so the prepare script is skipped.
  const packed = await run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], { cwd: root })
  const [{ filename }] = JSON.parse(packed.stdout) as [{ filename: string }]
  return join(folder, filename)
}

/** Makes a folder with this package in node_modules, as `npm pack` packs it; dependencies are links to the checkout's. */
export async function installPackage({ dawn = true } = {}): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'webgpu-mlp-package-'))
  const modules = join(folder, 'node_modules')
  mkdirSync(modules)
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module' }))
  const file = await packLibrary(folder)
  await run('tar', ['-xzf', file], { cwd: folder })
  renameSync(join(folder, 'package'), join(modules, 'webgpu-mlp'))
  rmSync(file)
  const { dependencies, optionalDependencies } = manifest
  for (const name of Object.keys({ ...dependencies, ...(dawn ? optionalDependencies : {}) })) {
    symlinkSync(join(root, 'node_modules', name), join(modules, name), 'junction')
  }
  if (!dawn) hideDawn(folder)
  return folder
}

/** Makes the package `webgpu` impossible to resolve from a folder, even if a parent folder contains it. */
export function hideDawn(folder: string): void {
  const hidden = join(folder, 'node_modules', 'webgpu')
  mkdirSync(hidden, { recursive: true })
  writeFileSync(join(hidden, 'package.json'), '{"main": "missing.js"}')
}

/** Runs a program of a folder in Node; returns its standard output, and standard error if it failed. */
export async function runNode(folder: string, args: readonly string[]): Promise<string> {
  const { stdout } = await run(process.execPath, args, { cwd: folder, maxBuffer: 1 << 24 })
  return stdout
}
