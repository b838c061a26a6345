import { gzipSync } from 'node:zlib'
import { build, type Plugin } from 'esbuild'
import { rmSync } from 'node:fs'
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
}

const programs: Record<string, Program> = {
  'predictions of a network': {
    text: `
import { Network } from 'webgpu-mlp'
const network = Network.fromJSON(await (await fetch('model.json')).json())
console.log(network.predict([[1, 2]]), network.classify([[1, 2]]))`,
    most: 13.5,
  },
  'training on the CPU': { text: training('cpu'), most: 43.5 },
  'training on WebAssembly': { text: training('wasm'), loads: /opening|starting/, most: 69 },
  'training on WebGPU': { text: training('webgpu'), loads: /opened-backend|recoverable-placement/, most: 101 },
  'a data set of circles': {
    text: "import { circle } from 'webgpu-mlp'\nconsole.log(circle({ samples: 100 }))",
    most: 10.5,
  },
  everything: { text: "import * as all from 'webgpu-mlp'\nconsole.log(all)", loads: /./, most: 310 },
}

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
  it.each(Object.entries(programs))('%s', async (name, { text, loads, most }) => {
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
  })
})
