import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { installPackage, packLibrary } from '../package.ts'
import { copyPrograms, installTools, runProgram } from './install.ts'

/** The packed library in Node, and where programs are tested: ES modules, require, without Dawn, in jsdom. */

let app: string
const folders: string[] = []
beforeAll(async () => {
  app = await installPackage()
  copyPrograms(undefined, app)
}, 300_000)
afterAll(() => {
  for (const folder of [app, ...folders]) rmSync(folder, { recursive: true, force: true })
}, 300_000)

/** Runs a program of the folder; it prints JSON. */
async function runText(folder: string, file: string, text: string): Promise<unknown> {
  writeFileSync(join(folder, file), text)
  return JSON.parse(await runProgram(process.execPath, ['--no-warnings', file], folder))
}
const trained = {
  backend: 'webgpu',
  loss: expect.closeTo(0.22747, 4),
  missing: expect.stringContaining('missing.json'),
}

describe('Node', () => {
  it('loads ES modules', async () => {
    const text = "import { train } from './server.js'\nconsole.log(JSON.stringify(await train()))"
    expect(await runText(app, 'esm.js', text)).toEqual(trained)
  }, 120_000)

  it('loads all entries by require()', async () => {
    const text = `
      const { Network, circle, fit } = require('webgpu-mlp')
      const { readModel } = require('webgpu-mlp/node')
      const { connect } = require('webgpu-mlp/worker')
      const network = Network.create({ sizes: [2, 3, 2], seed: 1 })
      fit(network, circle({ samples: 20, seed: 1 }), { epochs: 1, seed: 1, backend: 'cpu' }).then(({ epochs }) =>
        console.log(JSON.stringify([epochs.length, typeof readModel, typeof connect])))`
    expect(await runText(app, 'program.cjs', text)).toEqual([1, 'function', 'function'])
  }, 120_000)

  it('trains without the optional packages, and says that Dawn is not installed', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'webgpu-mlp-optional-'))
    folders.push(folder)
    writeFileSync(join(folder, 'package.json'), '{"private": true, "type": "module"}')
    const options = ['--omit=optional', '--no-audit', '--no-fund', '--prefer-offline']
    await runProgram('npm', ['install', await packLibrary(folder), ...options], folder)
    copyPrograms(undefined, folder)
    const text = `import { existsSync } from 'node:fs'
      import { train } from './server.js'
      console.log(JSON.stringify([existsSync('node_modules/webgpu'), await train('auto'), await train('webgpu')]))`
    expect(await runText(folder, 'main.js', text)).toEqual([
      false,
      { ...trained, backend: 'wasm' },
      {
        name: 'BackendUnavailableError',
        message: "backend 'webgpu': the optional package 'webgpu' (Dawn) is not installed: run `npm install webgpu`",
      },
    ])
    const version = await runProgram(
      process.execPath,
      ['node_modules/webgpu-mlp/dist/node/cli.js', '--version'],
      folder,
    )
    const { version: expected } = JSON.parse(readFileSync(join(folder, 'node_modules/webgpu-mlp/package.json'), 'utf8')) as { version: string } // prettier-ignore
    expect(version.trim()).toBe(expected)
  }, 600_000)
})

describe('jsdom', () => {
  let tools: string
  beforeAll(async () => {
    tools = await installTools('tools')
  }, 600_000)

  /** What older versions of jsdom do not have. */
  const missing = ['TextEncoder', 'TextDecoder', 'crypto']

  it.each([[[]], [missing]])(
    'runs the library in a window, without %j',
    async (names) => {
      const text = `
      import { JSDOM } from ${JSON.stringify(`${tools}/node_modules/jsdom/lib/api.js`)}
      import { build } from ${JSON.stringify(import.meta.resolve('esbuild'))}
      const contents = \`
        import * as library from 'webgpu-mlp'
        globalThis.train = async (backend) => {
          const { circle, fit, Network } = library
          const network = Network.create({ sizes: [2, 3, 2], seed: 1 })
          const { backend: used, last } = await fit(network, circle({ samples: 200, seed: 1 }), { epochs: 5, batchSize: 10, seed: 1, backend })
          const again = Network.fromJSON(JSON.parse(JSON.stringify(network)))
          return [used.name, last.loss, again.classify([[0, 0]])[0].class]
        }\`
      const { outputFiles } = await build({ stdin: { contents, resolveDir: '.' }, bundle: true, format: 'iife', write: false, logLevel: 'error' })
      const { window } = new JSDOM('<!doctype html>', { url: 'http://localhost/', runScripts: 'outside-only' })
      for (const name of ${JSON.stringify(names)}) window.eval('delete globalThis.' + name)
      window.eval(outputFiles[0].text)
      const results = []
      for (const backend of ['cpu', 'wasm', 'auto']) results.push(await window.train(backend))
      results.push(await window.train('webgpu').catch(({ name, message }) => [name, message]))
      console.log(JSON.stringify(results))
      window.close()`
      const loss = expect.closeTo(0.22747, 4)
      expect(await runText(app, 'window.js', text)).toEqual([
        ['cpu', loss, expect.any(String)],
        ['wasm', loss, expect.any(String)],
        // Whichever was measured to be the faster.
        [expect.stringMatching(/^(?:cpu|wasm)$/), loss, expect.any(String)],
        ['BackendUnavailableError', expect.stringContaining('this browser has no WebGPU')],
      ])
    },
    120_000,
  )

  it('runs it in the environment of Vitest, whose globals are those of jsdom and of Node', async () => {
    // As Vitest does it, which finds jsdom beside itself only.
    const text = `
      import { JSDOM } from ${JSON.stringify(`${tools}/node_modules/jsdom/lib/api.js`)}
      import { populateGlobal } from ${JSON.stringify(import.meta.resolve('vitest/runtime'))}
      const { window } = new JSDOM('<!doctype html>', { url: 'http://localhost/', pretendToBeVisual: true, runScripts: 'dangerously' })
      populateGlobal(globalThis, window, { bindFunctions: true, additionalKeys: ['URL', 'URLSearchParams', 'AbortController', 'AbortSignal'] })
      const { train } = await import('./server.js')
      const results = []
      for (const backend of ['cpu', 'wasm', 'webgpu']) results.push(await train(backend))
      console.log(JSON.stringify([typeof document, results]))
      process.exit()`
    expect(await runText(app, 'globals.js', text)).toEqual([
      'object',
      ['cpu', 'wasm', 'webgpu'].map((backend) => ({ ...trained, backend })),
    ])
  }, 120_000)
})
