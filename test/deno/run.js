/**
 * The published package in Deno: `npm run test:deno`. Deno comes from the npm package `deno`, which is kept in
 * `.cache/deno` and not among the development dependencies, because it takes more than 90 MB. Without a GPU,
 * Deno's WebGPU runs on the same SwiftShader as the other tests.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runnerImport } from 'vite'

const here = dirname(fileURLToPath(import.meta.url))
const root = join(here, '..', '..')
const cache = join(root, '.cache', 'deno')
const VERSION = '2.9.6'

/** The path of Deno's program; installs it into the cache if this version is missing. */
function installDeno() {
  const manifest = join(cache, 'node_modules', 'deno', 'package.json')
  const require = createRequire(join(cache, 'index.js'))
  if (!existsSync(manifest) || require(manifest).version !== VERSION) {
    mkdirSync(cache, { recursive: true })
    writeFileSync(join(cache, 'package.json'), '{"private": true}\n')
    const args = ['install', `deno@${VERSION}`, '--no-audit', '--no-fund', '--ignore-scripts', '--silent']
    execFileSync('npm', args, { cwd: cache, stdio: 'inherit', shell: process.platform === 'win32' })
  }
  const { platform, arch } = process
  const name = `@deno/${platform}-${arch}${platform === 'linux' ? '-glibc' : ''}`
  const program = platform === 'win32' ? 'deno.exe' : 'deno'
  return join(cache, 'node_modules', name, program)
}

const [{ module: adapter }, { module: packages }] = [
  await runnerImport(join(root, 'test', 'software-adapter.ts')),
  await runnerImport(join(root, 'test', 'package.ts')),
]
/** Deno's program; without it there is nothing to test. */
function requireDeno() {
  try {
    return installDeno()
  } catch (error) {
    console.log(`Deno cannot be installed: ${error instanceof Error ? error.message : String(error)}`)
    console.log(`0 passed, 0 failed, ${Object.keys(checks).length} skipped`)
    process.exit(1)
  }
}

const environment = { ...adapter.softwareAdapterEnv(), DENO_DIR: join(cache, 'dir'), DENO_NO_UPDATE_CHECK: '1' }

/** A folder with the package and the programs. Without Dawn: Deno must not need it. */
async function makeFolder() {
  const folder = await packages.installPackage({ dawn: false })
  copyFileSync(join(root, 'test', 'shared_classes.js'), join(folder, 'shared_classes.js'))
  copyFileSync(join(here, 'training.js'), join(folder, 'training.js'))
  return folder
}

/** Runs a program and returns its output. */
const run = (program) => {
  const args = ['run', '--allow-all', '--node-modules-dir=manual', program]
  const env = { ...process.env, ...environment }
  return JSON.parse(execFileSync(deno, args, { cwd: folder, env, encoding: 'utf8', timeout: 120_000 }))
}

const checks = {
  'both entries share their classes': () => {
    const result = run('shared_classes.js')
    assert.deepEqual(result, { Network: true, Dataset: true, DataStream: true, InputError: true, epochs: 1 })
  },
  "training on Deno's WebGPU gives the losses of the CPU": () => {
    const { webgpu, cpu } = run('training.js')
    assert.equal(webgpu.backend.name, 'webgpu')
    assert.equal(webgpu.losses.length, 10)
    webgpu.losses.forEach((loss, i) => {
      assert.ok(Math.abs(loss - cpu.losses[i]) <= 1e-3 * cpu.losses[i], `epoch ${i + 1}: ${loss}, ${cpu.losses[i]}`)
    })
    console.log(`  on ${webgpu.backend.description}`)
  },
}

const deno = requireDeno()
const folder = await makeFolder()
let failed = 0
for (const [name, check] of Object.entries(checks)) {
  try {
    check()
    console.log(`passed: ${name}`)
  } catch (error) {
    failed++
    console.log(`failed: ${name}\n${error instanceof Error ? error.message : String(error)}`)
  }
}
rmSync(folder, { recursive: true, force: true })
console.log(`${Object.keys(checks).length - failed} passed, ${failed} failed`)
process.exitCode = failed > 0 ? 1 : 0
