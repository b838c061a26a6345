import { Command } from 'commander'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { InputError } from '../errors.ts'
import { checkWritable, writeFileAtomic } from '../node/write.ts'
import { count, note, print } from './output.ts'
import { makeComparison, type NamedRun } from './report/comparison.ts'
import { readRecord, type RunRecord } from './report/record.ts'

export function reportCommand(): Command {
  return new Command('report')
    .description('compare runs on one page: their results, the settings that differ, their curves')
    .argument('<runs...>', 'reports that train --report wrote, or folders with some')
    .option('--out <file>', 'where the page goes (one HTML file)', 'comparison.html')
    .option('--json', 'print the runs as one JSON array; a page is written only with --out')
    .action(compare)
}

async function compare(paths: string[], options: { out: string; json?: boolean }, command: Command): Promise<void> {
  const wanted = !options.json || command.getOptionValueSource('out') !== 'default'
  if (wanted) await checkWritable(options.out)
  const runs = await readRuns(paths)
  if (runs.length === 0) {
    throw new InputError(`report: found no run in ${paths.join(', ')}; expected what train --report wrote, or folders with it`) // prettier-ignore
  }
  if (wanted) await writeFileAtomic(options.out, makeComparison(runs))
  if (options.json) print(JSON.stringify(runs.map(({ name, record }) => ({ name, ...record }))))
  else print(`${count(runs.length)} ${runs.length === 1 ? 'run' : 'runs'} compared in ${options.out}`)
}

/** The runs in files and folders, each once, in the order given. A folder's pages without a run are passed over. */
async function readRuns(paths: readonly string[]): Promise<NamedRun[]> {
  const runs: NamedRun[] = []
  const seen = new Set<string>()
  for (const path of paths) {
    const found = await stat(path).catch(() => undefined)
    if (!found) throw new InputError(`${path}: there is no such file or folder`)
    const files = found.isDirectory() ? await pagesIn(path) : [path]
    for (const file of files) {
      if (seen.has(resolve(file))) continue
      seen.add(resolve(file))
      const record = await readRun(file)
      if (record) runs.push({ name: file.replace(/[/\\]report\.html$/, ''), record })
      else if (!found.isDirectory()) note(`webgpu-mlp: note: ${file}: holds no run, left out`)
    }
  }
  return runs
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
