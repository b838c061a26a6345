import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import { expect, it } from 'vitest'
import { commands } from '../src/cli/commands.ts'
import { fencedBlocks } from './snippets.ts'

/** The program's parser parses the command lines of the documentation: every command and option in them must exist. */

const root = fileURLToPath(new URL('../', import.meta.url))
const site = readdirSync(join(root, 'docs/site'), { recursive: true, encoding: 'utf8' })
  .map((name) => `docs/site/${name.replaceAll('\\', '/')}`)
  .filter((name) => name.endsWith('.md') && !/^docs\/site\/(reference|background)\//.test(name))
const pages = [
  'README.md',
  'examples/README.md',
  'examples/react/README.md',
  'docs/cluster.md',
  'docs/verification.md',
  ...site,
]
/** The names of the scripts of the package that a page is about. An application that Vite has made has those of the example. */
function scriptsOf(page: string): string[] {
  const folder = /^(?:examples\/react|docs\/site\/start\/browser)/.test(page) ? 'examples/react' : '.'
  const manifest = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as { scripts: object }
  return Object.keys(manifest.scripts)
}

/** The words of a shell line, without its comment. */
const wordsOf = (line: string) =>
  [...line.replace(/(^|\s)#.*$/, '').matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(([, a, b, c]) => a ?? b ?? c!)

/** Each command line of the pages' shell blocks; a line that ends in a backslash continues on the next. */
const lines = pages.flatMap((page) =>
  fencedBlocks(root, join(root, page), ['sh', 'bash', 'shell']).flatMap(({ place, code }) =>
    code
      .replace(/\\\n\s*/g, '')
      .split('\n')
      .flatMap((line) => line.replace(/(^|\s)#.*$/, '').split('&&'))
      .map((line) => ({ place, line: line.trim() }))
      .filter(({ line }) => line !== ''),
  ),
)
const programLines = lines.filter(({ line }) => line.includes('webgpu-mlp') && !line.startsWith('npm '))

async function parse(words: readonly string[]): Promise<Command> {
  const [name, ...rest] = words
  const command = commands.map((make) => make()).find((one) => one.name() === name)
  if (!command) throw new Error(`unknown command ${name}`)
  command.exitOverride().configureOutput({ writeErr: () => undefined, outputError: () => undefined })
  let parsed = false
  for (const one of [command, ...command.commands]) {
    one.exitOverride().action(() => {
      parsed = true
    })
  }
  await command.parseAsync(rest, { from: 'user' })
  expect(parsed).toBe(true)
  return command
}

it('finds the commands', () => {
  expect(programLines.length).toBeGreaterThanOrEqual(9)
})

it.each(programLines)('$place: $line', async ({ line }) => {
  const words = wordsOf(line)
  expect(words.slice(0, 2)).toEqual(['npx', 'webgpu-mlp'])
  await parse(words.slice(2))
})

it.each(lines.filter(({ line }) => line.startsWith('npm ')))('$place: $line', ({ place, line }) => {
  const [, verb, name] = wordsOf(line)
  if (verb === 'run') expect(scriptsOf(place)).toContain(name)
  else expect(['ci', 'create', 'install', 'start', 'test']).toContain(verb)
})

/** Code in backticks: the options in `train --profile` must be options of train, `--warmup` must be an option of any command. */
const inline = pages.flatMap((page) =>
  [
    ...readFileSync(join(root, page), 'utf8')
      .replace(/^```[^]*?^```$/gm, '')
      .matchAll(/`([^`]+)`/g),
  ].map(([, code]) => ({ page, code: code!.replace(/\s+/g, ' ') })),
)

it.each(inline.filter(({ code }) => /(^| )--\w/.test(code)))('$page: `$code`', ({ code }) => {
  const words = wordsOf(code)
  const named = commands.map((make) => make()).filter((one) => words.includes(one.name()))
  const candidates = named.length > 0 ? named : commands.map((make) => make())
  for (const option of words.filter((word) => word.startsWith('--') && word !== '--help')) {
    const known = candidates.flatMap(({ options }) => options.map(({ long }) => long))
    expect(known).toContain(option)
  }
})

it.each(inline.filter(({ code }) => code.startsWith('npm run')))('$page: `$code` is a script', ({ page, code }) => {
  expect(scriptsOf(page)).toContain(wordsOf(code)[2])
})

it('refuses unknown commands and options', async () => {
  await expect(parse(['train', '--data', 'circle', '--epoch', '3'])).rejects.toThrow('unknown option')
  await expect(parse(['teach'])).rejects.toThrow('unknown command teach')
})
