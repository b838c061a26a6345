import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build as esbuild } from 'esbuild'
import { build as vite } from 'vite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { installPackage } from '../package.ts'
import { copyPrograms, installTools } from './install.ts'
import { expectTrained, openFolder } from './pages.ts'
import { runRollup } from './rollup.ts'
import { runWebpack } from './webpack.ts'

/** The packed library in pages that bundlers made, and in pages without a bundler: training, workers, service workers. */

let app: string
const folders: string[] = []
beforeAll(async () => {
  await installTools('tools')
  app = await installPackage({ dawn: false })
  copyPrograms(undefined, app)
}, 600_000)
afterAll(() => {
  for (const folder of [app, ...folders]) rmSync(folder, { recursive: true, force: true })
}, 300_000)

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'webgpu-mlp-pages-'))
  folders.push(folder)
  return folder
}
const program = (name: string) => join(app, name)
const copyPage = (out: string) => cpSync(program('index.html'), join(out, 'index.html'))

const bundlers: Record<string, (out: string) => Promise<unknown>> = {
  Vite: (outDir) =>
    vite({ root: app, base: './', configFile: false, logLevel: 'error', build: { outDir, emptyOutDir: true } }),
  webpack: async (path) => {
    copyPage(path)
    await runWebpack({ context: app, entry: './page.js', output: { path, filename: 'page.js', publicPath: 'auto' } })
  },
  // It does not look into `new URL`, so the worker is an entry with the name that the page asks for.
  Rollup: async (dir) => {
    copyPage(dir)
    const input = { page: program('page.js'), 'training-worker': program('training-worker.js') }
    await runRollup({ input }, { dir, format: 'es' }, { browser: true })
  },
  esbuild: async (outdir) => {
    copyPage(outdir)
    const entryPoints = [program('page.js'), program('training-worker.js')]
    const { warnings } = await esbuild({ entryPoints, outdir, bundle: true, splitting: true, format: 'esm', minify: true, logLevel: 'silent' }) // prettier-ignore
    expect(warnings).toEqual([])
  },
}

/** The library as static files, and an import map. Workers have no import maps, so theirs import files. */
function copyLibrary(): string {
  const folder = newFolder()
  copyPrograms(undefined, folder)
  cpSync(join(app, 'node_modules', 'webgpu-mlp', 'dist'), join(folder, 'webgpu-mlp'), { recursive: true })
  const imports = { 'webgpu-mlp': './webgpu-mlp/index.js', 'webgpu-mlp/worker': './webgpu-mlp/worker.js' }
  const map = `<script type="importmap">${JSON.stringify({ imports })}</script>`
  writeFileSync(join(folder, 'index.html'), `<!doctype html>${map}<link rel="icon" href="data:,"><script type="module" src="./page.js"></script>`) // prettier-ignore
  writeFileSync(join(folder, 'training-worker.js'), "import { serve } from './webgpu-mlp/worker.js'\nserve()\n")
  return folder
}

describe('a page that trains, also in a worker', () => {
  it.each(Object.keys(bundlers))(
    'made by %s',
    async (name) => {
      const out = newFolder()
      await bundlers[name]!(out)
      expectTrained(await openFolder(out))
    },
    300_000,
  )

  it('without a bundler, with an import map', async () => {
    expectTrained(await openFolder(copyLibrary()))
  }, 120_000)
})

it('a thread that is given itself in the place of a worker is refused, and a page that serves', async () => {
  const folder = copyLibrary()
  const refused = `import { connect, serve } from 'webgpu-mlp/worker'
    const attempt = (call) => { try { call() } catch ({ name, message }) { return [name, message] } }
    globalThis.result = [attempt(() => connect(window)), attempt(() => serve())]`
  writeFileSync(join(folder, 'page.js'), refused)
  const { result } = await openFolder(folder)
  expect(result).toEqual([
    ['InputError', 'worker: expected a Worker or a MessagePort, got this thread itself; the worker calls `serve()`, and what made the worker calls `connect(worker)`'], // prettier-ignore
    ['InputError', 'serve: expected to run in a worker; in Node, give it parentPort of node:worker_threads'],
  ])
}, 120_000)

describe('a service worker', () => {
  interface Answer {
    name: string
    description?: string
    message?: string
    loss?: number
  }

  it('trains on every backend when it is bundled into one file', async () => {
    const out = newFolder()
    cpSync(program('service.html'), join(out, 'service.html'))
    await esbuild({
      entryPoints: [program('service.js')],
      outdir: out,
      bundle: true,
      format: 'iife',
      logLevel: 'error',
    })
    const opened = await openFolder(out, 'service.html?script=./service.js')
    const result = opened.result as Record<string, Answer>
    expect(opened.errors).toEqual([])
    expect(result).toMatchObject({ cpu: { name: 'cpu' }, wasm: { name: 'wasm' }, webgpu: { name: 'webgpu' }, auto: { name: expect.stringMatching(/^(?:cpu|wasm)$/) } }) // prettier-ignore
  }, 120_000)

  it('trains on the CPU where it loads modules, and says what to do', async () => {
    const folder = copyLibrary()
    const text = "import { circle, fit, Network } from './webgpu-mlp/index.js'"
    const service = readFileSync(program('service.js'), 'utf8').replace(/^import .*$/m, text)
    writeFileSync(join(folder, 'service.js'), service)
    const opened = await openFolder(folder, 'service.html?script=./service.js')
    const result = opened.result as Record<string, Answer>
    const advice = /its code cannot be loaded: .*import\(\).*; bundle the service worker into one file$/
    expect(result.cpu).toMatchObject({ name: 'cpu' })
    for (const backend of ['wasm', 'webgpu']) {
      expect(result[backend]).toEqual({ name: 'BackendUnavailableError', message: expect.stringMatching(advice) })
    }
    expect(result.auto).toMatchObject({ name: 'cpu', description: expect.stringMatching(advice) })
  }, 120_000)
})
