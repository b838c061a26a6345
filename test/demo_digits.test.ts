import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { numberOf, pause, scoreReaches, servePage } from './page.ts'

const { open, close } = servePage({ webgpu: false })

/** 8,000 of the MNIST digits and 1,000 test digits as IDX files; not part of the repository. */
const folder = process.env.MNIST ?? fileURLToPath(new URL('../../shared/data/mnist-9k', import.meta.url))
const files = ['train-images-idx3', 'train-labels-idx1', 't10k-images-idx3', 't10k-labels-idx1'].map(
  (name) => `${folder}/${name}-ubyte.gz`,
)

/** The names of what is wider than the window. */
const overflowing = (page: Page) =>
  page.evaluate(() => (document.documentElement.scrollWidth > innerWidth ? document.documentElement.scrollWidth : 0))

/** The largest number of epochs between two reports, until the page shows an epoch. */
const largestGap = (page: Page, end: number) =>
  page.evaluate(
    (last) =>
      new Promise<number>((resolve) => {
        const shown = document.querySelector<HTMLElement>('[data-value=epoch]')!
        let [before, largest] = [Number(shown.dataset.number), 0]
        new MutationObserver((_, observer) => {
          const epoch = Number(shown.dataset.number)
          largest = Math.max(largest, epoch - before)
          before = epoch
          if (epoch < last) return
          observer.disconnect()
          resolve(largest)
        }).observe(shown, { attributes: true })
      }),
    end,
  )

describe('digits on the page', () => {
  it('shows pictures with labels before training, and what the network answers to one of them', async () => {
    const opened = await open('problem=digits', { reducedMotion: true })
    const { page } = opened
    await page.getByText('2,000 pictures: 1,600 to learn, 400 to test.').waitFor()
    expect(await numberOf(page, 'epoch')).toBe(0)
    const samples = page.getByRole('button', { name: /^Show the network this/ })
    expect(await samples.count()).toBe(40)
    const inked = await samples.locator('canvas').evaluateAll(
      (canvases) =>
      (canvases as HTMLCanvasElement[]).filter((canvas) => {
        const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height)
        return data.some((value, i) => i % 4 === 0 && value < 128)
      }).length, // prettier-ignore
    )
    expect(inked).toBe(40)
    // The keyboard reaches every picture.
    await samples.first().focus()
    await page.keyboard.press('ArrowRight')
    expect(await samples.nth(1).evaluate((button) => button === document.activeElement)).toBe(true)
    await page.getByRole('button', { name: 'Play' }).click()
    await scoreReaches(page, 'test-score', 95)
    await samples.nth(13).click()
    await page.waitForFunction(() => document.querySelector('[data-testid=digit]')?.textContent === '3')
    await pause(page)
    const mistakes = await page.locator('.mistakes li').allTextContents()
    for (const text of mistakes) expect(text).toMatch(/^\d, not \d\d{1,3} % sure$/)
    expect(mistakes).toHaveLength(Math.round(400 * (1 - (await numberOf(page, 'test-score')))))
    await close(opened)
  })

  it('fits a phone, with the answers beside the pad', async () => {
    const opened = await open('problem=digits', { width: 390, reducedMotion: true })
    const { page } = opened
    await page.locator('.digits-samples').waitFor()
    expect(await overflowing(page)).toBe(0)
    const pad = (await page.locator('.drawing').boundingBox())!
    const answer = (await page.locator('.digits-answer').boundingBox())!
    expect(answer.x).toBeGreaterThanOrEqual(pad.x + pad.width)
    expect(answer.x + answer.width).toBeLessThanOrEqual(390)
    expect(pad.y + pad.height).toBeLessThan(900)
    await close(opened)
  })

  it.skipIf(!files.every((file) => existsSync(file)))('learns 8,000 MNIST digits with a live score', async () => {
    const opened = await open('', { reducedMotion: true })
    const { page } = opened
    await page.getByRole('button', { name: 'Play' }).waitFor()
    await page.locator('input[type=file]').setInputFiles(files)
    await page.getByText('Learns 2,000 of 8,000 pictures, tests on 500 of 1,000.').waitFor()
    await page.getByRole('button', { name: 'Use all 8,000' }).click()
    await page.getByText('Learns 8,000 of 8,000 pictures, tests on 1,000 of 1,000.').waitFor()
    await page.getByRole('button', { name: 'Play' }).click({ timeout: 5000 })
    // Reports follow each other closely: only a few epochs lie between two of them.
    expect(await largestGap(page, 70)).toBeLessThan(24)
    await scoreReaches(page, 'test-score', 90)
    await close(opened)
  })
})
