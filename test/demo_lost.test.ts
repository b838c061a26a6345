import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { epochsReach, findViolations, numberOf, servePage } from './page.ts'

const { open, close } = servePage()

/** Destroys the device with which the worker trains, at its next commands. */
const loseDevice = (page: Page, { isLast = false } = {}) =>
  page.workers()[0]!.evaluate((last) => {
    if (last) GPU.prototype.requestAdapter = () => Promise.resolve(null)
    const { createCommandEncoder } = GPUDevice.prototype
    GPUDevice.prototype.createCommandEncoder = function (descriptor) {
      GPUDevice.prototype.createCommandEncoder = createCommandEncoder
      this.destroy()
      return createCommandEncoder.call(this, descriptor)
    }
  }, isLast)

const backendOf = (page: Page) => page.locator('[data-value=backend]').first().getAttribute('data-number')

describe('the page, when the GPU is lost', () => {
  it('trains on on another device and says so, then on the CPU where there is none', async () => {
    const opened = await open('backend=webgpu&speed=10&samples=100')
    const { page } = opened
    await epochsReach(page, 3)
    await loseDevice(page)
    await page.getByText(/^The GPU was lost for a moment\. Training goes on from epoch \d+, as if/).waitFor()
    expect(await backendOf(page)).toBe('webgpu')
    expect(await findViolations(page)).toEqual([])
    await epochsReach(page, (await numberOf(page, 'epoch')) + 3)
    await page.getByRole('button', { name: 'Close', exact: true }).click()
    expect(await page.locator('.note').isVisible()).toBe(false)

    await loseDevice(page, { isLast: true })
    await page.getByText(/^The GPU was lost\. Training goes on from epoch \d+ on the CPU, which is slower\.$/).waitFor()
    await expect.poll(() => backendOf(page)).not.toBe('webgpu')
    await epochsReach(page, (await numberOf(page, 'epoch')) + 3)
    await close(opened)
  }, 120_000)

  it('trains the networks of the wall on, at once or after a click', async () => {
    const opened = await open('tab=wall&backend=webgpu&samples=60&speed=10')
    const { page } = opened
    await epochsReach(page, 2)
    const before = await numberOf(page, 'epoch')
    await loseDevice(page)
    const again = page.getByRole('button', { name: 'Start again' })
    await expect
      .poll(async () => (await again.isVisible()) || (await numberOf(page, 'epoch')) > before + 2, { timeout: 20_000 })
      .toBe(true)
    if (await again.isVisible()) {
      await page.getByText('The GPU was lost, and the networks with it.').waitFor()
      expect(await findViolations(page)).toEqual([])
      await again.click()
      await again.waitFor({ state: 'detached' })
    }
    await epochsReach(page, before + 4)
    await close(opened)
  })
})
