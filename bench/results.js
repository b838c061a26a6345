// Saves results: all of them in a JSON file in bench/results, and tables in a section of RESULTS.md.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import { fileURLToPath } from 'node:url'
import { markdownTable } from './table.js'

/** The heading of each kind of run, and its npm script. */
const kinds = {
  bench: { what: 'all backends', script: 'bench' },
  peers: { what: 'comparison with other libraries', script: 'bench:peers' },
  scikit: { what: 'comparison with scikit-learn', script: 'bench:scikit' },
  firefox: { what: 'in Firefox', script: 'bench:firefox' },
  sweep: { what: 'sweeps of many networks', script: 'bench:sweep' },
}

const here = (path) => fileURLToPath(new URL(path, import.meta.url))

/** The date, machine and software versions of a run. */
export function describeMachine() {
  return {
    date: new Date().toISOString().slice(0, 10),
    processor: os.cpus()[0]?.model ?? 'an unknown processor',
    processors: os.cpus().length,
    memory: os.totalmem(),
    system: `${os.platform()} ${os.arch()}`,
    node: process.version,
    dawn: installedVersion('webgpu'),
  }
}

/** The version of an installed package, from the node_modules of the repository or of another folder. */
export function installedVersion(name, folder = '../') {
  try {
    return JSON.parse(readFileSync(here(`${folder}node_modules/${name}/package.json`), 'utf8')).version
  } catch {
    return undefined
  }
}

/** Describes the machine in one line. */
export function machineLine({ date, processor, processors, node, dawn, dawnOfPeers }) {
  const libraries = [`node ${node}`, `Dawn (webgpu) ${dawn ?? 'not installed'}`]
  if (dawnOfPeers) libraries.push(`the peers' ${dawnOfPeers}`)
  return `${date}, ${processor}, ${processors} processors, ${libraries.join(', ')}`
}

/** Writes results as JSON, formatted with prettier so that the file passes the lint. */
export async function writeJson(file, figures) {
  writeFileSync(file, await formatWithPrettier(JSON.stringify(figures), 'results.json'))
}

/**
 * Saves a run: bench/results/<date>-<adapter>-<kind>.json, and a section in RESULTS.md after the introduction, newest
 * first. It replaces a run of the same kind, adapter and day. Sections written by hand remain.
 * @param {{ kind: 'bench' | 'peers' | 'scikit' | 'firefox' | 'sweep', adapter: string | undefined, machine: object, remarks?: string[],
 *   tables: import('./table.js').Table[], figures: object }} run
 * @returns the paths of the files, relative to the repository
 */
export async function keepRun({ kind, adapter, machine, remarks = [], tables, figures }) {
  const name = `${machine.date}-${slug(adapter ?? 'no adapter')}-${kind}.json`
  mkdirSync(here('./results'), { recursive: true })
  await writeJson(here(`./results/${name}`), { ...machine, adapter, ...figures })

  const { what, script } = kinds[kind]
  const heading = `## ${machine.date}, ${adapter ?? 'no WebGPU adapter'}: ${what}`
  const command = ['npm run', script, ...savedArguments()].join(' ')
  const source = `\`${command}\`, all results: [${name}](results/${name}).`
  const section = [heading, `${machineLine(machine)}. ${source}`, ...remarks, ...tables.map(markdownTable)].join('\n\n')
  await writeSection(heading, section)
  return [`bench/results/${name}`, 'bench/RESULTS.md']
}

/** The arguments to save with the results, so that a partial run is recognizable; without --write and --json. */
function savedArguments() {
  const given = process.argv.slice(2)
  const kept = given.filter((argument, i) => !/^--(write|json)/.test(argument) && given[i - 1] !== '--json')
  return kept.length > 0 ? ['--', ...kept] : []
}

/** Inserts a section before the first one, and removes an existing section with the same heading. */
export function withSection(document, heading, section) {
  const [introduction, ...sections] = document.split(/^(?=## )/m)
  const others = sections.filter((other) => other.split('\n', 1)[0] !== heading)
  return `${introduction}${section}\n\n${others.join('')}`
}

/** A name as part of a file's name. */
export function slug(name) {
  const plain = name
    .replace('(software adapter)', '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
  return plain.slice(0, 40).replace(/^-|-$/g, '') || 'unnamed'
}

/** Replaces a section of RESULTS.md, or inserts it before the first one. */
export async function writeSection(heading, section) {
  const file = here('./RESULTS.md')
  writeFileSync(file, await formatWithPrettier(withSection(readFileSync(file, 'utf8'), heading, section), file))
}

async function formatWithPrettier(text, file) {
  // Only where something is written: benchmarks also run where the tools of development are not installed.
  const { format, resolveConfig } = await import('prettier')
  return format(text, { ...(await resolveConfig(here('./RESULTS.md'))), filepath: file })
}
