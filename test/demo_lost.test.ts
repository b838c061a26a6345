import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { countsOf, epochsReach, findViolations, numberOf, numberReaches, pause, servePage } from './page.ts'

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

/** Notes the device with which the worker trains, so that {@link destroyDevice} destroys it while nothing is computed. */
const noteDevice = (page: Page) =>
  page.workers()[0]!.evaluate(() => {
    const { createCommandEncoder } = GPUDevice.prototype
    GPUDevice.prototype.createCommandEncoder = function (descriptor) {
      Object.assign(self, { device: this })
      return createCommandEncoder.call(this, descriptor)
    }
  })
const destroyDevice = (page: Page, { isLast = false } = {}) =>
  page.workers()[0]!.evaluate((last) => {
    if (last) GPU.prototype.requestAdapter = () => Promise.resolve(null)
    ;(self as unknown as { device: GPUDevice }).device.destroy()
  }, isLast)

/** Waits until the worker has used no GPU for half a second: the network of the main view has its own device. */
const deviceRests = (page: Page) =>
  page.workers()[0]!.evaluate(
    () =>
      new Promise<void>((resolve) => {
        const { createCommandEncoder } = GPUDevice.prototype
        let timer: ReturnType<typeof setTimeout>
        const wait = () => {
          clearTimeout(timer)
          timer = setTimeout(() => {
            GPUDevice.prototype.createCommandEncoder = createCommandEncoder
            resolve()
          }, 500)
        }
        GPUDevice.prototype.createCommandEncoder = function (descriptor) {
          wait()
          return createCommandEncoder.call(this, descriptor)
        }
        wait()
      }),
  )

const backendOf = (page: Page) => page.locator('[data-value=backend]').first().getAttribute('data-number')

const replaced =
  /^The GPU was lost at epoch [\d,]+, and the browser has replaced it\. Nothing of the training is lost\.$/
const onTheCPU =
  /^The GPU was lost at epoch [\d,]+, and the browser has no other one\. .* on the CPU, which is slower\.$/

describe('the page, when the GPU is lost', () => {
  it('trains on on another device and says so, then on the CPU where there is none', async () => {
    const opened = await open('backend=webgpu&speed=10&samples=100')
    const { page } = opened
    await epochsReach(page, 3)
    await loseDevice(page)
    await page.getByText(replaced).waitFor()
    expect(await backendOf(page)).toBe('webgpu')
    expect(await findViolations(page)).toEqual([])
    await epochsReach(page, (await numberOf(page, 'epoch')) + 3)
    await page.getByRole('button', { name: 'Close', exact: true }).click()
    expect(await page.locator('.note').isVisible()).toBe(false)

    await loseDevice(page, { isLast: true })
    await page.getByText(onTheCPU).waitFor()
    await expect.poll(() => backendOf(page)).not.toBe('webgpu')
    await epochsReach(page, (await numberOf(page, 'epoch')) + 3)
    await close(opened)
  }, 120_000)

  it('notices it while training is paused, and goes on from there, on the CPU where there is no other GPU', async () => {
    const opened = await open('backend=webgpu&speed=10&samples=60&hidden=2')
    const { page } = opened
    await epochsReach(page, 2)
    await noteDevice(page)
    await pause(page)
    const before = await countsOf(page)
    const loss = await numberOf(page, 'loss')
    await destroyDevice(page)
    await page.getByText(replaced).waitFor()
    expect([await countsOf(page), await numberOf(page, 'loss')]).toEqual([before, loss])
    await page.getByRole('button', { name: 'One epoch' }).click()
    await numberReaches(page, 'epoch', before[0]! + 1, 'exactly')

    // It is noticed in another tab, too, and the model can be saved meanwhile.
    await page.getByRole('button', { name: 'Close', exact: true }).click()
    const downloading = page.waitForEvent('download')
    await destroyDevice(page, { isLast: true })
    await page.getByRole('button', { name: 'Save the model' }).click()
    expect((await downloading).suggestedFilename()).toBe('model.json')
    await page.getByRole('link', { name: 'How it learns' }).click()
    await page.getByRole('link', { name: 'Play', exact: true }).click()
    await page.getByText(onTheCPU).waitFor()
    await expect.poll(() => backendOf(page)).not.toBe('webgpu')
    await close(opened)
  })

  it('trains the networks of the wall on, at once or after a click', async () => {
    const opened = await open('backend=webgpu&samples=60&speed=10')
    const { page } = opened
    await epochsReach(page, 2)
    await pause(page)
    await deviceRests(page)
    await page.getByRole('link', { name: '144 at once' }).click()
    await page.locator('.wall-tab').waitFor()
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

    await noteDevice(page)
    await epochsReach(page, (await numberOf(page, 'epoch')) + 2)
    await pause(page)
    expect(await backendOf(page)).toBe('webgpu')
    await destroyDevice(page, { isLast: true })
    const epoch = await numberOf(page, 'epoch')
    await page.getByText(`The GPU was lost at epoch ${epoch}, and the browser has no other one.`).waitFor()
    expect(await numberOf(page, 'epoch')).toBe(epoch)
    expect(await backendOf(page)).not.toBe('webgpu')
    await close(opened)
  })
})
