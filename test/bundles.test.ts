import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { build as esbuild, type BuildOptions } from 'esbuild'
import { build as vite } from 'vite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { shaderTexts } from '../src/backend/webgpu/kernels/manifest.ts'
import { activationNames, lossNames, optimizerNames } from '../src/index.ts'
import { runRollup } from './consumers/rollup.ts'
import { runWebpack } from './consumers/webpack.ts'
import { hideDawn, installPackage, runNode } from './package.ts'

/** Programs for servers into which a bundler copied the library. */

const program = `
import { BackendUnavailableError, circle, fit, Network, Trainer } from 'webgpu-mlp'
import { readModel, writeModel } from 'webgpu-mlp/node'

async function main() {
  const network = Network.create({ sizes: [2, 3, 1], seed: 1 })
  const file = process.argv[2]
  await writeModel(file, network)
  const shared = (await readModel(file)) instanceof Network
  const losses = {}
  for (const backend of ['cpu', 'wasm']) {
    const classifier = Network.create({ sizes: [2, 3, 2], seed: 1 })
    const data = circle({ samples: 200, seed: 1 })
    const history = await fit(classifier, data, { epochs: 5, batchSize: 10, seed: 1, backend })
    losses[history.backend.name] = history.last.loss
  }
  try {
    const trainer = await Trainer.create(network, { backend: 'webgpu' })
    console.log(JSON.stringify({ shared, losses, backend: trainer.backend.name }))
    trainer.dispose()
  } catch (error) {
    console.log(JSON.stringify({ shared, losses, known: error instanceof BackendUnavailableError, message: error.message }))
  }
}
void main()
`

interface Result {
  shared: boolean
  losses: Record<string, number>
  backend?: string
  known?: boolean
  message?: string
}

let app: string
/** A folder from which no packages are found. */
let bare: string
beforeAll(async () => {
  app = await installPackage()
  bare = realpathSync(mkdtempSync(join(tmpdir(), 'webgpu-mlp-bundles-')))
  writeFileSync(join(bare, 'package.json'), '{"private": true}')
  hideDawn(bare)
  writeFileSync(join(app, 'main.js'), program)
})
afterAll(() => {
  for (const folder of [app, bare]) rmSync(folder, { recursive: true, force: true })
})

function rollupServer(options: object, output: Record<string, string>): Promise<void> {
  const whole = 'file' in output ? { inlineDynamicImports: true } : {}
  return runRollup({ input: join(app, 'main.js'), ...options }, { ...output, ...whole }, { exportConditions: ['node'] })
}

const bundlers = {
  'esbuild, ESM': (outfile: string) =>
    esbuild({ entryPoints: [join(app, 'main.js')], outfile, bundle: true, platform: 'node', format: 'esm' }),
  'esbuild, ESM, minified': (outfile: string) =>
    esbuild({
      entryPoints: [join(app, 'main.js')],
      outfile,
      bundle: true,
      minify: true,
      platform: 'node',
      format: 'esm',
    }),
  'esbuild, CommonJS': (outfile: string) =>
    esbuild({ entryPoints: [join(app, 'main.js')], outfile, bundle: true, platform: 'node', format: 'cjs' }),
  'webpack, CommonJS': (outfile: string) => {
    const output = { path: join(outfile, '..'), filename: 'server.cjs', asyncChunks: false }
    return runWebpack({ context: app, entry: './main.js', target: 'node', output })
  },
  // The name of Dawn is hidden from bundlers, so that naming it as external changes nothing.
  'Rollup, ESM, external webgpu': (file: string) => rollupServer({ external: ['webgpu'] }, { file, format: 'es' }),
  'Rollup, ESM, with chunks': (file: string) =>
    rollupServer(
      {},
      { dir: dirname(file), format: 'es', entryFileNames: basename(file), chunkFileNames: '[name].mjs' },
    ),
  'Rollup, CommonJS': (file: string) => rollupServer({}, { file, format: 'cjs' }),
  'Vite, SSR': (outfile: string) =>
    vite({
      root: app,
      configFile: false,
      logLevel: 'error',
      ssr: { noExternal: true },
      build: {
        ssr: join(app, 'main.js'),
        outDir: join(outfile, '..'),
        emptyOutDir: false,
        rolldownOptions: { output: { entryFileNames: 'server.mjs', codeSplitting: false } },
      },
    }),
}

/** Of the trainings on the CPU and on WebAssembly. */
const losses = { cpu: expect.closeTo(0.22747, 4), wasm: expect.closeTo(0.22747, 4) }

async function bundleAndRun(name: keyof typeof bundlers, folder: string): Promise<{ result: Result; file: string }> {
  const out = join(folder, name.replace(/\W+/g, '-').toLowerCase())
  mkdirSync(out, { recursive: true })
  const file = join(out, name.includes('CommonJS') ? 'server.cjs' : 'server.mjs')
  await bundlers[name](file)
  return { result: JSON.parse(await runNode(out, [file, join(out, 'model.json')])) as Result, file }
}

describe.each(Object.keys(bundlers) as (keyof typeof bundlers)[])('%s', (name) => {
  it('finds Dawn where the package is installed', async () => {
    const { result } = await bundleAndRun(name, join(app, 'out'))
    expect(result).toEqual({ shared: true, losses, backend: 'webgpu' })
  })

  it('explains that it is a bundle, and what to do, if Dawn is not found', async () => {
    const { result, file } = await bundleAndRun(name, bare)
    expect(result).toEqual({
      shared: true,
      losses,
      known: true,
      message: expect.stringContaining(`webgpu-mlp was bundled into ${file}`),
    })
    expect(result.message).toContain('is not found from there')
    expect(result.message).toContain('`npm install webgpu`')
    expect(result.message).toContain("mark 'webgpu-mlp' and 'webgpu' as external")
    expect(result.message).toContain('esbuild: --external:webgpu-mlp --external:webgpu')
    expect(result.message).toContain("Next: serverExternalPackages: ['webgpu-mlp', 'webgpu']")
    expect(result.message).not.toContain('\n')
  })
})

it('Rollup leaves the library out with the setting of the guide, and the bundle finds it in node_modules', async () => {
  const folder = join(app, 'out', 'external')
  mkdirSync(folder, { recursive: true })
  const file = join(folder, 'server.mjs')
  await rollupServer({ external: [/^webgpu-mlp/, 'webgpu'] }, { file, format: 'es' })
  expect(readFileSync(file, 'utf8').length).toBeLessThan(2 * program.length)
  const result = JSON.parse(await runNode(folder, [file, join(folder, 'model.json')])) as Result
  expect(result).toEqual({ shared: true, losses, backend: 'webgpu' })
})

describe('without training', () => {
  const bundle = async (text: string, options: BuildOptions) => {
    const entry = join(app, 'small.js')
    const outfile = join(app, 'small-bundle.mjs')
    writeFileSync(entry, text)
    await esbuild({ entryPoints: [entry], outfile, bundle: true, format: 'esm', logLevel: 'error', ...options })
    return { outfile, code: readFileSync(outfile, 'utf8') }
  }
  /** A line of each shader that a minifier does not change. */
  const lines = Object.values(shaderTexts).flatMap((text) => /^.*\bfn \w+\(.*$/m.exec(text) ?? [])
  const shadersIn = (code: string) => lines.filter((line) => code.includes(line))

  const exports = `
import { activationNames, lossNames, nadam, Network, optimizerNames, toJavaScript, toOnnx } from 'webgpu-mlp'
const network = Network.create({ sizes: [2, 3, 1], hidden: 'mish', seed: 1 })
const { predict } = await import('data:text/javascript,' + encodeURIComponent(toJavaScript(network)))
const names = [activationNames, lossNames, optimizerNames].map((list) => list.length)
console.log(JSON.stringify({ outputs: predict([1, 2]).length, onnx: (await toOnnx(network)).length > 100, names, rate: nadam().learningRate }))
`

  it.each([
    ['for Node', { platform: 'node' }],
    ['for Node, minified', { platform: 'node', minify: true }],
    ['for browsers', { platform: 'browser' }],
    ['for browsers, minified', { platform: 'browser', minify: true }],
  ] as [string, BuildOptions][])(
    'a program that only creates and exports networks contains no shader, %s',
    async (_, options) => {
      const { outfile, code } = await bundle(exports, options)
      expect(shadersIn(code)).toEqual([])
      const result: unknown = JSON.parse(await runNode(app, [outfile]))
      expect(result).toEqual({
        outputs: 1,
        onnx: true,
        names: [activationNames.length, lossNames.length, optimizerNames.length],
        rate: 0.002,
      })
    },
  )

  it('a program that trains contains all of them', async () => {
    const { code } = await bundle("import { Trainer } from 'webgpu-mlp'\nconsole.log(Trainer)", { platform: 'browser' })
    expect(shadersIn(code)).toEqual(lines)
    expect(lines.length).toBeGreaterThan(30)
  })
})
