import { cpSync, mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runProgram } from '../install.ts'
import { expectTrained, openPage } from '../pages.ts'
import { installApp, PATIENCE, trainOn, withServer } from './app.ts'

/** An app with Next: a page that trains in a worker, and a route that trains on the server; also as a standalone folder. */

let folder: string
let next: string
const copies: string[] = []
beforeAll(async () => {
  folder = await installApp('next')
  next = join(folder, 'node_modules', 'next', 'dist', 'bin', 'next')
}, PATIENCE)
afterAll(() => {
  for (const copy of copies) rmSync(copy, { recursive: true, force: true })
})

/** What test/consumers/next/next.config.js reads. */
interface Settings {
  STANDALONE?: string
  TRACED?: string
}

async function build(options: readonly string[], settings: Settings = {}): Promise<void> {
  rmSync(join(folder, '.next'), { recursive: true, force: true })
  const env = { NEXT_TELEMETRY_DISABLED: '1', NODE_ENV: 'production', ...settings } as const
  await runProgram(process.execPath, [next, 'build', ...options], folder, env)
}

/** Copies the standalone folder to where no packages are found, and checks that none of its links lead out of it. */
function copyStandalone(): string {
  const copy = realpathSync(mkdtempSync(join(tmpdir(), 'webgpu-mlp-standalone-')))
  copies.push(copy)
  // Without this option, links would lead to the original.
  cpSync(join(folder, '.next', 'standalone'), copy, { recursive: true, verbatimSymlinks: true })
  const links = readdirSync(copy, { recursive: true, withFileTypes: true }).filter((entry) => entry.isSymbolicLink())
  for (const link of links) expect(realpathSync(join(link.parentPath, link.name)).startsWith(copy)).toBe(true)
  return copy
}

/** The folder of the package `webgpu` with Dawn for this machine. */
const platform = process.platform === 'darwin' ? 'darwin-universal' : `${process.platform}-${process.arch}`

const trained = (backend: string) => ({
  backend,
  loss: expect.closeTo(0.22747, 4),
  missing: expect.stringContaining('missing.json'),
})

describe.each([
  { bundler: 'Turbopack', options: [] },
  { bundler: 'webpack', options: ['--webpack'] },
])('Next with $bundler', ({ options }) => {
  it(
    'trains in the page, in its worker and on the server',
    async () => {
      await build(options)
      await withServer(
        folder,
        (port) => [next, 'start', '--port', String(port)],
        async (url) => {
          expect(await trainOn(url)).toEqual(trained('webgpu'))
          expectTrained(await openPage(url))
        },
      )
    },
    PATIENCE,
  )

  it(
    'makes a standalone folder that trains without Dawn, and says how to add it',
    async () => {
      await build(options, { STANDALONE: '1' })
      await withServer(
        copyStandalone(),
        () => ['server.js'],
        async (url) => {
          for (const backend of ['cpu', 'wasm']) expect(await trainOn(url, backend)).toEqual(trained(backend))
          expect(await trainOn(url, 'auto')).toEqual(trained('wasm'))
          expect(await trainOn(url, 'webgpu')).toEqual({
            name: 'BackendUnavailableError',
            message:
              "backend 'webgpu': the package 'webgpu' (Dawn) is not in Next's standalone folder: add " +
              "`outputFileTracingIncludes: { '/*': ['./node_modules/webgpu/**'] }` to next.config.js",
          })
        },
      )
    },
    PATIENCE,
  )

  // As the error and the guide for bundlers name them.
  it.each(['**', `{package.json,index.js,dist/${platform}/**}`])(
    'makes a standalone folder that trains on the GPU, with webgpu/%s in outputFileTracingIncludes',
    async (files) => {
      await build(options, { STANDALONE: '1', TRACED: `./node_modules/webgpu/${files}` })
      await withServer(
        copyStandalone(),
        () => ['server.js'],
        async (url) => {
          for (const backend of ['cpu', 'wasm', 'webgpu']) expect(await trainOn(url, backend)).toEqual(trained(backend))
        },
      )
    },
    PATIENCE,
  )
})
