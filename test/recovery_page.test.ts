import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { build } from 'vite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { scriptText } from '../script-text.js'
import { launchChromium, serve } from './browser.ts'
import { isExhaustive } from './covering.ts'
import { moments } from './recovery/moments.ts'

type Program = typeof import('./recovery/page-program.ts')

/** Both plans, windows, steps, evaluation, prediction, and a sweep. */
const names = ['straight-line code', 'layers', 'loops', 'windows', 'steps', 'calls between epochs', 'a sweep']
const only = process.env.RECOVERY_ONLY
/** A browser and its kernels take too long for `npm test`; a name may be one of another file. */
const chosen = isExhaustive || moments > 1 ? names.filter((name) => name.includes(only ?? '')) : []
const isSkipped = chosen.length === 0
const seed = Number(process.env.RECOVERY_SEED ?? 1)
const MINUTES = 60_000

const html = `<!doctype html><title>lost devices</title><link rel="icon" href="data:,">
<script type="module">import * as program from '/program.js'; globalThis.program = program</script>`
let browser: Browser
let page: Page
let server: Awaited<ReturnType<typeof serve>>

describe.skipIf(isSkipped)(
  'in Chromium, a training that loses its device ends with the bits of one that does not',
  () => {
    let folder: string
    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'webgpu-mlp-lost-'))
      await build({
        configFile: false,
        logLevel: 'error',
        plugins: [scriptText()],
        resolve: { conditions: ['browser', 'module', 'import', 'default'] },
        build: {
          outDir: folder,
          target: 'es2022',
          minify: false,
          lib: {
            entry: fileURLToPath(new URL('recovery/page-program.ts', import.meta.url)),
            formats: ['es'],
            fileName: 'program',
          },
          rolldownOptions: { output: { entryFileNames: 'program.js' } },
        },
      })
      server = await serve((path) => Promise.resolve(path === '/index.html' ? html : readFileSync(join(folder, path))))
      browser = await launchChromium()
      page = await browser.newPage()
      await page.goto(server.url)
      await page.waitForFunction(() => 'program' in globalThis)
    }, 10 * MINUTES)
    afterAll(async () => {
      await browser.close()
      await server.close()
      rmSync(folder, { recursive: true, force: true })
    })

    it.each(isSkipped ? names : chosen)(
      '%s',
      async (name) => {
        const found = await page.evaluate(
          ([name, runs, seed]) => (globalThis as unknown as { program: Program }).program.tryMoments(name, runs, seed),
          [name, moments, seed] as const,
        )
        if (moments > 1) console.log(`Chromium, ${name}: ${found.runs} runs, ${found.losses} losses`)
        expect(found).toMatchObject({ runs: moments, wrong: [] })
        expect(found.losses).toBeGreaterThan(moments === 1 ? 0 : moments / 2)
      },
      30 * MINUTES,
    )
  },
)
