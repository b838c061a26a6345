import { Command } from 'commander'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { InputError } from '../index.ts'
import { writeFileAtomic } from '../node/write.ts'
import { addOwn, ownFlags } from './flags.ts'
import { count, note, print } from './output.ts'
import { marks } from './outputs/marks.ts'
import { checkOutputs, type Input } from './outputs/plan.ts'
import { makeComparison, type NamedRun } from './report/comparison.ts'
import { readRecord, type RunRecord } from './report/record.ts'

export function reportCommand(): Command {
  const command = new Command('report')
    .description('compare runs on one page: their results, the settings that differ, their curves')
    .argument('<runs...>', 'reports that train --report wrote, or folders with some')
  return addOwn(command, ownFlags.comparison, ownFlags.runsAsJson, ownFlags.force).action(compare)
}

interface ReportOptions {
  out: string
  json?: boolean
  force?: boolean
}

async function compare(paths: string[], options: ReportOptions, command: Command): Promise<void> {
  const { out, json, force = false } = options
  const isWanted = !json || command.getOptionValueSource('out') !== 'default'
  const { runs, read } = await readRuns(paths)
  if (runs.length === 0) {
    throw new InputError(`report: found no run in ${paths.join(', ')}; expected what train --report wrote, or folders with it`) // prettier-ignore
  }
  if (isWanted) {
    await checkOutputs([{ option: '--out', path: out, mark: marks.report, force }], read)
    await writeFileAtomic(out, makeComparison(runs), { force })
  }
  if (json) print(JSON.stringify(runs.map(({ name, record }) => ({ name, ...record }))))
  else print(`${count(runs.length)} ${runs.length === 1 ? 'run' : 'runs'} compared in ${out}`)
}

/**
 * The runs in files and folders, each once, in the order given, and the files that were named or hold one. A folder's
 * pages without a run are passed over.
 */
async function readRuns(paths: readonly string[]): Promise<{ runs: NamedRun[]; read: Input[] }> {
  const runs: NamedRun[] = []
  const read: Input[] = []
  const seen = new Set<string>()
  for (const path of paths) {
    const found = await stat(path).catch(() => undefined)
    if (!found) throw new InputError(`${path}: there is no such file or folder`)
    const isFolder = found.isDirectory()
    const files = isFolder ? await pagesIn(path) : [path]
    for (const file of files) {
      if (seen.has(resolve(file))) continue
      seen.add(resolve(file))
      const record = await readRun(file)
      if (record || !isFolder) read.push({ option: 'report', path: file })
      if (record) runs.push({ name: file.replace(/[/\\]report\.html$/, ''), record })
      else if (!isFolder) note(`webgpu-mlp: note: ${file}: holds no run, left out`)
    }
  }
  return { runs, read }
}

async function readRun(file: string): Promise<RunRecord | undefined> {
  if (!/\.html?$/i.test(file)) return undefined
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new InputError(`${file}: cannot be read: ${String((cause as NodeJS.ErrnoException).code)}`, { cause })
  })
  return readRecord(text, file)
}

/** The pages in a folder and in the folders in it, by name. */
async function pagesIn(folder: string): Promise<string[]> {
  const read = async (path: string) =>
    (await readdir(path, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1))
  const pages: string[] = []
  for (const entry of await read(folder)) {
    const path = join(folder, entry.name)
    if (/\.html?$/i.test(entry.name)) pages.push(path)
    else if (entry.isDirectory() && !entry.name.startsWith('.') && entry.name !== 'node_modules') {
      const inside = await read(path).catch(() => [])
      pages.push(...inside.filter(({ name }) => /\.html?$/i.test(name)).map(({ name }) => join(path, name)))
    }
  }
  return pages
}
