/**
 * `npm run test:deno [-- NAME...]`: the published package in Deno, and tests of the GPU on Deno's WebGPU, which is wgpu
 * with the shader compiler Naga, as in Firefox. Names are those of files test/NAME.test.ts. Without a GPU, Deno's WebGPU
 * runs on the same SwiftShader as the other tests, or on the driver in VK_DRIVER_FILES.
 */
import assert from 'node:assert/strict'
import { execFile, execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { runnerImport } from 'vite'
import { bundleTests } from './bundle.js'
import { installDeno } from './program.js'

const here = dirname(fileURLToPath(import.meta.url))
const root = join(here, '..', '..')
const cache = join(root, '.cache', 'deno')

/** The test files that run by default: every stage, whole trainings, both plans and all products. */
const defaultNames = ['training', 'stages', 'resident', 'products']
/** As many run at the same time, in separate processes. */
const AT_ONCE = 2

const [{ module: adapter }, { module: packages }] = [
  await runnerImport(join(root, 'test', 'software-adapter.ts')),
  await runnerImport(join(root, 'test', 'package.ts')),
]
const names = process.argv.length > 2 ? process.argv.slice(2) : defaultNames

/** Deno's program; without it there is nothing to test. */
function requireDeno() {
  try {
    return installDeno(cache)
  } catch (error) {
    console.log(`Deno cannot be installed: ${error instanceof Error ? error.message : String(error)}`)
    console.log(`0 passed, 0 failed, ${Object.keys(checks).length + names.length} skipped`)
    process.exit(1)
  }
}

const env = {
  ...process.env,
  ...adapter.softwareAdapterEnv(),
  DENO_DIR: join(cache, 'dir'),
  DENO_NO_UPDATE_CHECK: '1',
}

/** A folder with the package and the programs. Without Dawn: Deno must not need it. */
async function makeFolder() {
  const folder = await packages.installPackage({ dawn: false })
  copyFileSync(join(root, 'test', 'shared_classes.js'), join(folder, 'shared_classes.js'))
  copyFileSync(join(here, 'training.js'), join(folder, 'training.js'))
  return folder
}

/** Runs a program of the package's folder and returns its output. */
const run = (program) => {
  const args = ['run', '--allow-all', '--node-modules-dir=manual', program]
  return JSON.parse(execFileSync(deno, args, { cwd: folder, env, encoding: 'utf8', timeout: 120_000 }))
}

const checks = {
  'both entries share their classes': () => {
    const result = run('shared_classes.js')
    assert.deepEqual(result, { Network: true, Dataset: true, DataStream: true, InputError: true, epochs: 1 })
  },
  "training on Deno's WebGPU and on threads of WebAssembly gives the losses of the CPU": () => {
    for (const [name, [trained, cpu]] of Object.entries(run('training.js'))) {
      assert.equal(trained.backend.name, name)
      assert.equal(trained.losses.length, 10)
      trained.losses.forEach((loss, i) => {
        assert.ok(Math.abs(loss - cpu.losses[i]) <= 1e-3 * cpu.losses[i], `epoch ${i + 1}: ${loss}, ${cpu.losses[i]}`)
      })
      console.log(`  on ${trained.backend.description}`)
    }
  },
}

/** Runs the checks of the package. */
function checkPackage() {
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
  return { passed: Object.keys(checks).length - failed, failed, skipped: 0 }
}

/** Runs one bundled test file in a process; the last line of its output has the counts. */
async function runFile(folder, name) {
  const args = ['run', '--allow-all', '--no-config', '--no-lock', 'suite.js', join(folder, `${name}.js`)]
  const options = { cwd: folder, env, timeout: 600_000, maxBuffer: 1 << 26 }
  const { stdout, stderr = '' } = await promisify(execFile)(deno, args, options).catch((error) => error)
  const lines = stdout.trimEnd().split('\n')
  try {
    const counts = JSON.parse(lines.at(-1))
    console.log(lines.slice(0, -1).join('\n'))
    return counts
  } catch {
    console.log(`failed: ${name}\n${stdout}${stderr}`)
    return { passed: 0, failed: 1, skipped: 0 }
  }
}

async function runFiles() {
  const folder = mkdtempSync(join(tmpdir(), 'webgpu-mlp-deno-'))
  try {
    await bundleTests(root, names, folder)
    const waiting = [...names]
    const results = []
    const work = async () => {
      for (let name; (name = waiting.shift()) !== undefined;) results.push(await runFile(folder, name))
    }
    await Promise.all(Array.from({ length: AT_ONCE }, work))
    return results
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

mkdirSync(cache, { recursive: true })
const deno = requireDeno()
const folder = await makeFolder()
const results = [checkPackage()]
rmSync(folder, { recursive: true, force: true })
results.push(...(await runFiles()))
const sum = (key) => results.reduce((total, counts) => total + counts[key], 0)
const skipped = sum('skipped')
console.log(`${sum('passed')} passed, ${sum('failed')} failed${skipped ? `, ${skipped} skipped` : ''}`)
process.exitCode = sum('failed') > 0 ? 1 : 0
