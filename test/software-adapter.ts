import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliDecompressSync } from 'node:zlib'

/**
 * A software WebGPU adapter for machines without a GPU. The development dependency `@sparticuz/chromium` carries
 * SwiftShader, a Vulkan loader and a headless Chromium inside its npm package; nothing is downloaded, and no
 * library of the system is needed (the Mesa of Debian 12 is too old for Dawn).
 */

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const cache = join(root, 'node_modules', '.cache', 'webgpu-mlp')

interface ChromiumPackage {
  /** The folder that holds the packed files. */
  bin: string
  version: string
}

function chromiumPackage(): ChromiumPackage {
  const main = createRequire(import.meta.url).resolve('@sparticuz/chromium')
  const folder = dirname(dirname(dirname(main)))
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string }
  return { bin: join(folder, 'bin'), version }
}

/** The regular files of a tar archive (ustar, names up to 100 characters: all that the package's archives hold). */
function* tarFiles(tar: Buffer): Generator<{ name: string; content: Buffer }> {
  const text = (start: number, length: number) => tar.toString('latin1', start, start + length).replace(/\0.*$/s, '')
  for (let header = 0; header + 512 <= tar.length && tar[header] !== 0;) {
    const size = Number.parseInt(text(header + 124, 12).trim() || '0', 8)
    const kind = text(header + 156, 1)
    const start = header + 512
    if (kind === '0' || kind === '') yield { name: text(header, 100), content: tar.subarray(start, start + size) }
    header = start + Math.ceil(size / 512) * 512
  }
}

/**
 * Creates a folder of the cache with `fill`, once. Safe with parallel processes: each fills a temporary folder and renames
 * it; the process that comes second deletes its folder.
 */
function cached(name: string, fill: (folder: string) => void): string {
  const folder = join(cache, name)
  if (existsSync(folder)) return folder
  mkdirSync(cache, { recursive: true })
  const filling = mkdtempSync(join(cache, `${name}-`))
  try {
    fill(filling)
    renameSync(filling, folder)
  } catch (error) {
    if (!existsSync(folder)) throw error
  } finally {
    rmSync(filling, { recursive: true, force: true })
  }
  return folder
}

function unpackTar(archive: string, into: string): void {
  for (const { name, content } of tarFiles(brotliDecompressSync(readFileSync(archive)))) {
    const path = join(into, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, content, { mode: 0o755 })
  }
}

/** Folder with SwiftShader, its `vk_swiftshader_icd.json` and a Vulkan loader. */
export function unpackSwiftShader(): string {
  const { bin, version } = chromiumPackage()
  return cached(`swiftshader-${version}`, (folder) => unpackTar(join(bin, 'swiftshader.tar.br'), folder))
}

/** Unpacks the headless Chromium: its program, and the environment in which it starts on a bare machine. */
export function unpackChromium(): { executable: string; env: Record<string, string> } {
  const { bin, version } = chromiumPackage()
  const folder = cached(`chromium-${version}`, (into) => {
    const program = brotliDecompressSync(readFileSync(join(bin, 'chromium.br')))
    writeFileSync(join(into, 'chromium'), program, { mode: 0o755 })
    // Chromium looks for SwiftShader and its loader in its own folder.
    unpackTar(join(bin, 'swiftshader.tar.br'), into)
    unpackTar(join(bin, 'al2023.tar.br'), into)
  })
  return { executable: join(folder, 'chromium'), env: { LD_LIBRARY_PATH: searchPath(folder, join(folder, 'lib')) } }
}

function searchPath(...first: string[]): string {
  const before = (process.env.LD_LIBRARY_PATH ?? '').split(delimiter).filter((path) => path && !first.includes(path))
  return [...first, ...before].join(delimiter)
}

/** The adapter that Dawn finds in a separate process with the current environment. */
function probe(): 'hardware' | 'software' | 'none' {
  const program = `
    const { create } = await import('webgpu')
    const adapter = await create([]).requestAdapter({ powerPreference: 'high-performance' })
    const { vendor, architecture, device, description, isFallbackAdapter } = adapter?.info ?? {}
    const names = [vendor, architecture, device, description].join(' ')
    const software = isFallbackAdapter || /swiftshader|llvmpipe|lavapipe|softpipe|warp|microsoft basic render/i.test(names)
    console.log(!adapter || /null backend/i.test(names) ? 'none' : software ? 'software' : 'hardware')`
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: root,
    encoding: 'utf8',
    timeout: 30_000,
  })
  const found = stdout.trim()
  return found === 'hardware' || found === 'software' ? found : 'none'
}

/**
 * The environment variables under which a process that loads Dawn finds an adapter; they must be set before it starts.
 * Empty if nothing needs to be set: there is a hardware adapter, the driver that the caller chose works, or the
 * platform is not Linux on x64 (SwiftShader's package supports no other).
 */
export function softwareAdapterEnv(): Record<string, string> {
  if (process.platform !== 'linux' || process.arch !== 'x64') return {}
  const found = probe()
  const chosen = Boolean(process.env.VK_DRIVER_FILES ?? process.env.VK_ICD_FILENAMES)
  if (found === 'hardware' || (found === 'software' && chosen)) return {}
  const folder = unpackSwiftShader()
  const driver = join(folder, 'vk_swiftshader_icd.json')
  // Newer loaders read VK_DRIVER_FILES and, only where it is missing, VK_ICD_FILENAMES.
  return { VK_DRIVER_FILES: driver, VK_ICD_FILENAMES: driver, LD_LIBRARY_PATH: searchPath(folder) }
}
