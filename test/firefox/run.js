/**
 * `npm run test:firefox`: the library and the demo page in an installed Firefox, whose WebGPU is wgpu with the shader
 * compiler Naga. Without a GPU it runs on the same SwiftShader as the other tests, or on the driver in VK_DRIVER_FILES.
 * The program is $FIREFOX, firefox-esr or firefox. The library must be built.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, runnerImport } from 'vite'
import { findFirefox, launchFirefox } from './browser.js'
import { findAdapter, trainPlans, verifyNetworks } from './in-page.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const [{ module: adapter }, { module: browsers }, { module: comparison }] = await Promise.all(
  ['software-adapter', 'browser', 'close'].map((name) => runnerImport(join(root, 'test', `${name}.ts`))),
)
const { expectClose } = comparison

/** An open page of Firefox, with the errors that occurred in it. */
async function openPage(path) {
  const page = await firefox.newPage()
  const errors = []
  page.on('pageerror', ({ message }) => errors.push(message))
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()))
  await page.goto(`${server.url}${path}`)
  return { page, errors }
}

/** Runs a function of in-page.js in an empty page. */
async function inPage(run) {
  const { page, errors } = await openPage('')
  try {
    const result = await page.evaluate(run, `${server.url}dist/index.js`)
    assert.deepEqual(errors, [])
    return result
  } finally {
    await page.close()
  }
}

/** Opens the demo page with the circle, and waits until it has trained for 100 epochs and found most of the points. */
async function trainInDemo(backend) {
  const { page, errors } = await openPage(`demo/index.html#backend=${backend}&speed=0`)
  try {
    const isTrained = () => {
      const epochs = Number(document.querySelector('[data-value=epoch]')?.dataset.number)
      const score = Number(document.querySelector('[data-value=training-score]')?.dataset.number)
      return epochs >= 100 && score >= 0.8
    }
    await page.waitForFunction(isTrained, { timeout: 90_000 })
    assert.deepEqual(errors, [])
    return await page.evaluate(() => document.querySelector('.status')?.textContent ?? '')
  } finally {
    await page.close()
  }
}

/** The check that needs no adapter. */
const CPU_CHECK = 'the demo page trains on the CPU'
const checks = {
  'every stage agrees with float64': async () => {
    const results = await inPage(verifyNetworks)
    assert.equal(results.length, 3)
    for (const { sizes, stages, wrong } of results) {
      assert.ok(stages >= 5, `${sizes.join('-')}: only ${stages} stages`)
      assert.deepEqual(wrong, [], sizes.join('-'))
    }
  },
  'ten training losses in a row agree with float64 in both plans': async () => {
    const results = await inPage(trainPlans)
    for (const [name, { webgpu, reference }] of Object.entries(results)) {
      assert.equal(webgpu.losses.length, 10)
      // Thirty steps, each with about 100 roundings in the longest dependency chain of a value.
      expectClose(webgpu.losses, reference.losses, { name: `${name}: losses`, rtol: 3000 * 2 ** -24, atol: 1e-7 })
      expectClose(webgpu.parameters, reference.parameters, { name: `${name}: parameters`, rtol: 3e-4, atol: 6e-5 })
    }
    // Both plans give the same bits, except for straight-line code.
    assert.deepEqual(results.loop.webgpu.parameters, results.layered.webgpu.parameters)
    console.log(`  on ${results.layered.webgpu.description}`)
    assert.doesNotMatch(results.layered.webgpu.description, /unnamed WebGPU adapter/)
  },
  'the demo page trains on the GPU': async () => {
    assert.match(await trainInDemo('webgpu'), /GPU|adapter/i)
  },
  [CPU_CHECK]: async () => {
    assert.match(await trainInDemo('cpu'), /CPU/i)
  },
}

const program = findFirefox()
if (program === undefined) {
  console.log('Firefox was not found: install it (on Debian: apt-get install firefox-esr), or set FIREFOX to its path')
  console.log(`0 passed, 0 failed, ${Object.keys(checks).length} skipped`)
  process.exit(1)
}
const demo = mkdtempSync(join(tmpdir(), 'webgpu-mlp-demo-'))
await build({
  configFile: join(root, 'vite.config.ts'),
  mode: 'demo',
  logLevel: 'error',
  build: { outDir: demo, emptyOutDir: true },
})
const server = await browsers.serve(async (path) => {
  if (path === '/index.html') return '<!doctype html><title>test</title>'
  return path.startsWith('/demo/') ? readFile(join(demo, path.slice(6))) : readFile(join(root, path))
})
const firefox = await launchFirefox(program, adapter.softwareAdapterEnv())
const counts = { passed: 0, failed: 0, skipped: 0 }

async function runCheck(name, check) {
  const began = performance.now()
  try {
    await check()
    counts.passed++
    console.log(`passed: ${name}, in ${((performance.now() - began) / 1000).toFixed(1)} s`)
  } catch (error) {
    counts.failed++
    console.log(`failed: ${name}\n${error instanceof Error ? error.message : String(error)}`)
  }
}

try {
  console.log(await firefox.version())
  const found = await inPage(findAdapter)
  for (const [name, check] of Object.entries(checks)) {
    if (found || name === CPU_CHECK) await runCheck(name, check)
    else {
      counts.skipped++
      console.log(`skipped: ${name}: Firefox finds no WebGPU adapter`)
    }
  }
} finally {
  await firefox.close()
  await server.close()
  rmSync(demo, { recursive: true, force: true })
}
console.log(`${counts.passed} passed, ${counts.failed} failed${counts.skipped ? `, ${counts.skipped} skipped` : ''}`)
process.exitCode = counts.failed > 0 ? 1 : 0
