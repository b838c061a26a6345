import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { AxeResults } from 'axe-core'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, inject } from 'vitest'
import { launchChromium, serve } from './browser.ts'

export interface Opened {
  page: Page
  /** Errors on the console, and uncaught errors. */
  errors: string[]
  /** The requested addresses. */
  requests: string[]
}

export interface Opening {
  width?: number
  dark?: boolean
  /** Allows animations; otherwise the page sees that the user prefers reduced motion. */
  reducedMotion?: boolean
  /** Removes WebGPU from page and worker, as in browsers that do not support it. */
  neverHadWebGPU?: boolean
  /** The language that the browser reports. */
  language?: string
  /** Runs in the page before the page's code. */
  before?: () => void
  /** A profile, whose pages share their storage; by default each page has its own. */
  profile?: BrowserContext
}

/** Serves the page that build-page.ts built, and opens it in a browser with WebGPU (on SwiftShader) or without. */
export function servePage({
  webgpu = true,
  headers = {},
}: { webgpu?: boolean; headers?: Record<string, string> } = {}) {
  let browser: Browser
  let server: Awaited<ReturnType<typeof serve>>
  const folder = inject('pageFolder')
  beforeAll(async () => {
    // In a subfolder, because a static host may serve the page from any path.
    server = await serve(
      async (path) => (path.startsWith('/some/where/') ? readFile(join(folder, path.slice(12))) : undefined),
      headers,
    )
    browser = await launchChromium({ webgpu })
  })
  afterAll(async () => {
    await browser.close()
    await server.close()
  })
  const open = async (
    hash = '',
    {
      width = 1400,
      dark = false,
      reducedMotion = false,
      neverHadWebGPU = false,
      language,
      before,
      profile,
    }: Opening = {},
  ): Promise<Opened> => {
    const settings = {
      locale: 'en-US',
      viewport: { width, height: 900 },
      colorScheme: dark ? 'dark' : 'light',
      reducedMotion: reducedMotion ? 'reduce' : 'no-preference',
      // Workers without WebGPU are started from text, which imports others.
      bypassCSP: neverHadWebGPU,
    } as const
    const page = await (profile ? profile.newPage() : browser.newPage(settings))
    const errors: string[] = []
    const requests: string[] = []
    page.on('console', (message) => message.type() === 'error' && errors.push(message.text()))
    page.on('pageerror', ({ message }) => errors.push(message))
    page.on('request', (request) => requests.push(request.url()))
    if (neverHadWebGPU) await page.addInitScript(removeWebGPU)
    if (language !== undefined) await page.addInitScript(setLanguage, language)
    if (before) await page.addInitScript(before)
    await page.goto(`${server.url}some/where/${hash && `#${hash}`}`)
    return { page, errors, requests }
  }
  /** Closes the page, and checks that it had no errors and sent no requests to other hosts. */
  const close = async ({ page, errors, requests }: Opened) => {
    await page.close()
    expect(errors).toEqual([])
    expect(requests.filter((url) => !url.startsWith(server.url) && !url.startsWith('blob:'))).toEqual([])
  }
  /** A profile in which no page trains before it is asked to, because its user prefers reduced motion. */
  const newProfile = () =>
    browser.newContext({ locale: 'en-US', viewport: { width: 1400, height: 900 }, reducedMotion: 'reduce' })
  return { open, close, newProfile, folder }
}

function setLanguage(value: string): void {
  Object.defineProperty(navigator, 'language', { value, configurable: true })
}

/** Runs in the page before the page's code. */
function removeWebGPU(): void {
  Object.defineProperty(Object.getPrototypeOf(navigator), 'gpu', { get: () => undefined })
  const removing = 'Object.defineProperty(Object.getPrototypeOf(navigator), "gpu", { get: () => undefined })'
  const before = URL.createObjectURL(new Blob([removing], { type: 'text/javascript' }))
  const Original = Worker
  globalThis.Worker = class extends Original {
    constructor(url: string | URL, options?: WorkerOptions) {
      // Modules run in the order in which they are imported.
      const text = `import '${before}'; import '${new URL(url, location.href).href}'`
      super(URL.createObjectURL(new Blob([text], { type: 'text/javascript' })), options)
    }
  }
}

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** The violations that axe finds, as sentences. */
export async function findViolations(page: Page): Promise<string[]> {
  await page.evaluate(axe)
  const { violations } = await page.evaluate(() =>
    (globalThis as unknown as { axe: { run: () => Promise<AxeResults> } }).axe.run(),
  )
  return violations.map(({ id, impact, nodes }) => `${impact} ${id}: ${nodes.map(({ html }) => html).join(' ')}`)
}

/** The numbers of the page, by the name in their attribute `data-value`. */
type ValueName =
  'epoch' | 'step' | 'training-score' | 'test-score' | 'loss' | 'samples-per-second' | 'epochs-per-second'

/** A number that the page shows, unrounded; NaN if it shows none. */
export const numberOf = async (page: Page, name: ValueName) =>
  Number((await page.locator(`[data-value=${name}]`).getAttribute('data-number')) || NaN)

/** Waits until a number that the page shows is at least this large, or exactly this large. */
export const numberReaches = async (
  page: Page,
  name: ValueName,
  wanted: number,
  how: 'atLeast' | 'exactly' = 'atLeast',
) =>
  page.waitForFunction(
    ([key, least, exact]) => {
      const text = document.querySelector<HTMLElement>(`[data-value=${key}]`)?.dataset.number
      return text !== undefined && text !== '' && (exact ? Number(text) === least : Number(text) >= least)
    },
    [name, wanted, how === 'exactly'] as const,
    { timeout: 60_000 },
  )

/** The number of epochs and of steps that the page shows. */
export const countsOf = async (page: Page) => [await numberOf(page, 'epoch'), await numberOf(page, 'step')]

export const epochsReach = async (page: Page, epoch: number) => numberReaches(page, 'epoch', epoch)

/** Waits until a score that the page shows is at least this many percent. */
export const scoreReaches = async (page: Page, which: 'training-score' | 'test-score', percent: number) =>
  numberReaches(page, which, percent / 100)

/** A score that the page shows, in percent with one decimal. */
export const scoreOf = async (page: Page, which: 'training-score' | 'test-score' = 'training-score') =>
  Math.round(1000 * (await numberOf(page, which))) / 10

/** Opens the settings that are seldom changed. */
export const openMore = async (page: Page) => page.getByRole('button', { name: 'More settings' }).click()

/** Stops the training, and waits until it has. */
export async function pause(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Pause' }).click()
  await page.getByRole('button', { name: 'Play' }).waitFor()
}
