import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launchChromium, serve } from './browser.ts'
import { findViolations } from './page.ts'

/** The built documentation site: its links, and its pages in Chromium, served from a folder of a host. */

const site = fileURLToPath(new URL('../dist-docs/', import.meta.url))
const files = readdirSync(site, { recursive: true, encoding: 'utf8' }).map((name) => name.replaceAll('\\', '/'))
/** The demo page has its own tests. */
const pages = files.filter((name) => name.endsWith('.html') && !name.startsWith('page/'))

const decode = (text: string) => decodeURIComponent(text.replaceAll('&amp;', '&'))

describe('the files', () => {
  const texts = new Map(pages.map((name) => [name, readFileSync(join(site, name), 'utf8')]))
  const ids = new Map(
    [...texts].map(([name, text]) => [
      name,
      new Set([...text.matchAll(/ id="([^"]+)"/g)].map(([, id]) => decode(id!))),
    ]),
  )

  it('has pages of each kind', () => {
    for (const name of ['index', '404', 'start/browser', 'guide/data', 'derivation', 'cookbook', 'reference/errors']) {
      expect(pages).toContain(`${name}.html`)
    }
    expect(pages.length).toBeGreaterThan(200)
  })

  it('has links to existing pages and sections only, relative so that any folder will do', () => {
    const broken: string[] = []
    for (const [name, text] of texts) {
      // Of the page for missing addresses, nobody knows the depth.
      if (name === '404.html') continue
      for (const [, whole] of text.matchAll(/ (?:href|src)="([^"]*)"/g)) {
        if (/^(?:https?:|data:|mailto:)/.test(whole!)) continue
        const [path = '', anchor] = decode(whole!).split('#')
        const target = path === '' ? name : relative(site, resolve(site, dirname(name), path))
        const place = join(site, target)
        const file = existsSync(place) && statSync(place).isDirectory() ? join(target, 'index.html') : target
        const isThere = !path.startsWith('/') && files.includes(file)
        const known = ids.get(file)
        if (!isThere || (anchor && known && !known.has(anchor))) broken.push(`${name}: ${whole}`)
      }
    }
    expect([...new Set(broken)]).toEqual([])
  })

  it('has tables without rows of a single cell, which a line break in a cell makes', () => {
    const broken: string[] = []
    for (const [name, text] of texts) {
      for (const [row] of text.matchAll(/<tr>.*?<\/tr>/gs)) {
        const [first = '', ...others] = [...row.matchAll(/<t[dh][^>]*>(.*?)<\/t[dh]>/gs)].map(([, content]) => content!)
        if (first !== '' && others.length > 0 && others.every((content) => content === ''))
          broken.push(`${name}: ${first}`)
      }
    }
    expect(broken).toEqual([])
  })

  it('has an index for language models, with the text of the pages', () => {
    const index = readFileSync(join(site, 'llms.txt'), 'utf8')
    for (const [, path] of index.matchAll(/\]\(([^)]+)\)/g)) expect(files).toContain(path!.replace(/^\.?\//, ''))
    for (const page of ['start/browser', 'guide/training', 'reference/errors']) expect(index).toContain(page)
    expect(readFileSync(join(site, 'llms-full.txt'), 'utf8')).toContain('Trainer.create')
  })
})

/** One page of each kind. */
const kinds = [
  'index', 'start/browser', 'start/command-line', 'guide/training', 'guide/page', 'derivation', 'cookbook', 'coming-from/index',
  'reference/index', 'reference/webgpu-mlp/classes/Trainer', 'reference/command-line', 'reference/errors', 'reference/names',
  'background/speed', 'background/measurements', 'background/verification', 'background/architecture', '404',
] // prettier-ignore

describe('in Chromium', () => {
  let browser: Browser
  let server: Awaited<ReturnType<typeof serve>>
  beforeAll(async () => {
    server = await serve(async (path) =>
      path.startsWith('/some/where/') ? readFile(join(site, path.slice(12))) : undefined,
    )
    browser = await launchChromium({ webgpu: false })
  })
  afterAll(async () => {
    await browser.close()
    await server.close()
  })

  async function open(name: string, { isDark = false, isPhone = false } = {}) {
    const viewport = isPhone ? { width: 390, height: 844 } : { width: 1280, height: 720 }
    const colorScheme = isDark ? 'dark' : 'light'
    const page = await browser.newPage({ viewport, colorScheme, reducedMotion: 'reduce', locale: 'en-US' })
    const problems: string[] = []
    page.on('pageerror', ({ message }) => problems.push(message))
    page.on('console', (message) => {
      if (message.type() === 'error') problems.push(message.text())
    })
    page.on('request', (request) => {
      if (!request.url().startsWith(server.url) && !/^(?:blob|data):/.test(request.url())) problems.push(request.url())
    })
    await page.goto(`${server.url}some/where/${name}.html`)
    await page.waitForFunction(() => '__vue_app__' in document.querySelector('#app')!)
    await page.waitForLoadState('networkidle')
    return { page, problems }
  }

  /** Elements that reach beyond the window and are not within one that scrolls. */
  const tooWide = (page: Page) =>
    page.evaluate(() => {
      const scrolls = (element: Element): boolean => {
        for (let at: Element | null = element; at; at = at.parentElement) {
          if (['auto', 'scroll', 'hidden', 'clip'].includes(getComputedStyle(at).overflowX)) return true
        }
        return false
      }
      const isWide = (element: Element) => {
        const { right, width } = element.getBoundingClientRect()
        return width > 0 && right > innerWidth + 1 && !scrolls(element.parentElement!)
      }
      const wide = [...document.querySelectorAll('#app *')].filter(isWide)
      const isPageWide = document.documentElement.scrollWidth > innerWidth
      return isPageWide ? ['the page', ...wide.slice(0, 3).map(({ outerHTML }) => outerHTML.slice(0, 200))] : []
    })

  it.each(kinds.flatMap((name) => [{ name, isDark: false, isPhone: false }, { name, isDark: true, isPhone: true }]))(
    '$name (dark: $isDark, phone: $isPhone) is accessible, fits, and asks no other host',
    async ({ name, isDark, isPhone }) => {
      const { page, problems } = await open(name, { isDark, isPhone })
      expect(await findViolations(page)).toEqual([])
      expect(await tooWide(page)).toEqual([])
      expect(problems).toEqual([])
      await page.close()
    },
  ) // prettier-ignore

  it('finds the text of an error', async () => {
    const { page, problems } = await open('index')
    await page.getByRole('button', { name: 'Search' }).first().click()
    await page.locator('input[type=search]').fill('already training')
    const first = page.locator('.results .result').first()
    await first.waitFor()
    expect(await first.textContent()).toContain('Errors and messages')
    await first.click()
    await page.waitForURL(/reference\/errors/)
    expect(problems).toEqual([])
    await page.close()
  })

  it('leads to the demo page', async () => {
    const { page, problems } = await open('index')
    await page.getByRole('link', { name: 'Try the demo page' }).click()
    await page.getByRole('button', { name: 'Play', exact: true }).waitFor()
    expect(new URL(page.url()).pathname).toBe('/some/where/page/index.html')
    expect(problems).toEqual([])
    await page.close()
  })

  it('runs a program of the cookbook', async () => {
    const { page, problems } = await open('cookbook')
    await page.getByRole('button', { name: 'Edit and run: A gate with two inputs' }).click()
    await page.locator('.snippet-output').getByText('4').waitFor()
    expect(await findViolations(page)).toEqual([])
    expect(problems).toEqual([])
    await page.close()
  })
})
