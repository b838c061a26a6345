import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { launchChromium, serve } from './browser.ts'
import { expectClose } from './close.ts'
import { importsOf } from './module-imports.ts'

type Library = typeof import('../src/index.ts')

/** These tests import dist/index.js as a page would; `npm test` builds it first. */
const dist = fileURLToPath(new URL('../dist/', import.meta.url))
const smallPage = `<!doctype html><title>webgpu-mlp</title><link rel="icon" href="data:,">
<script type="module">import * as library from '/index.js'; globalThis.library = library</script>`

let browser: Browser
let server: Awaited<ReturnType<typeof serve>>
let page: Page
const complaints: string[] = []

beforeAll(async () => {
  server = await serve(async (path) => (path === '/index.html' ? smallPage : await readFile(`${dist}${path.slice(1)}`)))
  browser = await launchChromium()
  page = await browser.newPage()
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(error.message))
  await page.goto(server.url)
})

afterAll(async () => {
  await browser.close()
  await server.close()
})

test('the page has a WebGPU adapter', async () => {
  const info = await page.evaluate(async () => {
    const adapter = await navigator.gpu.requestAdapter()
    return adapter && { vendor: adapter.info.vendor, architecture: adapter.info.architecture }
  })
  expect(info).toEqual({ vendor: 'google', architecture: 'swiftshader' })
})

test('no module that the browser loads imports from Node', async () => {
  // Starting at index.js. Only files.js needs modules of Node, and index.js does not import it.
  const modules = new Set(['index.js'])
  for (const name of modules) {
    const code = await readFile(`${dist}${name}`, 'utf8')
    const { fixed, lazy } = importsOf(code)
    for (const specifier of [...fixed, ...lazy]) {
      expect(specifier, name).toMatch(/^\.\//)
      modules.add(specifier.slice(2))
    }
    expect(code, name).not.toMatch(/['"`]node:/)
  }
  expect(modules.size).toBeGreaterThan(10)
  expect(modules).not.toContain('files.js')
})

test('training in the page reaches the same losses with webgpu as with cpu', async () => {
  const losses = await page.evaluate(async () => {
    const { Network, fit, circle, sgd } = (globalThis as unknown as { library: Library }).library
    const train = async (backend: 'webgpu' | 'cpu') => {
      const network = Network.create({ sizes: [2, 3, 2], seed: 1 })
      const optimizer = sgd({ learningRate: 3 })
      const settings = { backend, optimizer, batchSize: 10, epochs: 20, seed: 1 }
      const history = await fit(network, circle({ samples: 200, seed: 1 }), settings)
      return history.epochs.map(({ loss }) => loss)
    }
    return { webgpu: await train('webgpu'), cpu: await train('cpu') }
  })
  expect(losses.cpu).toHaveLength(20)
  expectClose(losses.webgpu, losses.cpu, { name: 'losses', rtol: 1e-3 })
  expect(losses.cpu.at(-1)).toBeLessThan(losses.cpu[0]!)
})

test('the page logged no error', () => {
  expect(complaints).toEqual([])
})
