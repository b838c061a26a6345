import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import ts from 'typescript'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import * as library from '../src/index.ts'
import * as files from '../src/node/index.ts'
import * as worker from '../src/worker/index.ts'
import { openGPU } from '../src/node/dawn.ts'
import { examplesOf, fencedBlocks, type Modules, moduleOf, type Snippet, type Stated } from './snippets.ts'

/** Every piece of code in README.md, docs/, examples/README.md and the doc comments: type-checked strictly, and run. */

const root = fileURLToPath(new URL('../', import.meta.url))
const { circle, Network, split, toNpy, Trainer } = library

const under = (folder: string, ending: string) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending))
    .sort()
    .map((name) => join(root, folder, name))
/** Pages of the site that are written by docs/generate.js, from files that are tested themselves. */
const isGenerated = (path: string) => /docs\/site\/(reference|background)\//.test(path.replaceAll('\\', '/'))
const documents = under('docs', '.md').filter((path) => !isGenerated(path))
const pages = [join(root, 'README.md'), ...documents, ...under('examples', '.md')]
const sources = under('src', '.ts').filter((path) => !path.endsWith('.d.ts'))

/** The snippets of a page run one after the other, each snippet of a doc comment separately. */
const groups: Snippet[][] = [
  ...pages.map((page) => fencedBlocks(root, page, ['js', 'ts', 'javascript', 'typescript'])),
  ...sources.flatMap((path) => examplesOf(root, path)).map((example) => [example]),
].filter(({ length }) => length > 0)

/** The names that a module exports, values and types, read from its text. */
const exportsOf = (path: string): ReadonlySet<string> =>
  new Set(
    [
      ...readFileSync(path, 'utf8').matchAll(/^export (?:async )?(?:function\*?|class|const|interface|type) (\w+)/gm),
    ].map(([, name]) => name!),
  )

let written: string
let workFolder: string
const modules = new Map<string, { path: string; checks: number }>()
const trainers: { dispose(): void }[] = []
const devices: GPUDevice[] = []

beforeAll(() => {
  mkdirSync(join(root, '.cache'), { recursive: true })
  written = mkdtempSync(join(root, '.cache', 'snippets-'))
  const from = (path: string) => relative(written, path).replaceAll('\\', '/')
  const specifierOf = (name: string) => {
    if (name === 'webgpu-mlp') return from(join(root, 'src/index.ts'))
    if (name === 'webgpu-mlp/node') return from(join(root, 'src/node/index.ts'))
    if (name === 'webgpu-mlp/worker') return from(join(root, 'src/worker/index.ts'))
    return name
  }
  writeFileSync(
    join(written, 'device.ts'),
    'export const openDevice = () => (globalThis as unknown as { openDevice: () => Promise<GPUDevice> }).openDevice()\n',
  )
  const everywhere: Modules[] = [
    { specifier: from(join(root, 'src/index.ts')), names: new Set(Object.keys(library)) },
    { specifier: from(join(root, 'src/node/index.ts')), names: new Set(Object.keys(files)) },
    { specifier: from(join(root, 'src/worker/index.ts')), names: new Set(Object.keys(worker)) },
    { specifier: './device.ts', names: new Set(['openDevice']) },
  ]
  groups.forEach((snippets, i) => {
    const { place, file } = snippets[0]!
    const own = file.endsWith('.ts') ? [{ specifier: from(join(root, file)), names: exportsOf(join(root, file)) }] : []
    const { text, checks } = moduleOf(snippets, [...everywhere, ...own], specifierOf)
    const path = join(written, `snippet-${i}.ts`)
    writeFileSync(path, text)
    modules.set(place, { path, checks })
  })
  const create = Trainer.create.bind(Trainer)
  vi.spyOn(Trainer, 'create').mockImplementation(async (...given) => {
    const trainer = await create(...given)
    trainers.push(trainer)
    return trainer
  })
})

/** Creates the files that the snippets expect in their working directory. */
async function writeFixtures(folder: string) {
  const path = (name: string) => join(folder, name)
  const network = Network.create({ sizes: [2, 3, 2], output: 'softmax', seed: 1 })
  const { train } = split(circle({ samples: 60, seed: 1 }), { test: 0.2, seed: 1 })
  mkdirSync(path('runs/first'), { recursive: true })
  await files.writeModel(path('model.json'), network)
  const trainer = await Trainer.create(network, { seed: 1 })
  const write = (checkpoint: library.Checkpoint) => files.writeCheckpoint(path('run.checkpoint'), checkpoint)
  await trainer.fit(train, { epochs: 2, checkpoint: { write } })
  for (const name of ['weights.npy', 'x.npy', 'y.npy']) writeFileSync(path(name), toNpy([[1, 2], [3, 4]])) // prettier-ignore
  writeFileSync(path('model.onnx'), await library.toOnnx(network))
  const { archives } = JSON.parse(readFileSync(join(root, 'test/numpy/files.json'), 'utf8')) as { archives: { stored: string } } // prettier-ignore
  writeFileSync(path('digits.npz'), Buffer.from(archives.stored, 'base64'))
  mkdirSync(path('data/mnist'), { recursive: true })
  const idx = (shape: number[], values: Uint8Array) =>
    Uint8Array.from([0, 0, 8, shape.length, ...shape.flatMap((length) => [0, 0, 0, length]), ...values])
  for (const part of ['train', 't10k']) {
    writeFileSync(path(`data/mnist/${part}-images-idx3-ubyte`), idx([20, 4, 4], new Uint8Array(320).fill(7)))
    writeFileSync(
      path(`data/mnist/${part}-labels-idx1-ubyte`),
      idx(
        [20],
        Uint8Array.from({ length: 20 }, (_, i) => i % 10),
      ),
    )
  }
  const rows = Array.from({ length: 100 }, (_, i) => `${i % 9},${i % 7},${i % 3 === 0 ? 'yes' : 'no'}`).join('\n')
  writeFileSync(path('clicks.csv'), `age,visits,bought\n${rows}\n`)
  for (const name of ['part-1.csv', 'part-2.csv']) writeFileSync(path(name), `a,b,kind\n${`${rows}\n`.repeat(10)}`)
}

/** A program of a worker runs in this thread, and `new Worker(…)` gives the other end of its messages. */
const ports: MessagePort[] = []
function standInForWorkers(): void {
  const last = () => ports.at(-1)!
  Object.assign(globalThis, {
    addEventListener(_type: 'message', listener: (event: MessageEvent) => void) {
      if (_type !== 'message') return
      const { port1, port2 } = new MessageChannel()
      port1.addEventListener('message', listener)
      port1.start()
      ports.push(port1, port2)
    },
    postMessage: (message: unknown) => ports.at(-2)!.postMessage(message),
    // A constructor that returns an object gives that object.
    Worker: function Worker() {
      return last()
    },
  })
}

beforeAll(async () => {
  standInForWorkers()
  workFolder = mkdtempSync(join(tmpdir(), 'webgpu-mlp-snippets-'))
  await writeFixtures(workFolder)
  Object.assign(globalThis, {
    openDevice: async () => {
      const device = await (await (await openGPU())!.requestAdapter())!.requestDevice()
      devices.push(device)
      return device
    },
  })
})
afterAll(() => {
  for (const trainer of trainers) trainer.dispose()
  for (const device of devices) device.destroy()
  for (const port of ports) port.close()
  rmSync(workFolder, { recursive: true, force: true })
  rmSync(written, { recursive: true, force: true })
})

it('compiles under strict TypeScript', () => {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (path) => ts.sys.readFile(path))
  const { options } = ts.parseJsonConfigFileContent({ ...(config as object), include: [] }, ts.sys, root)
  expect(options).toMatchObject({ strict: true, noUncheckedIndexedAccess: true })
  const paths = [...modules.values()].map(({ path }) => path)
  const program = ts.createProgram(paths, options)
  const diagnostics = paths.flatMap((path) => {
    const file = program.getSourceFile(path)
    return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)]
  })
  expect(program.getOptionsDiagnostics()).toEqual([])
  const complaints = diagnostics.map(({ file, start, messageText }) => {
    const place = [...modules].find(([, { path }]) => path === file?.fileName)?.[0] ?? file?.fileName
    const line = file && start !== undefined ? file.text.slice(start).split('\n', 1)[0] : ''
    return `${place}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}: ${line}`
  })
  expect(complaints).toEqual([])
}, 180_000)

function expectStated(actual: unknown, stated: Stated): void {
  if ('number' in stated) {
    expect(typeof actual).toBe('number')
    expect(Math.abs((actual as number) - stated.number)).toBeLessThanOrEqual(
      0.5 * 10 ** -stated.decimals * Number(stated.decimals > 0),
    )
  } else if ('value' in stated) expect(actual).toBe(stated.value)
  else if ('list' in stated) {
    const list = Array.from(actual as ArrayLike<unknown>)
    expect(list).toHaveLength(stated.list.length)
    stated.list.forEach((one, i) => expectStated(list[i], one))
  } else {
    for (const [key, one] of stated.fields) expectStated((actual as Record<string, unknown>)[key], one)
  }
}

describe('runs, and gives the stated results:', () => {
  const home = process.cwd()
  it.each(groups.map((snippets) => snippets[0]!.place))(
    '%s',
    async (place) => {
      const { path, checks } = modules.get(place)!
      let checked = 0
      process.chdir(workFolder)
      const log = vi.spyOn(console, 'log').mockImplementation(() => undefined)
      try {
        const { default: run } = (await import(/* @vite-ignore */ pathToFileURL(path).href)) as {
          default: (check: (actual: unknown, stated: Stated) => void) => Promise<void>
        }
        await run((actual, stated) => {
          expectStated(actual, stated)
          checked++
        })
      } finally {
        log.mockRestore()
        process.chdir(home)
      }
      expect(checked).toBe(checks)
    },
    180_000,
  )

  it('recognises the stated results', () => {
    const stated = [...modules.values()].reduce((sum, { checks }) => sum + checks, 0)
    expect(stated).toBeGreaterThanOrEqual(6)
  })
})
