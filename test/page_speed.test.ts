import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { epochsReach, numberOf, servePage } from './page.ts'

const { open, close } = servePage()

/** The longest time in which the page could not respond, in milliseconds, observed over some milliseconds. */
const longestTask = (page: Page, milliseconds: number) =>
  page.evaluate(
    (wait) =>
      new Promise<number>((resolve) => {
        let most = 0
        new PerformanceObserver((list) => {
          for (const { duration } of list.getEntries()) most = Math.max(most, duration)
        }).observe({ entryTypes: ['longtask'] })
        setTimeout(() => {
          resolve(most)
        }, wait)
      }),
    milliseconds,
  )

describe('the page, while it trains', () => {
  it('keeps the selected speed', async () => {
    const opened = await open('speed=10')
    const { page } = opened
    await epochsReach(page, 2)
    await page.waitForTimeout(2500)
    const shown = await numberOf(page, 'epochs-per-second')
    expect(shown).toBeGreaterThanOrEqual(8)
    expect(shown).toBeLessThanOrEqual(11)
    await close(opened)
  })

  for (const hash of [
    'hidden=8-8&activations=tanh-tanh-sigmoid&problem=spirals',
    'hidden=8-8&activations=tanh-tanh-sigmoid&problem=spirals&speed=0',
    'problem=digits',
    'backend=webgpu',
  ]) {
    it(`responds within 100 ms: ${hash}`, async () => {
      const opened = await open(hash)
      const { page } = opened
      await epochsReach(page, 4)
      expect(await longestTask(page, 3000)).toBeLessThan(100)
      await close(opened)
    })
  }
})
