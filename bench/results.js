// Where figures are kept: a JSON file with all of them in bench/results, and a section with tables in RESULTS.md.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import { fileURLToPath } from 'node:url'
import { format, resolveConfig } from 'prettier'
import { markdownTable } from './table.js'

/** What a kind of run is called in its heading, and the script that makes it. */
const kinds = {
  bench: { what: 'by itself', script: 'bench' },
  peers: { what: 'beside other libraries', script: 'bench:peers' },
  scikit: { what: 'beside scikit-learn', script: 'bench:scikit' },
  firefox: { what: 'in Firefox', script: 'bench:firefox' },
}

const here = (path) => fileURLToPath(new URL(path, import.meta.url))

/** What every figure has to be read with. */
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

/** The version of a package that is installed beside the library, or in another package's folder. */
export function installedVersion(name, folder = '../') {
  try {
    return JSON.parse(readFileSync(here(`${folder}node_modules/${name}/package.json`), 'utf8')).version
  } catch {
    return undefined
  }
}

/** The machine in one line. */
export function machineLine({ date, processor, processors, node, dawn, dawnOfPeers }) {
  const libraries = [`node ${node}`, `Dawn (webgpu) ${dawn ?? 'not installed'}`]
  if (dawnOfPeers) libraries.push(`the peers' ${dawnOfPeers}`)
  return `${date}, ${processor}, ${processors} processors, ${libraries.join(', ')}`
}

/** All figures as JSON, set as prettier wants it, so that a results file passes the lint. */
export async function writeJson(file, figures) {
  writeFileSync(file, await prettily(JSON.stringify(figures), 'results.json'))
}

/**
 * Keeps a run: bench/results/<date>-<adapter>-<kind>.json, and a section in RESULTS.md under its introduction, newest
 * first. A second run of one kind on one adapter and day takes the place of the first; sections written by hand stay.
 * @param {{ kind: 'bench' | 'peers' | 'scikit' | 'firefox', adapter: string | undefined, machine: object, remarks?: string[],
 *   tables: import('./table.js').Table[], figures: object }} run
 * @returns the files' paths, relative to the repository
 */
export async function keepRun({ kind, adapter, machine, remarks = [], tables, figures }) {
  const name = `${machine.date}-${slug(adapter ?? 'no adapter')}-${kind}.json`
  mkdirSync(here('./results'), { recursive: true })
  await writeJson(here(`./results/${name}`), { ...machine, adapter, ...figures })

  const { what, script } = kinds[kind]
  const heading = `## ${machine.date}, ${adapter ?? 'no WebGPU adapter'}: ${what}`
  const command = ['npm run', script, ...argumentsKept()].join(' ')
  const source = `\`${command}\`, all figures: [${name}](results/${name}).`
  const section = [heading, `${machineLine(machine)}. ${source}`, ...remarks, ...tables.map(markdownTable)].join('\n\n')
  const file = here('./RESULTS.md')
  writeFileSync(file, await prettily(withSection(readFileSync(file, 'utf8'), heading, section), file))
  return [`bench/results/${name}`, 'bench/RESULTS.md']
}

/** The command line, so that a part is not taken for the whole; without where the figures were written to. */
function argumentsKept() {
  const given = process.argv.slice(2)
  const kept = given.filter((argument, i) => !/^--(write|json)/.test(argument) && given[i - 1] !== '--json')
  return kept.length > 0 ? ['--', ...kept] : []
}

/** A document with a section put before its first one, in place of an older one of the same heading. */
export function withSection(document, heading, section) {
  const [introduction, ...sections] = document.split(/^(?=## )/m)
  const others = sections.filter((other) => other.split('\n', 1)[0] !== heading)
  return `${introduction}${section}\n\n${others.join('')}`
}

function slug(name) {
  const plain = name
    .replace('(software adapter)', '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
  return plain.slice(0, 40).replace(/^-|-$/g, '') || 'unnamed'
}

async function prettily(text, file) {
  return format(text, { ...(await resolveConfig(here('./RESULTS.md'))), filepath: file })
}
