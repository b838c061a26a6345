import { readdirSync, readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { Dataset, Network, toC, toJavaScript, toPyTorch } from '../src/index.ts'
import { loadModule } from './javascript-module.ts'

/** What SECURITY.md says that the library never does. */

const root = fileURLToPath(new URL('../', import.meta.url))
const sources = ['src', 'demo'].flatMap((folder) =>
  readdirSync(`${root}${folder}`, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(ts|tsx|js|html)$/.test(name) && !name.endsWith('.d.ts'))
    .map((name) => `${folder}/${name.replaceAll('\\', '/')}`),
)
const withoutComments = (text: string) => text.replace(/\/\*[^]*?\*\/|(^|\s)\/\/ .*$/gm, '')
const texts = new Map(sources.map((path) => [path, withoutComments(readFileSync(`${root}${path}`, 'utf8'))]))
const filesWith = (pattern: RegExp) => sources.filter((path) => pattern.test(texts.get(path)!))

it('has no network access and starts no programs', () => {
  expect(sources.length).toBeGreaterThan(400)
  expect(filesWith(/\bfetch\s*\(|\bXMLHttpRequest\b|\bWebSocket\b|\bEventSource\b|\bsendBeacon\b|\bimportScripts\b/)).toEqual([])
  const allowed = ['buffer', 'crypto', 'fs', 'fs/promises', 'module', 'os', 'path', 'stream', 'stream/promises', 'tty', 'url', 'util', 'worker_threads', 'zlib']
  const used = new Set([...texts.values()].flatMap((text) => [...text.matchAll(/'node:([\w/]+)'/g)].map(([, name]) => name!)))
  expect([...used].filter((name) => !allowed.includes(name))).toEqual([])
  const bare = builtinModules.filter((name) => !name.startsWith('_') && !name.includes(':'))
  expect(filesWith(new RegExp(`(?:from|import\\(|require\\() ?'(?:${bare.join('|')})'`))).toEqual([])
}) // prettier-ignore

it('makes code in the places that SECURITY.md names alone', () => {
  expect(filesWith(/\bnew Function\b|\bFunction\s*\(|(?<!\.)\beval\s*\(/)).toEqual(['src/backend/host/js/straight.ts'])
  expect(filesWith(/\beval:/)).toEqual(['src/backend/host/wasm/threads.ts'])
  expect(filesWith(/\bWebAssembly\.(?:Module|compile|instantiate)\w*\(/).every((path) => path.startsWith('src/backend/host/wasm/'))).toBe(true) // prettier-ignore
  // A module whose name is not in the text.
  expect(filesWith(/\bimport\(\s*(?:\/\*[^]*?\*\/\s*)*[^'"\s/]/)).toEqual(['src/node/dawn.ts'])
})

it('makes no markup of text, and takes no messages from other windows', () => {
  expect(filesWith(/\b(?:innerHTML|outerHTML|insertAdjacentHTML|dangerouslySetInnerHTML|srcdoc)\b|document\.write\b/)).toEqual([]) // prettier-ignore
  // Of workers and ports: serve() refuses a page.
  expect(filesWith(/addEventListener\(\s*'message'|\bwindow\.onmessage\b/)).toEqual(['src/worker/endpoint.ts'])
})

it('runs nothing when it is installed', () => {
  const { scripts } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as { scripts: Record<string, string> }
  expect(Object.keys(scripts).filter((name) => /^(?:pre|post)?(?:install|prepare)$/.test(name))).toEqual([])
})

const names = ["'];globalThis.hacked=1;['", '\\', '`${globalThis.hacked=1}`', '*/globalThis.hacked=1;/*', '</script><script>', '\n\u2028globalThis.hacked=1//', '__proto__', '"""\nraise\n"""', "'''\\"] // prettier-ignore

it('writes names into programs as string literals', async () => {
  const network = Network.create({ sizes: [names.length, names.length], output: 'softmax', seed: 1 })
  network.features = names
  network.classes = names
  const code = toJavaScript(network)
  expect(code).not.toMatch(/<\/?script|\u2028/)
  const { features, classes } = await loadModule(code)
  expect([features, classes]).toEqual([names, names])
  expect('hacked' in globalThis).toBe(false)
})

it('writes names into sources in C as strings, and into comments without their ends', () => {
  const network = Network.create({ sizes: [names.length, names.length], output: 'softmax', seed: 1 })
  network.features = names
  network.classes = names
  const { header, source } = toC(network)
  // Without comments and strings, nothing of the names is left but constants.
  const code = (text: string) => text.replace(/\/\*[^]*?\*\/|"(?:[^"\\\n]|\\.)*"/g, '')
  expect(code(header) + code(source)).not.toMatch(/hacked|raise|script|'|\\/)
  expect(header + source).toMatch(/^[\n -~]*$/)
})

it('writes names into programs for PyTorch as data', () => {
  const classes = ['"""\nraise SystemExit\n"""', "'''\\\nimport os#"]
  const named = Network.create({ sizes: [2, 2], output: 'softmax', seed: 1 })
  named.classes = classes
  const files = toPyTorch(named, Dataset.from([[0, 1], [1, 0]], classes, { classes })) // prettier-ignore
  const program = Object.entries(files).filter(([name]) => name.endsWith('.py'))
  expect(program).toHaveLength(1)
  // No line of the program begins with a name.
  expect(String(program[0]![1])).not.toMatch(/^(?:raise SystemExit|import os#)/m)
})
