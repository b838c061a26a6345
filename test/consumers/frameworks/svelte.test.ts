import { beforeAll, expect, it } from 'vitest'
import { runProgram } from '../install.ts'
import { expectTrained, openPage } from '../pages.ts'
import { installApp, PATIENCE, trainOn, withServer } from './app.ts'

/** An app with SvelteKit and its adapter for Node: a page that trains in a worker, and a route that trains on the GPU. */

let folder: string
beforeAll(async () => {
  folder = await installApp('svelte')
}, PATIENCE)

it(
  'SvelteKit trains in the page, in its worker and on the server',
  async () => {
    await runProgram(process.execPath, ['node_modules/vite/bin/vite.js', 'build'], folder, { NODE_ENV: 'production' })
    await withServer(folder, () => ['build'], async (url) => {
      const missing = expect.stringContaining('missing.json')
      expect(await trainOn(url)).toEqual({ backend: 'webgpu', loss: expect.closeTo(0.22747, 4), missing })
      expectTrained(await openPage(url))
    }) // prettier-ignore
  },
  PATIENCE,
)
