// Run by import.test.ts with --experimental-vm-modules: imports dist/index.js into contexts that lack globals.
import { readdir, readFile } from 'node:fs/promises'
import process from 'node:process'
import vm from 'node:vm'

const entry = new URL('../dist/index.js', import.meta.url).href

/** Imports the library into a new context that has these globals in addition to JavaScript's, except those in `without`. */
async function importLibrary(given, without = []) {
  const context = vm.createContext({ ...given })
  for (const name of without) vm.runInContext(`delete globalThis[${JSON.stringify(name)}]`, context)
  const modules = new Map()
  const moduleAt = (url) => {
    const made = modules.get(url) ?? readFile(new URL(url), 'utf8').then((text) => makeModule(text, url))
    modules.set(url, made)
    return made
  }
  const link = (specifier, { identifier }) => moduleAt(new URL(specifier, identifier).href)
  const loads = new Map()
  const evaluate = async (made) => {
    const module = await made
    await module.link(link)
    await module.evaluate()
    return module
  }
  // A module is linked once, however often it is imported.
  const load = (specifier, { identifier }) => {
    const url = new URL(specifier, identifier).href
    const loading = loads.get(url) ?? evaluate(moduleAt(url))
    loads.set(url, loading)
    return loading
  }
  const makeModule = (text, identifier) =>
    new vm.SourceTextModule(text, { context, identifier, importModuleDynamically: load })
  return (await load(entry, { identifier: entry })).namespace
}

const attempt = (given, without) =>
  importLibrary(given, without).then(
    () => null,
    (error) => String(error),
  )

// Globals of Node that JavaScript itself does not have, as far as the library uses them.
const folder = new URL('../dist/', import.meta.url)
const modules = (await readdir(folder)).filter((name) => name.endsWith('.js') && name !== 'files.js')
const text = (await Promise.all(modules.map((name) => readFile(new URL(name, folder), 'utf8')))).join('\n')
const bare = new Set(vm.runInNewContext('Object.getOwnPropertyNames(globalThis)'))
const hosted = Object.fromEntries(
  Object.getOwnPropertyNames(globalThis)
    .filter((name) => !bare.has(name) && new RegExp(`\\b${name}\\b`).test(text))
    .map((name) => [name, globalThis[name]]),
)
hosted.navigator ??= {} // since Node 21
// Globals of JavaScript that older engines or strict pages lack.
const optional = [
  'WebAssembly',
  'SharedArrayBuffer',
  'Atomics',
  'FinalizationRegistry',
  'WeakRef',
  'Intl',
  'console',
  'eval',
  'BigInt64Array',
  'Float16Array',
  'Iterator',
]

const imports = { 'all but JavaScript': await attempt({}, optional) }
for (const name of optional) imports[name] = await attempt(hosted, [name])
for (const name of Object.keys(hosted)) imports[name] = await attempt(hosted, [name])

// Approximately what jsdom provides to programs.
const { performance, crypto, setTimeout, clearTimeout, atob, btoa } = globalThis
const { circle, fit, Network, sgd } = await importLibrary({ performance, crypto, setTimeout, clearTimeout, atob, btoa })
const trained = []
for (const choice of ['cpu', 'auto']) {
  const network = Network.create({ sizes: [2, 300, 2], seed: 1 })
  const { epochs, backend } = await fit(network, circle({ samples: 2000, seed: 1 }), {
    optimizer: sgd({ learningRate: 0.05 }),
    epochs: 5,
    seed: 1,
    backend: choice,
  })
  const copy = Network.fromJSON(JSON.parse(JSON.stringify(network)))
  trained.push({
    first: epochs[0].loss,
    last: epochs.at(-1).loss,
    backend: backend.description,
    same: copy.parameters.every((value, i) => value === network.parameters[i]),
  })
}
console.log(JSON.stringify({ imports, trained }))
process.exit(0)
