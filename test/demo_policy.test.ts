import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { contentSecurityPolicy } from '../demo/content-security-policy.ts'
import { isolation } from './browser.ts'
import { epochsReach, type Opened, pause, servePage } from './page.ts'

// As a header with all files the policy applies to the workers, too; in the page it applies twice.
const { open, close } = servePage({ headers: { ...isolation, 'content-security-policy': contentSecurityPolicy } })

/** Opens a page that collects violations of its policy; browsers write those of workers to the console. */
async function openWatched(hash: string): Promise<{ opened: Opened; violations: () => Promise<string[]> }> {
  const opened = await open(hash, {
    before: () => {
      const violations: string[] = []
      Object.assign(globalThis, { violations })
      document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sourceFile }) =>
        violations.push(`${violatedDirective} forbids ${blockedURI} in ${sourceFile}`),
      )
    },
  })
  const violations = () => opened.page.evaluate(() => (globalThis as unknown as { violations: string[] }).violations)
  return { opened, violations }
}

async function save(page: Page, name: string): Promise<string> {
  const [saved] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name, exact: true }).click(),
  ])
  expect(await saved.failure()).toBeNull()
  return saved.suggestedFilename()
}

describe('the Content-Security-Policy of the page', () => {
  it('allows no scripts and styles within HTML, and no code from text', () => {
    expect(contentSecurityPolicy).toMatch(
      /^default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self';/,
    )
    expect(contentSecurityPolicy).not.toContain("'unsafe-")
  })

  it('lets the page train on all backends, save files, and show all of its tabs, also within another page', async () => {
    const { opened, violations } = await openWatched('samples=60&speed=0&backend=webgpu')
    const { page } = opened
    const runsOn = () => page.locator('#backend-details').textContent()
    await epochsReach(page, 10)
    await pause(page)
    expect(await runsOn()).toContain('GPU: ')
    expect(await save(page, 'Save the model')).toBe('model.json')
    expect(await save(page, 'Save the picture')).toMatch(/\.png$/)
    await page.getByRole('link', { name: 'How it learns' }).click()
    await page.locator('.katex').first().waitFor()
    expect(await violations()).toEqual([])
    const address = page.url().replace(/#.*/, '')
    await page.goto(`${address}?embed=1#samples=60&speed=0&backend=cpu`)
    await page.getByRole('button', { name: 'Play' }).click()
    await epochsReach(page, 10)
    expect(await violations()).toEqual([])
    await page.goto(`${address}#samples=60&speed=0&backend=wasm`)
    await epochsReach(page, 10)
    expect(await runsOn()).toContain('WebAssembly')
    await page.getByRole('link', { name: '144 at once' }).click()
    await epochsReach(page, 2)
    expect(await violations()).toEqual([])
    await close(opened)
  })

  it('keeps scripts and styles from running that others bring into its HTML', async () => {
    const { opened, violations } = await openWatched('samples=60')
    const { page } = opened
    const hasRun = await page.evaluate(() => {
      const { body } = document
      const script = document.createElement('script')
      script.textContent = 'globalThis.injected = true'
      body.append(script)
      const place = document.createElement('div')
      place.innerHTML = '<button style="color: red" onclick="globalThis.injected = true">Press</button>'
      body.append(place)
      const button = place.querySelector('button')!
      button.click()
      return [(globalThis as unknown as { injected?: boolean }).injected, button.style.color]
    })
    expect(hasRun).toEqual([undefined, ''])
    await page.evaluate(() => new Promise(requestAnimationFrame))
    const kinds = (await violations()).map((text) => text.split(' ')[0])
    expect([...new Set(kinds)].toSorted()).toEqual(['script-src-attr', 'script-src-elem', 'style-src-attr'])
    await page.close()
  })
})
