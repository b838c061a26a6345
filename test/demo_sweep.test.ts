import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { epochsReach, findViolations, numberOf, pause, servePage } from './page.ts'

const { open, close } = servePage({ webgpu: false })

const cell = (page: Page, tile: number) => page.locator(`[data-tile="${tile}"]`)
const settingsIn = (page: Page) => Object.fromEntries(new URLSearchParams(new URL(page.url()).hash.slice(1)))
const rows = (page: Page) => page.locator('[role=grid] [role=row]')

/** The colours in the middle of some tiles of the wall. */
const coloursOf = (page: Page, columns: number, slots: readonly number[]) =>
  page.evaluate(
    ([across, wanted]) => {
      const canvas = document.querySelector<HTMLCanvasElement>('.wall-canvas')!
      const step = canvas.width / across
      const context = canvas.getContext('2d')!
      return wanted.map((slot) => {
        const [x, y] = [(slot % across) + 0.5, Math.floor(slot / across) + 0.5]
        return [...context.getImageData(Math.round(x * step), Math.round(y * step), 1, 1).data].join()
      })
    },
    [columns, slots] as const,
  )

describe('the wall of networks', () => {
  it('trains 144 networks at once, ranks them, and opens one in the main view, which trains on from there', async () => {
    const opened = await open('tab=wall&samples=60&speed=0&wallUp=seed')
    const { page } = opened
    await epochsReach(page, 30)
    expect(await page.locator('[role=gridcell]').count()).toBe(144)
    await pause(page)
    const epoch = await numberOf(page, 'epoch')
    // A network that learned the circle, and one that has hardly begun.
    const [learned, begun] = await coloursOf(page, 12, [12 * 11 + 6, 12 * 11])
    expect(learned).not.toBe(begun)
    expect(await findViolations(page)).toEqual([])

    // By keyboard: to learning rate 0.02 and seed 2, which Enter opens.
    await cell(page, 12 * 11).focus()
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('ArrowUp')
    expect(await page.locator(':focus').getAttribute('aria-label')).toMatch(/^Learning rate 0.02, seed 2/)
    expect(await page.locator('.wall-details dd').allTextContents()).toContain('0.02')
    const score = await numberOf(page, 'test-score')
    await page.keyboard.press('Enter')
    await page.getByText(`Opened at epoch ${epoch.toLocaleString('en')}`).waitFor()
    expect(settingsIn(page)).toEqual({ samples: '60', speed: '0', learningRate: '0.02', seed: '2', dataSeed: '1' })
    expect([await numberOf(page, 'epoch'), await numberOf(page, 'test-score')]).toEqual([epoch, score])
    await page.getByRole('button', { name: 'One epoch' }).click()
    await epochsReach(page, epoch + 1)
    await close(opened)
  })

  it('has other axes by the address, by the controls, and orders the networks by score', async () => {
    const opened = await open('tab=wall&problem=hills&samples=60&wallAcross=init&wallUp=batch', { width: 390 })
    const { page } = opened
    await epochsReach(page, 2)
    expect([await rows(page).count(), await page.locator('[role=gridcell]').count()]).toEqual([12, 96])
    await page.getByRole('button', { name: 'By score' }).click()
    await pause(page)
    const first = page.locator('[role=gridcell]').first()
    await expect.poll(() => first.getAttribute('data-rank')).toBe('1')
    // A finger has left the network before the click comes: until then, nothing else may take its place.
    await page.getByRole('button', { name: 'Play', exact: true }).click()
    const changed = await first.evaluate(async (tapped) => {
      const wall = tapped.closest('[role=grid]')!
      wall.dispatchEvent(new PointerEvent('pointerenter', { pointerType: 'touch' }))
      await new Promise((done) => setTimeout(done, 1600))
      const own = tapped.dataset.tile
      wall.dispatchEvent(new PointerEvent('pointerleave', { pointerType: 'touch' }))
      await new Promise(requestAnimationFrame)
      return own !== tapped.dataset.tile
    })
    expect(changed).toBe(false)
    await pause(page)
    await expect.poll(() => first.getAttribute('data-rank')).toBe('1')
    await first.focus()
    expect(await page.locator('.wall-details dd').last().textContent()).toBe('1 of 96')
    // The axes change places.
    await page.getByLabel('Across →').selectOption('batch')
    await expect.poll(() => rows(page).count()).toBe(8)
    expect(settingsIn(page)).toMatchObject({ tab: 'wall', wallAcross: 'batch', wallUp: 'init' })
    await page.getByLabel('Data').selectOption('moons')
    await page.getByText('Trained on').waitFor()
    expect(await findViolations(page)).toEqual([])
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true)
    await close(opened)
  })
})
