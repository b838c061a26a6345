import { execFileSync } from 'node:child_process'
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { exports as resolveExports } from 'resolve.exports'
import ts from 'typescript'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { installPackage, manifest, runNode } from './package.ts'
import { fencedBlocks } from './snippets.ts'

/** The package as it is published: the files that each environment loads, and that the two entries share their classes. */

/** The most bytes of the packed package. */
const MOST_BYTES = 580_000

const root = fileURLToPath(new URL('../', import.meta.url))
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
      pair: ['./dist/index.js', './dist/files.js'],
    },
    { runtime: 'a worker', conditions: ['workerd', 'worker'], pair: ['./dist/index.js', './dist/files.js'] },
  ])('are the right files in $runtime', ({ conditions, pair }) => {
    expect(resolvePair(conditions)).toEqual(pair)
  })

  it('share their classes under every set of conditions', async () => {
    const pairs = new Map(conditionSets.map((set) => [resolvePair(set).join(' '), resolvePair(set)]))
    expect(pairs.size).toBe(2)
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
  // Two copies in one process, as with two installed versions.
  cpSync(join(folder, 'node_modules/webgpu-mlp'), join(folder, 'node_modules/another-copy'), { recursive: true })
  const copies = `
    import * as one from './node_modules/webgpu-mlp/dist/node/index.js'
    import * as other from './node_modules/another-copy/dist/node/index.js'
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

describe('the files', () => {
  interface Pack {
    readonly size: number
    readonly files: readonly { readonly path: string }[]
  }
  const pack = execFileSync('npm', ['pack', '--dry-run', '--ignore-scripts', '--json'], { cwd: root, encoding: 'utf8' })
  const [{ size, files }] = JSON.parse(pack) as [Pack]

  it('are small', () => {
    console.log(`the package: ${(size / 1000).toFixed(0)} KB`)
    expect(size).toBeLessThan(MOST_BYTES)
    // A budget that is far above the size would not notice what is added.
    expect(size).toBeGreaterThan(0.9 * MOST_BYTES)
  })

  it('are code, declarations and documents, each once', () => {
    const documents = ['CHANGELOG.md', 'LICENSE', 'README.md', 'dist/THIRD_PARTY_LICENSES.txt']
    const kinds = files.map(({ path }) =>
      path.replace(/^dist\/(?:types\/|node\/)?(?:\w+\/)?[\w.-]+?(?=(?:\.d\.ts|\.js)$)/, 'dist/*'),
    )
    expect(new Set(kinds)).toEqual(new Set([...documents, 'dist/*.d.ts', 'dist/*.js', 'package.json']))
    const codes = files.map(({ path }) => path).filter((path) => path.endsWith('.js'))
    const contents = codes.map((path) => readFileSync(join(root, path), 'utf8')).filter((code) => code.length > 1000)
    expect(new Set(contents).size).toBe(contents.length)
  })

  it('have short lines, because Node shows the line of an error that a program does not catch', async () => {
    const program = "import { Network } from 'webgpu-mlp'; Network.create({ sizes: [2, 'x'] })"
    const shown = await runNode(folder, ['--input-type=module', '--eval', program]).catch(String)
    expect(shown).toContain('InputError: sizes')
    expect(shown.length).toBeLessThan(3000)
  })

  it('keep the names of classes, which messages contain', async () => {
    const names = ['Network', 'Dataset', 'Matrix', 'Trainer', 'DataStream', 'InputError', 'DivergedError']
    const program = `const library = await import('webgpu-mlp'); console.log(${JSON.stringify(names)}.map((name) => library[name].name).join())`
    expect(await runNode(folder, ['--input-type=module', '--eval', program])).toBe(`${names.join()}\n`)
  })
})

describe('the declarations', () => {
  it('have the comments of the sources', () => {
    const declarations = readFileSync(join(root, 'dist/types/library.d.ts'), 'utf8')
    for (const declared of ['class Network', 'class Trainer', 'declare function sweep', 'fit(']) {
      expect(declarations).toMatch(new RegExp(`\\*/\\n\\s*(?:declare )?${declared.replace('(', '[(<]')}`))
    }
  })

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
