import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { runProgram } from '../install.ts'
import { expectTrained, openPage } from '../pages.ts'
import { installApp, PATIENCE, trainOn, withServer } from './app.ts'

/** An app with Next: a page that trains in a worker, and a route that trains on the server's GPU. */

let folder: string
let next: string
beforeAll(async () => {
  folder = await installApp('next')
  next = join(folder, 'node_modules', 'next', 'dist', 'bin', 'next')
}, PATIENCE)

const env = { NEXT_TELEMETRY_DISABLED: '1', NODE_ENV: 'production' } as const

describe.each([
  { bundler: 'Turbopack', options: [] },
  { bundler: 'webpack', options: ['--webpack'] },
])('Next with $bundler', ({ options }) => {
  it(
    'trains in the page, in its worker and on the server',
    async () => {
      rmSync(join(folder, '.next'), { recursive: true, force: true })
      await runProgram(process.execPath, [next, 'build', ...options], folder, env)
      await withServer(
        folder,
        (port) => [next, 'start', '--port', String(port)],
        async (url) => {
          const missing = expect.stringContaining('missing.json')
          expect(await trainOn(url)).toEqual({ backend: 'webgpu', loss: expect.closeTo(0.22747, 4), missing })
          expectTrained(await openPage(url))
        },
      )
    },
    PATIENCE,
  )
})
