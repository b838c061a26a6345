import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { softwareAdapterEnv } from '../software-adapter.ts'

const here = fileURLToPath(new URL('./', import.meta.url))
const run = promisify(execFile)

/** The programs that all consumers share. */
export const appFolder = join(here, 'app')

interface Manifest {
  dependencies?: Record<string, string>
}

/**
 * Installs the packages that test/consumers/NAME/package.json names, once for each content of that file. The folder is
 * outside of this repository, whose packages and workspace its tools would find otherwise.
 * @returns the folder that contains node_modules
 */
export async function installTools(name: string): Promise<string> {
  const manifest = JSON.parse(readFileSync(join(here, name, 'package.json'), 'utf8')) as Manifest
  // The registry has another version of the library; installConsumer copies the packed one.
  delete manifest.dependencies?.['webgpu-mlp']
  const text = JSON.stringify(manifest)
  const hash = createHash('sha256').update(`${text}${process.version}`).digest('hex').slice(0, 12)
  const cache = join(tmpdir(), `webgpu-mlp-consumers-${userInfo().uid}`)
  const folder = join(cache, `${name}-${hash}`)
  if (existsSync(folder)) return folder
  mkdirSync(cache, { recursive: true, mode: 0o700 })
  const filling = mkdtempSync(join(cache, `${name}-`))
  try {
    writeFileSync(join(filling, 'package.json'), text)
    await runProgram('npm', ['install', '--no-audit', '--no-fund', '--no-package-lock'], filling)
    renameSync(filling, folder)
  } catch (error) {
    // Another process was first.
    if (!existsSync(folder)) throw error
  } finally {
    rmSync(filling, { recursive: true, force: true })
  }
  return folder
}

/** Runs a program; the error of one that fails contains all its output. */
export async function runProgram(
  program: string,
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv = {},
): Promise<string> {
  const options = {
    cwd,
    env: { ...process.env, ...softwareAdapterEnv(), ...env },
    maxBuffer: 1 << 26,
    shell: process.platform === 'win32',
  }
  try {
    const { stdout, stderr } = await run(program, args, options)
    return `${stdout}${stderr}`
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string }
    throw new Error(`${program} ${args.join(' ')} failed:\n${stdout}${stderr}`, { cause: error })
  }
}

/** Copies the shared programs, and those of one consumer. */
export function copyPrograms(name: string | undefined, folder: string): void {
  cpSync(appFolder, folder, { recursive: true })
  if (name !== undefined) cpSync(join(here, name), folder, { recursive: true })
}
