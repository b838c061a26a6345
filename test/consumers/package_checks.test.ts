import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { packLibrary } from '../package.ts'
import { installTools, runProgram } from './install.ts'

/** Checks of the packed package by tools that know what runtimes, bundlers and TypeScript expect of one. */

let folder: string
let file: string
let tools: string
beforeAll(async () => {
  tools = await installTools('tools')
  folder = mkdtempSync(join(tmpdir(), 'webgpu-mlp-packed-'))
  file = await packLibrary(folder)
}, 600_000)
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

const bin = (path: string) => join(tools, 'node_modules', path)

it('publint finds nothing, not even suggestions', async () => {
  const output = await runProgram(process.execPath, [bin('publint/src/cli.js'), file, '--strict'], folder)
  expect(output).toContain('All good!')
}, 600_000)

// Node 20.19 loads ES modules by require() too, and TypeScript's resolution for Node 10 knows no `exports`.
it('TypeScript finds the declarations of each entry, as Are The Types Wrong? checks them', async () => {
  const args = [
    bin('@arethetypeswrong/cli/dist/index.js'),
    file,
    '--profile',
    'esm-only',
    '--format',
    'ascii',
    '--no-emoji',
  ]
  // It fails where there is a problem.
  const output = await runProgram(process.execPath, args, folder)
  for (const entry of ['', '/node', '/worker', '/package.json']) expect(output).toContain(`"webgpu-mlp${entry}"`)
}, 600_000)
