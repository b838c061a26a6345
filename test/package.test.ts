import { cpSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { exports as resolveExports } from 'resolve.exports'
import ts from 'typescript'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { installPackage, manifest, runNode } from './package.ts'
import { fencedBlocks } from './snippets.ts'

/** The package as it is published: the files that each environment loads, and that the two entries share their classes. */

const program = fileURLToPath(new URL('./shared_classes.js', import.meta.url))
const shared = { Network: true, Dataset: true, DataStream: true, InputError: true, epochs: 1 }

let folder: string
beforeAll(async () => {
  folder = await installPackage()
  cpSync(program, join(folder, 'program.js'))
})
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

/** The conditions that runtimes and bundlers set, in addition to `import` and `default`. */
const known = ['deno', 'node', 'bun', 'browser', 'worker', 'workerd', 'edge-light', 'electron', 'module', 'development']
const conditionSets = Array.from({ length: 1 << known.length }, (_, set) => known.filter((_, i) => (set >> i) & 1))

function resolvePair(conditions: readonly string[]): [string, string] {
  const options = { unsafe: true, conditions: ['import', 'default', ...conditions] }
  const resolve = (entry: string) => resolveExports({ name: 'webgpu-mlp', ...manifest }, entry, options)?.[0]
  return [resolve('.') ?? 'missing', resolve('./node') ?? 'missing']
}

describe('the entries', () => {
  it.each([
    { runtime: 'Node', conditions: ['node'], pair: ['./dist/node/index.js', './dist/node/files.js'] },
    { runtime: 'Bun', conditions: ['bun', 'node'], pair: ['./dist/node/index.js', './dist/node/files.js'] },
    { runtime: 'Deno', conditions: ['deno', 'node'], pair: ['./dist/index.js', './dist/files.js'] },
    { runtime: 'a page', conditions: ['browser'], pair: ['./dist/index.js', './dist/files.js'] },
    {
      runtime: 'the bundler of a page',
      conditions: ['browser', 'module'],
      pair: ['./dist/modules/index.js', './dist/modules/files.js'],
    },
    { runtime: 'a worker', conditions: ['workerd', 'worker'], pair: ['./dist/index.js', './dist/files.js'] },
  ])('are the right files in $runtime', ({ conditions, pair }) => {
    expect(resolvePair(conditions)).toEqual(pair)
  })

  it('share their classes under every set of conditions', async () => {
    const pairs = new Map(conditionSets.map((set) => [resolvePair(set).join(' '), resolvePair(set)]))
    expect(pairs.size).toBe(3)
    for (const [name, pair] of pairs) {
      const urls = pair.map((file) => pathToFileURL(join(folder, 'node_modules/webgpu-mlp', file)).href)
      const result = await runNode(folder, ['program.js', ...urls])
      expect(JSON.parse(result), name).toEqual(shared)
    }
  })

  it.each(['', 'deno', 'bun', 'browser', 'development'])('share their classes in Node with "%s"', async (condition) => {
    const result = await runNode(folder, [...(condition ? [`--conditions=${condition}`] : []), 'program.js'])
    expect(JSON.parse(result)).toEqual(shared)
  })
})

it('distinguishes an object of another copy of the library from other values', async () => {
  // Both builds in one process, as with two installed versions.
  const copies = `
    import * as one from './node_modules/webgpu-mlp/dist/node/index.js'
    import * as other from './node_modules/webgpu-mlp/dist/index.js'
    import { writeModel } from './node_modules/webgpu-mlp/dist/node/files.js'
    const network = other.Network.create({ sizes: [2, 2], seed: 1 })
    const data = other.circle({ samples: 4, seed: 1 })
    const own = one.Network.create({ sizes: [2, 2], seed: 1 })
    const attempts = [
      () => writeModel('model.json', network),
      () => one.Trainer.create(network),
      () => one.toOnnx(network),
      () => one.fit(own, data, { backend: 'cpu' }),
      async () => one.split(data, { test: 0.5 }),
      async () => one.standardize(data),
      () => writeModel('model.json', {}),
    ]
    const messages = []
    for (const attempt of attempts) messages.push(await attempt().then(() => 'none', ({ message }) => message))
    console.log(JSON.stringify(messages))`
  writeFileSync(join(folder, 'copies.js'), copies)
  const messages = JSON.parse(await runNode(folder, ['copies.js'])) as string[]
  const plain = messages.pop()
  expect(messages).toHaveLength(6)
  for (const message of messages) {
    expect(message).toMatch(
      /expected a (Network|Dataset).*, got a \1 of another copy of webgpu-mlp: import it from the same/,
    )
  }
  expect(plain).toBe('network: expected a Network, got an object')
})

it('reports that Dawn is not installed, and does not mistake the package for a bundle', async () => {
  const without = await installPackage({ dawn: false })
  const program = `import { Network, Trainer } from 'webgpu-mlp'
    const network = Network.create({ sizes: [2, 2], seed: 1 })
    await Trainer.create(network, { backend: 'webgpu' }).catch(({ message }) => console.log(message))`
  const message = await runNode(without, ['--input-type=module', '--eval', program])
  expect(message).toBe(
    "backend 'webgpu': the optional package 'webgpu' (Dawn) is not installed: run `npm install webgpu`\n",
  )
  rmSync(without, { recursive: true, force: true })
})

describe('the declarations', () => {
  const root = fileURLToPath(new URL('../', import.meta.url))

  it("are checked by the compiler with the README's program", () => {
    const [first] = fencedBlocks(root, join(root, 'README.md'), ['js'])
    const path = join(folder, 'readme.ts')
    const imports = "import { writeModel } from 'webgpu-mlp/node'\n"
    writeFileSync(path, `${imports}${first!.code}\nawait writeModel('model.json', network)\n`)
    const program = ts.createProgram([path], {
      module: ts.ModuleKind.NodeNext,
      target: ts.ScriptTarget.ES2022,
      strict: true,
      noUncheckedIndexedAccess: true,
      exactOptionalPropertyTypes: true,
      skipLibCheck: false,
      noEmit: true,
      types: ['node'],
      typeRoots: [join(root, 'node_modules', '@types')],
    })
    const complaints = ts
      .getPreEmitDiagnostics(program)
      .map(({ file, messageText }) => `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`)
    expect(complaints).toEqual([])
  }, 180_000)
})
