import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

const VERSION = '2.9.6'

/**
 * Installs the npm package `deno` into a folder if this version is missing. It is not among the development
 * dependencies, because it takes more than 90 MB.
 * @returns the path of Deno's program
 */
export function installDeno(folder) {
  const manifest = join(folder, 'node_modules', 'deno', 'package.json')
  const require = createRequire(join(folder, 'index.js'))
  if (!existsSync(manifest) || require(manifest).version !== VERSION) {
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'package.json'), '{"private": true}\n')
    const args = ['install', `deno@${VERSION}`, '--no-audit', '--no-fund', '--ignore-scripts', '--silent']
    execFileSync('npm', args, { cwd: folder, stdio: 'inherit', shell: process.platform === 'win32' })
  }
  const { platform, arch } = process
  const name = `@deno/${platform}-${arch}${platform === 'linux' ? '-glibc' : ''}`
  return join(folder, 'node_modules', name, platform === 'win32' ? 'deno.exe' : 'deno')
}
