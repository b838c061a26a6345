import { gzipSync } from 'node:zlib'
import { build, type Plugin } from 'esbuild'
import { readFileSync, rmSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { installPackage } from './package.ts'

/** What programs of users download, minified and gzipped, with the modules that they load while they run. */

const training = (backend: string) => `
import { ${backend}, Dataset, Network, Trainer } from 'webgpu-mlp'
const trainer = await Trainer.create(Network.create({ sizes: [2, 3, 2] }), { backend: ${backend}() })
await trainer.fit(new Dataset([[1, 2]], [[1, 0]]), { epochs: 3 })`

interface Program {
  readonly text: string
  /** The modules that it loads with `import()`. */
  readonly loads?: RegExp
  /** In KiB. */
  readonly most: number
  /** How the guide calls it in its table of sizes. */
  readonly row?: string
}

const programs: Record<string, Program> = {
  'predictions of a network': {
    text: `
import { Network } from 'webgpu-mlp'
const network = Network.fromJSON(await (await fetch('model.json')).json())
console.log(network.predict([[1, 2]]), network.classify([[1, 2]]))`,
    most: 13.5,
    row: 'predictions of a network',
  },
  'training on the CPU': { text: training('cpu'), most: 43.5, row: 'training, with `cpu()`' },
  'training on WebAssembly': {
    text: training('wasm'),
    loads: /opening|starting/,
    most: 69,
    row: 'training, with `wasm()`',
  },
  'training on WebGPU': {
    text: training('webgpu'),
    loads: /opened-backend|recoverable-placement/,
    most: 103,
    row: 'training, with `webgpu()`',
  },
  'a data set of circles': {
    text: "import { circle } from 'webgpu-mlp'\nconsole.log(circle({ samples: 100 }))",
    most: 10.5,
  },
  everything: { text: "import * as all from 'webgpu-mlp'\nconsole.log(all)", loads: /./, most: 310 },
}

const guide = readFileSync(new URL('../docs/site/guide/bundlers.md', import.meta.url), 'utf8')
const sizeInGuide = (row: string) =>
  Number(
    guide
      .split('\n')
      .find((line) => line.startsWith(`| ${row} `))
      ?.match(/(\d+) KiB/)?.[1],
  )

let app: string
beforeAll(async () => {
  app = await installPackage()
})
afterAll(() => {
  rmSync(app, { recursive: true, force: true })
})

/** Leaves modules that a program does not load out of its bundle. */
const leavingOut = (loads: RegExp | undefined): Plugin => ({
  name: 'leave-out',
  setup({ onResolve }) {
    onResolve({ filter: /.*/ }, ({ kind, path }) =>
      kind === 'dynamic-import' && !loads?.test(path) ? { path, external: true } : undefined,
    )
  },
})

describe('the size of a program, in KiB, minified and gzipped', () => {
  it.each(Object.entries(programs))('%s', async (name, { text, loads, most, row }) => {
    const { outputFiles } = await build({
      stdin: { contents: text, resolveDir: app },
      plugins: [leavingOut(loads)],
      bundle: true,
      minify: true,
      format: 'esm',
      write: false,
      legalComments: 'none',
      external: ['node:*'],
    })
    const kib = gzipSync(outputFiles[0]!.contents, { level: 9 }).length / 1024
    console.log(`${name}: ${kib.toFixed(1)} KiB`)
    expect(kib).toBeLessThan(most)
    // A budget that is far above the size would not notice what is added.
    expect(kib).toBeGreaterThan(0.9 * most)
    // The guide tells its readers.
    if (row !== undefined) expect(Math.abs(sizeInGuide(row) - kib)).toBeLessThan(1)
  })
})
